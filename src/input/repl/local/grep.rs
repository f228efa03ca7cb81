//! `/grep`: searches the messages that are kept.

use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use super::text;
use crate::input::Action;
use crate::input::repl::context::PromptContext;
use crate::input::repl::parsed::{LongText, Parsed};
use crate::input::repl::words::SlashCommand;
use crate::output::escape;
use crate::platform::terminal;
use crate::protocol::MessageKind;
use crate::protocol::vocabulary::Direction;
use crate::view::{DisplayFilter, Kept};

pub(super) const GREP: SlashCommand = SlashCommand {
    name: "grep",
    arguments: "TEXT|/REGEX/|{…}",
    summary: "search the last messages, 64 MiB of them",
};

/// The most messages that are listed; the newest ones.
const MAX_LINES: usize = 1_000;

/// The least columns of an excerpt.
const MIN_EXCERPT: usize = 20;

pub(super) fn grep(argument: &str, context: &PromptContext) -> Result<Parsed<Action>, String> {
    let view = &*context.view;
    if argument.is_empty() {
        return Err("/grep requires a text or a /regular expression/".to_owned());
    }
    let search = search(argument, context)?;
    let width = terminal::width();
    let mut lines = std::collections::VecDeque::new();
    let mut count = 0_u64;
    view.visit(|kept| {
        if let Some(found) = search.find(kept) {
            count += 1;
            if lines.len() == MAX_LINES {
                lines.pop_front();
            }
            let connection = kept.connection.map(|number| view.prefix(number));
            lines.push_back(line(kept, &connection.unwrap_or_default(), found, width));
        }
    });
    let range = view.kept().map_or_else(
        || "no messages are kept".to_owned(),
        |(first, last)| format!("messages {first} to {last} were searched"),
    );
    let summary = match count {
        0 => format!("not found; {range}"),
        1 => format!("found in 1 message; {range}; /full N shows it whole"),
        count => format!("found in {count} messages; {range}; /full N shows one whole"),
    };
    let listed = lines.len() as u64;
    let mut all: String = lines.into_iter().collect();
    if listed < count {
        all.insert_str(0, &format!("the last {listed}:\n"));
    }
    let all = all + &summary;
    let line = text(all.clone());
    Ok(Parsed::Long { text: LongText::new(move || all + "\n"), line })
}

/// What is searched for.
enum Search {
    Regex(Regex),
    /// A pattern of whole messages.
    Pattern(Arc<dyn DisplayFilter>),
}

impl Search {
    /// Where it is in a message.
    fn find(&self, kept: &Kept) -> Option<std::ops::Range<usize>> {
        match self {
            Self::Regex(regex) => regex.find(&kept.data).map(|found| found.range()),
            Self::Pattern(filter) => {
                filter.accepts_message(kept.direction, kept.kind, &kept.data).then_some(0..0)
            }
        }
    }
}

/// JSON and the patterns that begin with a word and a colon are those of `/filter`.
fn search(argument: &str, context: &PromptContext) -> Result<Search, String> {
    const PREFIXES: [&str; 3] = ["json:", "hex:", "base64:"];
    let is_json = (argument.starts_with('{') && argument.ends_with('}'))
        || (argument.starts_with('[') && argument.ends_with(']'));
    if is_json && let Ok(filter) = (context.parse_filter)(argument) {
        return Ok(Search::Pattern(filter));
    }
    if PREFIXES.iter().any(|prefix| argument.starts_with(prefix)) {
        let filter = (context.parse_filter)(argument);
        return filter.map(Search::Pattern).map_err(|reason| format!("/grep {argument}: {reason}"));
    }
    regex(argument).map(Search::Regex)
}

/// A regular expression between slashes, or a text, whose case counts only if it has an upper-case letter.
fn regex(argument: &str) -> Result<Regex, String> {
    let expression = argument
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .filter(|it| !it.is_empty());
    let built = match expression {
        Some(expression) => RegexBuilder::new(expression).build(),
        None => RegexBuilder::new(&regex::escape(argument))
            .case_insensitive(!argument.chars().any(char::is_uppercase))
            .build(),
    };
    built
        .map_err(|error| format!("/grep: {}", error.to_string().lines().last().unwrap_or_default()))
}

