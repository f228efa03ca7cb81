//! The command that begins and ends recordings.

use std::path::PathBuf;

use super::text;
use crate::input::Action;
use crate::input::repl::context::{PromptContext, RecordRequest};
use crate::input::repl::parsed::{split, unquote};
use crate::input::repl::words::SlashCommand;
use crate::platform::files::expand_home;
use crate::platform::record_file::Existing;

pub(super) const RECORD: SlashCommand = SlashCommand {
    name: "record",
    arguments: "[--force|--append] FILE|off [FILE]",
    summary: "record everything in a file from now on; off: no longer",
};

pub(super) fn record(argument: &str, context: &PromptContext) -> Result<Action, String> {
    (context.record)(request(argument)?).map(text)
}

fn request(argument: &str) -> Result<RecordRequest, String> {
    let (word, rest) = split(argument);
    let rest = rest.trim();
    let existing = match word {
        "" => return Ok(RecordRequest::List),
        "off" | "stop" => return Ok(RecordRequest::Stop((!rest.is_empty()).then(|| path(rest)))),
        "--force" | "-f" => Existing::Replace,
        "--append" => Existing::Append,
        option if option.starts_with('-') => {
            return Err(format!("/record has no option {option}; ./{option} is a file"));
        }
        _ => return Ok(RecordRequest::Start(path(argument), Existing::Refuse)),
    };
    match rest {
        "" => Err(format!("/record {word} requires a file")),
        rest => Ok(RecordRequest::Start(path(rest), existing)),
    }
}

fn path(typed: &str) -> PathBuf {
    expand_home(unquote(typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_rest_of_the_line() {
        let start = |path: &str, existing| RecordRequest::Start(PathBuf::from(path), existing);
        for (argument, request) in [
            ("", RecordRequest::List),
            ("a b.ndjson", start("a b.ndjson", Existing::Refuse)),
            ("\"a b.ndjson\"", start("a b.ndjson", Existing::Refuse)),
            ("--force a b.har", start("a b.har", Existing::Replace)),
            ("-f 'a b.har'", start("a b.har", Existing::Replace)),
            ("--append  a.ndjson", start("a.ndjson", Existing::Append)),
            ("off", RecordRequest::Stop(None)),
            ("stop a b.har", RecordRequest::Stop(Some(PathBuf::from("a b.har")))),
        ] {
            assert_eq!(super::request(argument), Ok(request), "{argument}");
        }
        for (argument, reason) in [
            ("--force", "/record --force requires a file"),
            ("--both a.har", "/record has no option --both; ./--both is a file"),
        ] {
            assert_eq!(request(argument).expect_err("a reason"), reason);
        }
    }
}
