//! Files of other programs, read to the same tree as scenario files: which format a file has is seen by the end of
//! its name. A format is one function here, beside that of `http`.

use std::collections::BTreeSet;
use std::path::Path;

use super::language::syntax::Scenario;
use super::language::{self, Partial, Source};

mod http;

/// Reads a file to a tree. `given` are the variables that have values from elsewhere: those count more than what a
/// file of another program gives them.
pub fn parse(source: &Source, given: &BTreeSet<String>) -> Partial<Scenario> {
    match ending(&source.name).as_str() {
        "http" | "rest" => http::parse(source, given),
        _ => language::parse(source),
    }
}

/// Whether a file of this name is not a scenario file itself.
pub fn is_imported(name: &str) -> bool {
    matches!(ending(name).as_str(), "http" | "rest") || is_recording(name)
}

/// Whether a file of this name is a recording. What is parsed of it is the scenario that is made from it: see
/// `recording::scenario`.
pub fn is_recording(name: &str) -> bool {
    matches!(ending(name).as_str(), "har" | "ndjson")
}

fn ending(name: &str) -> String {
    let ending = Path::new(name).extension().unwrap_or_default();
    ending.to_string_lossy().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_name_is_the_format() {
        let read = |name: &str, text: &str| {
            let source = Source::new(name, text.as_bytes().to_vec());
            parse(&source, &BTreeSet::new()).complete().is_ok()
        };
        for name in ["a.http", "b.REST", "c.d/e.rest"] {
            assert!(read(name, "WEBSOCKET ws://h\n") && !read(name, "WS h\n> a\n=== b\n"));
        }
        for name in ["a.wscope", "-", "http", "a.http.txt"] {
            assert!(read(name, "WS ws://h\n") && !read(name, "WEBSOCKET ws://h\n"), "{name}");
        }
    }

    #[test]
    fn recordings_are_known_by_the_end_of_their_names() {
        assert!(is_recording("x/a.HAR") && is_recording("events.ndjson"));
        assert!(!is_recording("har") && !is_recording("a.wscope") && !is_recording("a.http"));
        assert!(is_imported("a.har") && is_imported("a.rest") && !is_imported("a.wscope"));
    }
}
