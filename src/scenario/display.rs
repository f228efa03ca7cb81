//! The filters of what is shown: `--filter`, `--mute` and the commands of prompts.

use std::sync::Arc;

use super::expect::{self, PatternError};
use super::pattern::{Match, Pattern, PatternClass};
use crate::protocol::MessageKind;
use crate::protocol::vocabulary::Direction;
use crate::view::DisplayFilter;

/// A filter as it is written.
#[derive(Clone, Debug)]
struct ShownPattern {
    source: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// `in`, `out`, in a proxy `server`, `client`: everything of this direction.
    Direction(Direction),
    /// `#1`, `conn:1`: everything of this connection.
    Connection(u64),
    /// A pattern, in both directions.
    Pattern(Pattern),
}

/// Parses a filter: `in`, `out`, `ping`, `pong`, or a pattern as `--expect` has it; `content` is that of the file that
/// the pattern names.
///
/// # Errors
/// With what is not valid. The end of a connection cannot be filtered.
pub fn parse(
    source: &str,
    content: Option<Vec<u8>>,
) -> Result<Arc<dyn DisplayFilter>, PatternError> {
    let kind = match source.trim() {
        "in" => Kind::Direction(Direction::Received),
        "out" => Kind::Direction(Direction::Sent),
        "ping" => Kind::Pattern(pattern("ping:", None)?),
        "pong" => Kind::Pattern(pattern("pong:", None)?),
        "" => return Err(PatternError::new("the pattern is empty")),
        _ => Kind::Pattern(pattern(source, content)?),
    };
    Ok(Arc::new(ShownPattern { source: source.to_owned(), kind }))
}

/// The same where connections have numbers: `#1` and `conn:1` stand for one of them.
///
/// # Errors
/// As [`parse`].
pub fn parse_for_server(
    source: &str,
    content: Option<Vec<u8>>,
) -> Result<Arc<dyn DisplayFilter>, PatternError> {
    match connection(source.trim()) {
        Some(number) => {
            let kind = Kind::Connection(number);
            Ok(Arc::new(ShownPattern { source: source.to_owned(), kind }))
        }
        None => parse(source, content),
    }
}

/// The same in a proxy, where also the words `client` and `server` stand for what that side sent; `out` and `in` do too.
///
/// # Errors
/// As [`parse`].
pub fn parse_for_proxy(
    source: &str,
    content: Option<Vec<u8>>,
) -> Result<Arc<dyn DisplayFilter>, PatternError> {
    let direction = match source.trim() {
        "client" => Direction::Sent,
        "server" => Direction::Received,
        _ => return parse_for_server(source, content),
    };
    let kind = Kind::Direction(direction);
    Ok(Arc::new(ShownPattern { source: source.to_owned(), kind }))
}

