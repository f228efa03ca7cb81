//! The display of messages: text, JSON, binary, truncation.

use super::{sending, show};
use crate::support::{binary, text};

#[test]
fn text_is_shown_unchanged() {
    show(&sending(text("안녕 👋 \"quoted\" \\back")), &[]).has("< 안녕 👋 \"quoted\" \\back\n");
}

#[test]
fn an_empty_message_is_marked() {
    show(&sending(text("")), &[]).has("< (empty message)");
}

#[test]
fn lines_of_a_message_are_aligned() {
    show(&sending(text("one\ntwo\n\nfour")), &[]).has("< one\n  two\n\n  four\n");
}

#[test]
fn short_json_is_one_coloured_line() {
    let shown = show(&sending(text(r#"{"ok":true, "n":1.0e5}"#)), &[]);
    shown.has("< {\"ok\":true, \"n\":1.0e5}\n");
    let line = shown.written.lines().find(|line| line.contains("1.0e5")).expect("the message");
    assert!(line.matches("\x1b[").count() > 6, "{line:?}");
}

#[test]
fn long_json_is_indented_and_otherwise_unchanged() {
    let json = r#"{"zebra":1.0e5,"big":12345678901234567890,"apple":-0.10,"zebra":"again","e":"\u00e9\/","list":[1,2,3],"nothing":null}"#;
    let shown = show(&sending(text(json)), &[]);
    shown.has("\n    \"zebra\": 1.0e5,\n").has("\n    \"big\": 12345678901234567890,\n");
    shown.has("\n    \"apple\": -0.10,\n    \"zebra\": \"again\",\n    \"e\": \"\\u00e9\\/\",\n");
    shown.has("\n    \"list\": [1, 2, 3],\n    \"nothing\": null\n  }\n");
}

#[test]
fn numbers_fill_the_width() {
    let list: Vec<String> = (10_000..10_100).map(|n| n.to_string()).collect();
    let json = format!("{{\"이름\":\"👩‍👧\",\"list\":[{}]}}", list.join(","));
    let shown = show(&sending(text(&json)), &[]);
    let rows: Vec<_> = shown.screen.lines().filter(|line| line.starts_with("      100")).collect();
    assert_eq!(rows.len(), 10, "{}", shown.screen);
    assert_eq!(
        rows[0],
        "      10000, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 10009,"
    );
}

#[test]
fn the_time_is_before_the_first_line_of_a_message_only() {
    let json = format!("{{\"key\":\"value\",\"list\":[{}1]}}", "1, ".repeat(40));
    let shown = show(&sending(text(&json)), &["--timestamps=local"]);
    let lines: Vec<_> = shown.screen.lines().skip_while(|line| !line.ends_with(" < {")).collect();
    assert_eq!(lines[0].len(), "12:34:56.789 < {".len());
    assert_eq!(lines[1], "                 \"key\": \"value\",");
    assert_eq!(lines[2], "                 \"list\": [");
    assert!(
        lines[3].starts_with("                   1, 1, ") && lines[3].len() <= 80,
        "{lines:#?}"
    );
    assert_eq!(lines[6..8], ["                 ]", "               }"], "{lines:#?}");
    assert!(lines[8].contains(" closed by the peer: 1000"), "{lines:#?}");
}

#[test]
fn a_long_readable_binary_is_truncated_as_text_is() {
    let long = "한글 and more\n".repeat(1000);
    let shown = show(&sending(binary(long.as_bytes())), &[]);
    shown.has("  … cut: 8,192 bytes of 16,000 bytes shown; /full 1 shows it whole");
    shown.has("\n  한글 and more\n  한글").lacks("00000000").never_wrote("\u{fffd}");
}

#[test]
fn no_pretty_shows_json_unchanged() {
    let json = format!("{{\"list\":[{}1]}}", "1, ".repeat(40));
    show(&sending(text(&json)), &["--no-pretty"]).has(&format!("< {json}\n"));
}

#[test]
fn invalid_json_is_shown_unchanged() {
    show(&sending(text("{\"a\": 1,}")), &[]).has("< {\"a\": 1,}\n");
}

#[test]
fn readable_binary_is_shown_as_text_and_labelled() {
    show(&sending(binary("{\"op\": \"héllo\"}".as_bytes())), &[])
        .has("< (binary) {\"op\": \"héllo\"}\n");
}

#[test]
fn other_binary_is_dumped() {
    let bytes: Vec<u8> = (0..20).chain(*b"AZ~").collect();
    let shown = show(&sending(binary(&bytes)), &[]);
    shown.has("< binary, 23 bytes\n");
    shown.has("  00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|\n");
    shown.has("  00000010  10 11 12 13 41 5a 7e                              |....AZ~|\n");
}

#[test]
fn a_single_byte_is_singular() {
    show(&sending(binary(&[0])), &[]).has("< binary, 1 byte\n");
}

#[test]
fn an_empty_binary_message_differs_from_an_empty_text() {
    show(&sending(binary(b"")), &[]).has("< binary, 0 bytes");
}

#[test]
fn an_empty_binary_message_takes_one_row() {
    show(&sending(binary(b"")), &[]).has("< binary, 0 bytes\nclosed by");
}

#[test]
fn a_long_text_is_truncated_and_its_size_shown() {
    let long = "x".repeat(100_000);
    let shown = show(&sending(text(&format!("{long}end"))), &[]);
    shown.has("100,003 bytes").has("/full 1 shows it whole").never_wrote("end\r\n");
    assert!(shown.written.len() < 20_000, "{} bytes written", shown.written.len());
}

#[test]
fn a_long_text_is_not_truncated_inside_a_character() {
    let shown = show(&sending(text(&format!("a{}", "한".repeat(30_000)))), &[]);
    shown.has("90,001 bytes").never_wrote("\u{fffd}").never_wrote("\\x");
}

#[test]
fn a_long_binary_is_truncated_and_its_size_shown() {
    let shown = show(&sending(binary(&[0xaa; 5000])), &[]);
    shown.has("< binary, 5,000 bytes").has("/full 1 shows it whole");
    shown.has("000001f0  aa").lacks("00000200  aa");
}

#[test]
fn long_truncated_json_is_shown() {
    let json = format!("[{}1]", "12345, ".repeat(3000));
    let shown = show(&sending(text(&json)), &[]);
    shown.has("21,003 bytes").has("/full 1 shows it whole");
    assert!(shown.written.contains("[12345, 12345, 12345"), "{:?}", shown.written);
}
