//! What is running, on a terminal: a line for each file, replaced as the run goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthChar;

use crate::output::Outlet;
use crate::output::escape::{Newlines, escape};
use crate::output::style::{Role, Style};
use crate::platform::job_control::{JobControl, TerminalModes};
use crate::platform::{line_editor, terminal};

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

/// The lines on the terminal. While they are shown, the cursor is at the start of the first one: what removes them
/// does not depend on the rows that they take up, which change with the width of the window.
#[derive(Debug)]
pub(super) struct Live {
    style: Style,
    screen: Arc<Mutex<Screen>>,
}

/// What is shown, for this program and the thread that stops it.
#[derive(Debug, Default)]
struct Screen {
    lines: Vec<String>,
    /// The cursor is in the row below, where the echo of Ctrl-C has left it.
    is_below: bool,
    /// The program is stopped, or in the background since.
    is_suspended: bool,
}

impl Live {
    /// Nothing is shown yet. From now on the lines are removed before Ctrl-Z stops the program.
    pub(super) fn start(style: Style) -> Self {
        let screen = Arc::<Mutex<Screen>>::default();
        let stops = Stops(Arc::clone(&screen));
        let _ = JobControl::start(stops, None); // without it they are left behind
        Self { style, screen }
    }

    /// Removes the lines.
    pub(super) fn erase(&self, out: &mut Outlet) {
        out.put(lock(&self.screen).erase().as_bytes());
    }

    /// Replaces the lines, if they have changed. The terminal has to take them at once.
    pub(super) fn show(&self, out: &mut Outlet, progress: &Progress) {
        let running = progress.all();
        let mut screen = lock(&self.screen);
        if screen.is_suspended || terminal::is_output_in_background() {
            return;
        }
        let lines = lines(&running, Instant::now(), terminal::size());
        out.put(screen.draw(lines, self.style).as_bytes());
        out.flush(); // before the program can be stopped
    }

    /// Ctrl-C was pressed, and its echo and a new line were written.
    pub(super) fn note_echo(&self) {
        lock(&self.screen).is_below = true;
    }
}

/// Removes all from the start of this row on. Some terminals keep what is removed from the first row of the window on as
/// if it had been scrolled out: hence the column that is removed for itself.
const ERASE: &str = "\r \x1b[J\r\x1b[K";

/// The same from the row above.
const ERASE_FROM_BELOW: &str = "\x1b[A\r \x1b[J\r\x1b[K";

impl Screen {
    fn erase(&mut self) -> &'static str {
        let is_below = std::mem::take(&mut self.is_below);
        match (std::mem::take(&mut self.lines).is_empty(), is_below) {
            (true, _) => "",
            (false, false) => ERASE,
            (false, true) => ERASE_FROM_BELOW,
        }
    }

    fn draw(&mut self, lines: Vec<String>, style: Style) -> String {
        if lines == self.lines {
            return String::new();
        }
        let mut text = self.erase().to_owned();
        let painted: Vec<_> = lines.iter().map(|line| style.paint(Role::Dim, line)).collect();
        text.push_str(&painted.join("\n"));
        match lines.len() {
            0 => {}
            1 => text.push('\r'),
            count => text.push_str(&format!("\r\x1b[{}A", count - 1)),
        }
        self.lines = lines;
        text
    }
}

fn lock(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the lines before the program stops.
struct Stops(Arc<Mutex<Screen>>);

impl TerminalModes for Stops {
    fn give_back(&self) {
        let mut screen = lock(&self.0);
        screen.is_suspended = true;
        let erase = screen.erase();
        if !erase.is_empty() && !terminal::is_output_in_background() {
            line_editor::write(erase.as_bytes());
        }
    }

    /// Lines that are still shown, after a SIGSTOP, are above what the shell has written: they stay.
    fn take(&self) {
        *lock(&self.0) = Screen::default();
    }

    fn redraw(&self) {}
}

/// The lines of what runs at `now`, in a window of this many rows and columns. Without a size, or with one of 0, which
/// serial lines and some containers have, nothing is shown: it could not be removed.
fn lines(running: &[Running], now: Instant, size: Option<(u16, u16)>) -> Vec<String> {
    let Some((rows @ 1.., columns @ 1..)) = size else { return Vec::new() };
    let (most, width) = (MAX_LINES.min(usize::from(rows).saturating_sub(2)), usize::from(columns));
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
    const MARK: char = '…';
    let columns = |c: char| c.width().unwrap_or(0);
    let most = width.saturating_sub(1);
    if text.chars().map(columns).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1); // for the mark
    let mut cut = String::new();
    for c in text.chars() {
        if columns(c) > left {
            break;
        }
        left -= columns(c);
        cut.push(c);
    }
    if most > 0 {
        cut.push(MARK);
    }
    cut
}

#[cfg(test)]
mod tests;