/// One line for a message: its number, and the part of it around what was found.
fn line(kept: &Kept, connection: &str, found: std::ops::Range<usize>, width: usize) -> String {
    let arrow = match kept.direction {
        Direction::Received => '<',
        Direction::Sent => '>',
    };
    let kind = if kept.kind == MessageKind::Binary { "(binary) " } else { "" };
    let start = format!("{connection}[{}] {arrow} {kind}", kept.number);
    let room = width.saturating_sub(start.len() + 1).max(MIN_EXCERPT);
    format!("{start}{}\n", excerpt(&kept.data, found, room))
}

/// The most bytes of a character.
const MAX_CHARACTER: usize = 4;

/// The part of `data` around what was found, of at most about `room` columns.
fn excerpt(data: &[u8], found: std::ops::Range<usize>, room: usize) -> String {
    if data.len() <= MAX_CHARACTER * room {
        let whole = escape::escape_bytes(data, escape::Newlines::Escape);
        if unicode_width::UnicodeWidthStr::width(&*whole) <= room {
            return whole.into_owned();
        }
    }
    let room = room.saturating_sub(2); // for the marks
    let before = room.saturating_sub(found.len()) / 3;
    let mut start = found.start.saturating_sub(before);
    while start > 0 && is_continuation(data[start]) {
        start -= 1;
    }
    let (mut text, mut columns, mut end) = (String::new(), 0, start);
    for chunk in data[start..data.len().min(start + MAX_CHARACTER * room)].utf8_chunks() {
        let parts = chunk
            .valid()
            .char_indices()
            .map(|(at, c)| &chunk.valid().as_bytes()[at..at + c.len_utf8()]);
        for part in parts.chain(chunk.invalid().chunks(1)) {
            let shown = escape::escape_bytes(part, escape::Newlines::Escape);
            let wide = unicode_width::UnicodeWidthStr::width(&*shown);
            if columns + wide > room {
                return marked(text, start > 0, true);
            }
            text += &shown;
            columns += wide;
            end += part.len();
        }
    }
    marked(text, start > 0, end < data.len())
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn marked(text: String, is_cut_before: bool, is_cut_behind: bool) -> String {
    let (before, behind) =
        (if is_cut_before { "…" } else { "" }, if is_cut_behind { "…" } else { "" });
    format!("{before}{text}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_what_was_found_within_its_room() {
        for (data, text, room, expected) in [
            ("hello world", "wor", 40, "hello world"),
            ("0123456789abcdefghij", "hij", 20, "0123456789abcdefghij"),
            ("0123456789abcdefghij", "abc", 12, "…89abcdefgh…"),
            ("한국어 텍스트와 이모지", "텍스트", 14, "… 텍스트와 이…"),
            ("a\nb\x1b", "b", 20, r"a\nb\e"),
            ("xxxxxxxxxxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxxxxx", 8, "xxxxxx…"),
        ] {
            let start = data.find(text).unwrap();
            let shown = excerpt(data.as_bytes(), start..start + text.len(), room);
            assert_eq!(shown, expected, "{data:?}");
            assert!(unicode_width::UnicodeWidthStr::width(&*shown) <= room, "{shown}");
        }
        assert_eq!(excerpt(b"a\xff\xfeb", 1..2, 20), r"a\xff\xfeb");
    }

    #[test]
    fn the_case_counts_if_a_letter_is_upper_case() {
        assert!(regex("error").unwrap().is_match(b"An ERROR"));
        assert!(!regex("Error").unwrap().is_match(b"An ERROR"));
        assert!(regex("a.b").unwrap().is_match(b"a.b") && !regex("a.b").unwrap().is_match(b"axb"));
        assert!(regex("/a.b/").unwrap().is_match(b"axb"));
        assert!(regex("/(/").unwrap_err().starts_with("/grep: "));
        assert!(regex("//").unwrap().is_match(b"http://"));
    }
}
