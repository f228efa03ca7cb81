//! Differences for people, as lines.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::connection::{Connection, End};
use super::difference::{Difference, Found, ValueChanges};
use super::heads::HeadDifference;
use super::item::{Item, ItemKind};
use crate::output::escape::{Newlines, escape, escape_bytes};
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, fit, wrap};
use crate::protocol::close::ClosePayload;
use crate::protocol::counted::counted;
use crate::recording::compare::shown;
use crate::recording::replay::Side;
use crate::recording::seen::NOT_KEPT;
use crate::scenario::difference::shortened;
use crate::scenario::phrase::time;

/// Writes differences as lines: `-` what only the first recording has, `+` what only the second one has, `~` what
/// changed; then the numbers of the message in both, `>` or `<` as the side that made the first recording saw it, and
/// the start of the message.
#[derive(Debug)]
pub struct Human {
    style: Style,
    /// The width of the terminal.
    columns: Option<usize>,
    /// What the recordings are called.
    names: [String; 2],
    /// There are several connections: they have a line of their own.
    has_several: bool,
    is_begun: bool,
    /// The labels of the last connections.
    last: [Option<String>; 2],
}

/// The width of lines that are not written to a terminal.
const COLUMNS: usize = 80;

/// What a difference is.
#[derive(Clone, Copy)]
enum Sign {
    Missing,
    Added,
    Changed,
}

impl Sign {
    const fn text(self) -> &'static str {
        match self {
            Self::Missing => "-",
            Self::Added => "+",
            Self::Changed => "~",
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Missing => Role::Error,
            Self::Added => Role::Good,
            Self::Changed => Role::Warning,
        }
    }

    const fn of<T>(one: Option<&T>, other: Option<&T>) -> Self {
        match (one, other) {
            (Some(_), None) => Self::Missing,
            (None, Some(_)) => Self::Added,
            _ => Self::Changed,
        }
    }
}

impl Human {
    /// For recordings with these names, which are safe to show. `columns`: the width of the terminal.
    pub const fn new(
        style: Style,
        columns: Option<usize>,
        names: [String; 2],
        has_several: bool,
    ) -> Self {
        Self { style, columns, names, has_several, is_begun: false, last: [None, None] }
    }

    /// The lines of a difference.
    pub fn lines(&mut self, found: &Found<'_>) -> String {
        let mut out = String::new();
        self.heading(found, &mut out);
        match &found.what {
            Difference::Connection => self.connection(found.connections, &mut out),
            Difference::Opening => {
                let [one, other] = found.connections.map(|it| it.map_or_else(String::new, opening));
                self.place(Sign::Changed, "opening", Some(one), Some(other), &mut out);
            }
            Difference::Head(head) => self.head(head, &mut out),
            Difference::Missing(item) => self.message(found, Some(item), None, "", &mut out),
            Difference::Added(item) => self.message(found, None, Some(item), "", &mut out),
            Difference::Changed([one, other], changes) => {
                self.message(found, Some(one), Some(other), "", &mut out);
                self.changes(changes, &mut out);
            }
            Difference::Gap(Some([one, other]), gaps) => {
                let gaps = gaps.map(time).join(" → ");
                let note = format!("after {gaps}: ");
                self.message(found, Some(one), Some(other), &note, &mut out);
            }
            Difference::Gap(None, gaps) => {
                let [one, other] = gaps.map(|gap| Some(format!("after {}", time(gap))));
                self.place(Sign::Changed, "end", one, other, &mut out);
            }
            Difference::OpeningTime(times) => {
                let [one, other] = times.map(|it| Some(time(it)));
                self.place(Sign::Changed, "time to open", one, other, &mut out);
            }
            Difference::Close(ends) => self.close(ends, &mut out),
        }
        out
    }