/// The number of `#1` or `conn:1`.
fn connection(word: &str) -> Option<u64> {
    let digits = word.strip_prefix('#').or_else(|| word.strip_prefix("conn:"))?;
    let digits = digits.strip_prefix('#').unwrap_or(digits);
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn pattern(source: &str, content: Option<Vec<u8>>) -> Result<Pattern, PatternError> {
    if let Some(reason) = expect::probable_mistake(source) {
        return Err(PatternError::new(reason));
    }
    let pattern = expect::parse(source, content)?;
    match pattern.class() {
        PatternClass::Close => Err(PatternError::new(
            "the end of a connection is always shown, and cannot be filtered",
        )),
        PatternClass::Message | PatternClass::Control => Ok(pattern),
    }
}

impl DisplayFilter for ShownPattern {
    fn source(&self) -> &str {
        &self.source
    }

    fn accepts_message(&self, direction: Direction, kind: MessageKind, data: &[u8]) -> bool {
        match &self.kind {
            Kind::Direction(wanted) => *wanted == direction,
            Kind::Connection(_) => true,
            Kind::Pattern(pattern) => pattern.judge(kind, data) == Match::Yes,
        }
    }

    fn accepts_control(&self, direction: Direction, is_ping: bool, data: &[u8]) -> bool {
        match &self.kind {
            Kind::Direction(wanted) => *wanted == direction,
            Kind::Connection(_) => true,
            Kind::Pattern(pattern) if is_ping => pattern.matches_ping(data),
            Kind::Pattern(pattern) => pattern.matches_pong(data),
        }
    }

    fn is_about_content(&self) -> bool {
        matches!(&self.kind, Kind::Pattern(_))
    }

    fn connection(&self) -> Option<u64> {
        match self.kind {
            Kind::Connection(number) => Some(number),
            Kind::Direction(_) | Kind::Pattern(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_patterns_accept_what_they_name() {
        use Direction::{Received, Sent};
        for (source, direction, data, accepted) in [
            ("in", Received, "a", true),
            ("in", Sent, "a", false),
            ("out", Sent, "a", true),
            (" out ", Sent, "a", true),
            ("ping", Received, "ping", false),
            ("a", Received, "a", true),
            ("a", Sent, "a", true),
            ("/b+/", Received, "abba", true),
            ("/b+/", Received, "aa", false),
            (r#"{"a":1}"#, Received, r#"{"b":2,"a":1}"#, true),
            ("text:in", Received, "in", true),
            ("text:in", Received, "x", false),
            ("ping:", Received, "x", false),
        ] {
            let filter = parse(source, None).unwrap();
            let is_accepted = filter.accepts_message(direction, MessageKind::Text, data.as_bytes());
            assert_eq!(is_accepted, accepted, "{source} {data}");
        }
    }

    #[test]
    fn in_a_proxy_the_sides_are_words() {
        use Direction::{Received, Sent};
        for (source, by_client, by_server) in [
            ("client", true, false),
            ("server", false, true),
            ("out", true, false),
            ("in", false, true),
            ("text:client", true, true),
        ] {
            let filter = parse_for_proxy(source, None).unwrap();
            let accepts =
                |direction| filter.accepts_message(direction, MessageKind::Text, b"client");
            assert_eq!((accepts(Sent), accepts(Received)), (by_client, by_server), "{source}");
        }
        let elsewhere = parse("client", None).unwrap();
        assert!(elsewhere.accepts_message(Received, MessageKind::Text, b"client"));
    }

    #[test]
    fn where_connections_have_numbers_one_is_named_by_it() {
        for (source, expected) in [
            ("#1", Some(1)),
            (" #12 ", Some(12)),
            ("conn:3", Some(3)),
            ("conn:#3", Some(3)),
            ("#x", None),
            ("#+1", None),
            ("##", None),
            ("text:#1", None),
        ] {
            assert_eq!(parse_for_server(source, None).unwrap().connection(), expected, "{source}");
            assert_eq!(parse_for_proxy(source, None).unwrap().connection(), expected, "{source}");
            assert_eq!(parse(source, None).unwrap().connection(), None, "{source}");
        }
    }

    #[test]
    fn control_frames_are_named_by_words_and_patterns() {
        use Direction::{Received, Sent};
        for (source, direction, is_ping, data, accepted) in [
            ("ping", Received, true, "x", true),
            ("ping", Received, false, "x", false),
            ("pong", Sent, false, "x", true),
            ("in", Received, true, "x", true),
            ("out", Received, true, "x", false),
            ("ping:x", Sent, true, "x", true),
            ("ping:y", Sent, true, "x", false),
            ("pong:", Received, false, "x", true),
            ("/x/", Received, true, "x", false),
        ] {
            let filter = parse(source, None).unwrap();
            let is_accepted = filter.accepts_control(direction, is_ping, data.as_bytes());
            assert_eq!(is_accepted, accepted, "{source} {data}");
        }
    }

    #[test]
    fn what_cannot_be_a_filter_is_an_error() {
        for (source, reason) in [
            ("/(/", "regular expression"),
            ("close:1000", "always shown"),
            ("hex:0", "hex"),
            (r#"{"a":"#, "not JSON: "),
            ("{bad}", "text:{bad} stands for the text itself"),
            ("/x/i", "/(?i)error/"),
            ("  ", "empty"),
        ] {
            let error = parse(source, None).unwrap_err().to_string();
            assert!(error.contains(reason), "{source}: {error}");
        }
    }
}
