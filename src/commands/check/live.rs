//! What is running, on a terminal: a line for each file, replaced as the run goes on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthChar;

use crate::output::escape::{Newlines, escape};
use crate::output::style::{Role, Style};
use crate::platform::terminal;

/// The most files that are shown.
const MAX_LINES: usize = 8;

/// A file that has not run for this long is not shown: most are over before anybody can read their line.
const SHOW_AFTER: Duration = Duration::from_millis(300);

/// What each worker is running. It is shared with the workers.
#[derive(Debug)]
pub(super) struct Progress {
    running: Vec<Mutex<Option<Running>>>,
}

/// A file that is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Running {
    /// Its name.
    pub(super) file: String,
    /// The part that is running: its number from 1, how many there are, and its title.
    pub(super) part: (usize, usize, String),
    /// When the file began to run.
    pub(super) since: Instant,
}

impl Progress {
    /// Nothing is running yet.
    pub(super) fn new(workers: usize) -> Self {
        Self { running: (0..workers).map(|_| Mutex::new(None)).collect() }
    }

    /// Records what a worker runs now.
    pub(super) fn set(&self, worker: usize, running: Option<Running>) {
        if let Some(slot) = self.running.get(worker) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = running;
        }
    }

    fn all(&self) -> Vec<Running> {
        let slots = self.running.iter();
        slots
            .filter_map(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .collect()
    }
}

/// The lines on the terminal.
#[derive(Debug)]
pub(super) struct Live {
    style: Style,
    /// What is shown now: rows below the last line of results.
    shown: Vec<String>,
}

impl Live {
    /// Nothing is shown yet.
    pub(super) const fn new(style: Style) -> Self {
        Self { style, shown: Vec::new() }
    }

    /// What removes the lines.
    pub(super) fn erase(&mut self) -> String {
        let lines = std::mem::take(&mut self.shown).len();
        if lines == 0 { String::new() } else { format!("\x1b[{lines}A\r\x1b[J") }
    }

    /// What replaces the lines, if they have changed.
    pub(super) fn draw(&mut self, progress: &Progress) -> String {
        let rows = terminal::size().map_or(24, |(rows, _)| usize::from(rows));
        let most = MAX_LINES.min(rows.saturating_sub(2));
        let lines = lines(&progress.all(), Instant::now(), terminal::width(), most);
        if lines == self.shown {
            return String::new();
        }
        let mut text = self.erase();
        for line in &lines {
            text.push_str(&self.style.paint(Role::Dim, line));
            text.push('\n');
        }
        self.shown = lines;
        text
    }
}

/// The lines of what runs at `now`: at most `most`, each of less than `width` columns.
fn lines(running: &[Running], now: Instant, width: usize, most: usize) -> Vec<String> {
    let since = |file: &Running| now.saturating_duration_since(file.since);
    let mut shown: Vec<_> = running.iter().filter(|file| since(file) >= SHOW_AFTER).collect();
    shown.sort_by_key(|file| file.since);
    let rest = match shown.len() > most {
        true => shown.split_off(most.saturating_sub(1)).len(), // one line is for their number
        false => 0,
    };
    let mut lines: Vec<_> = shown.into_iter().map(|file| line(file, since(file), width)).collect();
    if rest > 0 {
        lines.push(cut(&format!("running {rest} more"), width));
    }
    lines.truncate(most);
    lines
}

fn line(running: &Running, since: Duration, width: usize) -> String {
    let (number, count, title) = &running.part;
    let text = format!(
        "running {} ({} s, part {number} of {count}: {title})",
        running.file,
        since.as_secs()
    );
    cut(&escape(&text, Newlines::Escape), width)
}

/// As much of a text as fits into less than `width` columns: a full row would wrap on some terminals.
fn cut(text: &str, width: usize) -> String {
    let mut left = width.saturating_sub(1);
    let mut cut = String::new();
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if columns > left {
            break;
        }
        left -= columns;
        cut.push(c);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(file: &str, seconds: u64) -> (Running, Instant) {
        let since = Instant::now();
        let part = (2, 3, "a title".to_owned());
        (Running { file: file.to_owned(), part, since }, since + Duration::from_secs(seconds))
    }

    #[test]
    fn a_line_names_file_part_and_time() {
        let (file, now) = running("a.wscope", 4);
        let expected = ["running a.wscope (4 s, part 2 of 3: a title)"];
        assert_eq!(lines(&[file], now, 80, 8), expected);
    }

    #[test]
    fn what_began_just_now_is_not_shown() {
        let (file, now) = running("a.wscope", 0);
        assert!(lines(&[file], now, 80, 8).is_empty());
    }

    #[test]
    fn lines_are_cut_by_display_width() {
        let (file, now) = running("漢漢漢\x1b.wscope", 4);
        assert_eq!(lines(&[file], now, 14, 8), ["running 漢漢"]);
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let (file, now) = running("a", 1);
        let files = vec![file; 10];
        let shown = lines(&files, now, 80, 4);
        assert_eq!((shown.len(), shown[3].as_str()), (4, "running 7 more"));
        assert_eq!(lines(&files[..4], now, 80, 4).len(), 4);
        assert!(lines(&files, now, 80, 0).is_empty());
    }

    #[test]
    fn unchanged_lines_are_not_drawn_again() {
        let progress = Progress::new(1);
        let since = Instant::now() - Duration::from_secs(2);
        let part = (1, 1, "t".to_owned());
        progress.set(0, Some(Running { file: "a".to_owned(), part, since }));
        let mut live = Live::new(Style::plain());
        assert_eq!(live.draw(&progress), "running a (2 s, part 1 of 1: t)\n");
        assert_eq!(live.draw(&progress), "");
        progress.set(0, None);
        assert_eq!(live.draw(&progress), "\x1b[1A\r\x1b[J");
        assert_eq!(live.erase(), "");
    }
}