    /// The names of the files once, and of connections if there are several.
    fn heading(&mut self, found: &Found<'_>, out: &mut String) {
        if !std::mem::replace(&mut self.is_begun, true) {
            let [one, other] = &self.names;
            self.line(Role::Bold, &format!("--- {one}"), out);
            self.line(Role::Bold, &format!("+++ {other}"), out);
        }
        let labels = found.connections.map(|it| it.map(|it| it.label.clone()));
        let [Some(one), Some(other)] = found.connections else { return };
        if !self.has_several || self.last == labels {
            return;
        }
        self.last = labels;
        let label = match one.label == other.label {
            true => one.label.clone(),
            false => format!("{} / {}", one.label, other.label),
        };
        let url = one.url.as_ref().or(other.url.as_ref());
        let url = url.map(|url| format!(" ({})", safe(url))).unwrap_or_default();
        self.line(Role::Bold, &format!("connection {label}{url}"), out);
    }

    fn line(&self, role: Role, text: &str, out: &mut String) {
        let text = wrap(text, self.columns, 0, HANGING);
        out.push_str(&self.style.paint_lines(role, &text));
        out.push('\n');
    }

    fn connection(&self, connections: [Option<&Connection>; 2], out: &mut String) {
        let sign = Sign::of(connections[0], connections[1]);
        let Some(connection) = connections.into_iter().flatten().next() else { return };
        let url = connection.url.as_ref().map(|url| format!(" ({})", safe(url)));
        let (label, url) = (&connection.label, url.unwrap_or_default());
        let text = format!("{} connection {label}{url}: {}", sign.text(), opening(connection));
        self.line(sign.role(), &text, out);
    }

    fn head(&self, head: &HeadDifference, out: &mut String) {
        let part = match &head.name {
            Some(name) => format!("{} header {}", head.part, safe(name)),
            None if head.is_order => format!("order of the {} headers", head.part),
            None => head.part.to_owned(),
        };
        let [one, other] = [&head.one, &head.other].map(|value| value.as_deref().map(safe));
        self.place(Sign::of(one.as_ref(), other.as_ref()), &part, one, other, out);
    }

    /// A line for a message, with a note before its text.
    fn message(
        &self,
        found: &Found<'_>,
        one: Option<&Item>,
        other: Option<&Item>,
        note: &str,
        out: &mut String,
    ) {
        let sign = Sign::of(one, other);
        let Some(item) = one.or(other) else { return };
        let connections = found.connections.into_iter().flatten();
        let most = connections.clone().map(|it| it.items.len()).max().unwrap_or(0);
        let width = most.to_string().len();
        let number = |item: Option<&Item>| match item {
            Some(item) => format!("{:>width$}", item.number),
            None => " ".repeat(width),
        };
        let own = connections.map(|it| it.own).next().unwrap_or(Side::Client);
        let arrow = if item.side == own { ">" } else { "<" };
        let lead = format!("{} {} {} {arrow} {note}", sign.text(), number(one), number(other));
        let text = preview(item);
        let text = match self.columns {
            Some(columns) => fit(&text, columns.saturating_sub(lead.width())),
            None => text.into(),
        };
        self.style.paint_into(out, sign.role(), &lead);
        let _ = writeln!(out, "{text}");
    }

    fn changes(&self, changes: &ValueChanges, out: &mut String) {
        match changes {
            ValueChanges::Json(list, count) => {
                for change in list {
                    let [one, other] = [&change.one, &change.other]
                        .map(|value| value.as_ref().map(|value| safe(&shortened(value))));
                    self.inner(&safe(&change.path), one, other, out);
                }
                if list.len() < *count {
                    let more = counted((count - list.len()) as u64, "more place");
                    self.line(Role::Dim, &format!("    … and {more}"), out);
                }
            }
            ValueChanges::Place(change) => {
                let (one, other) = (change.recorded.clone(), change.now.clone());
                self.inner(&change.place, one, other, out);
            }
            ValueChanges::NotKept => {
                let text = "    (not compared further: the messages take too much memory)";
                self.line(Role::Dim, text, out);
            }
        }
    }

