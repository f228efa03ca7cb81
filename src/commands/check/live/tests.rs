use super::*;

const WINDOW: Option<(u16, u16)> = Some((24, 80));

fn running(file: &str, seconds: u64) -> (Running, Instant) {
    let since = Instant::now();
    let part = (2, 3, "a title".to_owned());
    (Running { file: file.to_owned(), part, since }, since + Duration::from_secs(seconds))
}

#[test]
fn a_line_names_file_part_and_time() {
    let (file, now) = running("a.wscope", 4);
    let expected = ["running a.wscope (4 s, part 2 of 3: a title)"];
    assert_eq!(lines(&[file], now, WINDOW), expected);
}

#[test]
fn what_began_just_now_is_not_shown() {
    let (file, now) = running("a.wscope", 0);
    assert!(lines(&[file], now, WINDOW).is_empty());
}

#[test]
fn lines_are_cut_by_display_width_with_a_mark() {
    let (file, now) = running("漢漢漢\x1b.wscope", 4);
    let files = [file];
    for (columns, expected) in [
        (14, "running 漢漢…"),
        (13, "running 漢…"),
        (9, "running…"),
        (2, "…"),
        (1, ""),
        (52, "running 漢漢漢\\e.wscope (4 s, part 2 of 3: a title)"),
        (51, "running 漢漢漢\\e.wscope (4 s, part 2 of 3: a titl…"),
    ] {
        assert_eq!(lines(&files, now, Some((24, columns))), [expected], "{columns}");
    }
}

#[test]
fn what_has_no_room_is_counted() {
    let (file, now) = running("a", 1);
    let files = vec![file; 60];
    for (rows, count, last) in
        [(10, 8, "running 53 more"), (6, 4, "running 57 more"), (3, 1, "running 60 more")]
    {
        let shown = lines(&files, now, Some((rows, 80)));
        assert_eq!((shown.len(), shown[count - 1].as_str()), (count, last));
    }
    assert_eq!(lines(&files[..4], now, Some((6, 80))).len(), 4);
}

#[test]
fn a_window_without_a_size_or_room_has_no_lines() {
    let (file, now) = running("a", 1);
    for size in [None, Some((0, 0)), Some((24, 0)), Some((0, 80)), Some((1, 80)), Some((2, 80))] {
        assert!(lines(std::slice::from_ref(&file), now, size).is_empty(), "{size:?}");
    }
}

fn drawn(screen: &mut Screen, lines: &[&str]) -> String {
    screen.draw(lines.iter().map(|line| (*line).to_owned()).collect(), Style::plain())
}

#[test]
fn the_cursor_stays_at_the_start_of_the_lines() {
    let mut screen = Screen::default();
    assert_eq!(drawn(&mut screen, &["a"]), "a\r");
    assert_eq!(drawn(&mut screen, &["a"]), "", "unchanged lines are not drawn again");
    assert_eq!(drawn(&mut screen, &["b", "c", "d"]), "\r \x1b[J\r\x1b[Kb\nc\nd\r\x1b[2A");
    assert_eq!(drawn(&mut screen, &[]), "\r \x1b[J\r\x1b[K");
    assert_eq!(screen.erase(), "");
}

#[test]
fn the_echo_of_ctrl_c_is_removed_with_the_lines() {
    let mut screen = Screen::default();
    drawn(&mut screen, &["a", "b"]);
    screen.is_below = true;
    assert_eq!((screen.erase(), screen.erase()), ("\x1b[A\r \x1b[J\r\x1b[K", ""));
}
