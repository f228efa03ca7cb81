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
    match is_imported(&source.name) {
        true => http::parse(source, given),
        false => language::parse(source),
    }
}

/// Whether a file of this name is not a scenario file itself.
pub fn is_imported(name: &str) -> bool {
    matches!(ending(name).as_str(), "http" | "rest")
}

/// Formats that look as if they could be read.
const UNSUPPORTED: [&str; 2] = ["har", "ndjson"];

/// Why a file of this name cannot be read, whatever is in it.
pub fn unsupported(name: &str) -> Option<String> {
    let ending = ending(name);
    UNSUPPORTED.contains(&ending.as_str()).then(|| {
        format!(".{ending} files are not supported; scenarios are .wscope, .http and .rest files")
    })
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
    fn formats_that_are_not_supported_are_named() {
        let problem = unsupported("x/a.HAR").expect("a problem");
        assert!(problem.starts_with(".har files are not supported"), "{problem}");
        assert!(unsupported("events.ndjson").is_some());
        assert_eq!(unsupported("har").or(unsupported("a.wscope")).or(unsupported("a.http")), None);
    }
}