    fn close(&self, ends: &[&End; 2], out: &mut String) {
        self.line(Role::Warning, "~ close", out);
        let both = |text: &dyn Fn(&End) -> String| ends.map(|end| Some(text(end)));
        let places = [
            (
                "closed first by",
                ends.map(|end| end.initiator.map(|side| format!("the {}", side.name()))),
            ),
            ("Close frame of the client", both(&|end| close_frame(end, end.client.as_ref()))),
            ("Close frame of the server", both(&|end| close_frame(end, end.server.as_ref()))),
            ("complete", both(&|end| if end.was_clean { "yes" } else { "no" }.to_owned())),
        ];
        for (place, [one, other]) in places {
            if one != other {
                self.inner(place, one, other, out);
            }
        }
    }

    /// A place inside of something that changed.
    fn inner(&self, place: &str, one: Option<String>, other: Option<String>, out: &mut String) {
        let sign = Sign::of(one.as_ref(), other.as_ref());
        match (one, other) {
            (Some(one), Some(other)) => self.values("    ", Role::Dim, place, &one, &other, out),
            (one, other) => {
                let value = one.or(other).unwrap_or_default();
                self.line(sign.role(), &format!("    {} {place}: {value}", sign.text()), out);
            }
        }
    }

    /// A line of its own.
    fn place(
        &self,
        sign: Sign,
        place: &str,
        one: Option<String>,
        other: Option<String>,
        out: &mut String,
    ) {
        let lead = format!("{} ", sign.text());
        match (one, other) {
            (Some(one), Some(other)) => self.values(&lead, sign.role(), place, &one, &other, out),
            (one, other) => {
                let value = one.or(other).unwrap_or_default();
                self.line(sign.role(), &format!("{lead}{place}: {value}"), out);
            }
        }
    }

    /// Two values on one line, or on one each.
    fn values(
        &self,
        lead: &str,
        role: Role,
        place: &str,
        one: &str,
        other: &str,
        out: &mut String,
    ) {
        let width = [lead, place, one, other].map(UnicodeWidthStr::width).iter().sum::<usize>();
        let head = self.style.paint(role, &format!("{lead}{place}:"));
        if width + ":  → ".width() <= self.columns.unwrap_or(COLUMNS) {
            let [one, other] = [(Role::Error, one), (Role::Good, other)]
                .map(|(role, value)| self.style.paint(role, value));
            let _ = writeln!(out, "{head} {one} → {other}");
            return;
        }
        let _ = writeln!(out, "{head}");
        self.line(Role::Error, &format!("      - {one}"), out);
        self.line(Role::Good, &format!("      + {other}"), out);
    }
}

fn safe(text: &str) -> String {
    escape(text, Newlines::Escape).into_owned()
}

/// How a connection began.
fn opening(connection: &Connection) -> String {
    match &connection.failure {
        Some(failure) if !connection.is_open() => format!("failed: {}", safe(&failure.message)),
        _ => format!("open, {}", counted(connection.items.len() as u64, "message")),
    }
}

/// The start of a message.
fn preview(item: &Item) -> String {
    let size = counted(item.size, "byte");
    match item.kind {
        ItemKind::File if item.is_not_kept() => format!("{NOT_KEPT} ({size})"),
        ItemKind::File => format!("file {} ({size})", escape_bytes(&item.data, Newlines::Escape)),
        ItemKind::Ping | ItemKind::Pong => format!("{} {}", item.kind.name(), shown(&item.start())),
        ItemKind::Text | ItemKind::Binary => {
            let text = shown(&item.start());
            let is_cut = item.size > item.data.len() as u64 && !text.ends_with('…');
            if is_cut { text + "…" } else { text }
        }
    }
}

fn close_frame(end: &End, close: Option<&ClosePayload>) -> String {
    let Some(close) = close else {
        return if end.is_abandoned { "not awaited" } else { "none" }.to_owned();
    };
    let code = close.code.map_or_else(|| "no code".to_owned(), |code| code.get().to_string());
    match &*close.reason {
        "" => code,
        reason => format!("{code} \"{}\"", safe(reason)),
    }
}

#[cfg(test)]
mod tests;
