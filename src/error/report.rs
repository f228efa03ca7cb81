//! Printing of a failure: message, hint, and the server's response.

use super::Error;
use super::answer::Answer;
use crate::config::ConfigError;
use crate::event::{Failure, HeadView, Mask};
use crate::net::DialError;
use crate::net::tls::TlsFailure;
use crate::net::upgrade::UpgradeError;
use crate::output::certificate;
use crate::output::escape::{Newlines, escape, escape_bytes};
use crate::output::head::head_lines;
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, fit, wrap};

mod body;

/// The text for standard error, with its last newline. On a terminal, which has this many `columns`, lines are
/// wrapped between words, and a long HTML page is truncated.
pub fn report(error: &Error, style: Style, columns: Option<usize>) -> String {
    let labelled = |role, label: &str, text: &str| {
        let text = wrap(text, columns, label.len() + 1, HANGING);
        format!("{} {text}\n", style.paint(role, label))
    };
    let listed = |list: &[String]| -> String {
        let line = |line: &String| format!("{}\n", escape(line, Newlines::Escape));
        list.iter().map(line).collect()
    };
    let mut text = match error {
        Error::Differs { list, .. } => differences(list, columns),
        _ => String::new(),
    };
    text += &labelled(Role::Error, "wscope:", &error.message());
    if let Error::Entry { list, .. } = error {
        text += &listed(list);
    }
    if let Error::Config(ConfigError::Target(target)) = error {
        text += &format!("{}\n", target.marked());
    }
    if let Error::NoArguments(examples) = error {
        text += examples;
    }
    if let Some(hint) = error.hint() {
        text += &labelled(Role::Hint, "hint:", &escape(&hint, Newlines::Escape));
    }
    let cause = error.cause();
    if let Error::Upgrade(rejected) = cause
        && let Some(request) = rejected.request.as_ref().filter(|_| !rejected.request_shown)
    {
        text += &head(request, &style.paint(Role::Sent, ">"), style);
    }
    if let Error::NoSubprotocol { heads, .. } = cause {
        let (request, response) = &**heads;
        let arrow = style.paint(Role::Sent, ">");
        text += &request.as_ref().map_or_else(String::new, |it| head(it, &arrow, style));
        text += &head(response, &style.paint(Role::Received, "<"), style);
    }
    if let Error::Dial(DialError::Proxy(proxy), attempt) = cause
        && let Some(request) = &proxy.request
    {
        let request = Mask::new(proxy.redaction, &attempt.secrets).head(request);
        text += &head(&request, &style.paint(Role::Sent, ">"), style);
    }
    text += &error.tls().map_or_else(String::new, |failure| {
        let whose =
            if matches!(cause, Error::Dial(DialError::Proxy(_), _)) { "proxy" } else { "server" };
        certificates(failure, whose, style, columns)
    });
    let arrow = style.paint(Role::Received, "<");
    error.interim().iter().for_each(|interim| text += &head(&interim.head, &arrow, style));
    text + &words(error, style, columns)
}

/// The differences from a recording. Messages fit into a line of a terminal; values, which are indented, are wrapped.
fn differences(list: &[String], columns: Option<usize>) -> String {
    let line = |line: &String| {
        let line = escape(line, Newlines::Escape);
        let shown = match columns {
            Some(columns) if !line.starts_with(' ') => fit(&line, columns),
            _ => wrap(&line, columns, 0, HANGING),
        };
        format!("{shown}\n")
    };
    list.iter().map(line).collect()
}

/// What the peer sent instead of accepting the handshake, as [`report`] shows it with -v; empty if that is nothing.
pub fn received(failure: &Failure, style: Style) -> String {
    let arrow = style.paint(Role::Received, "<");
    let mut text: String =
        failure.interim.iter().map(|interim| head(&interim.head, &arrow, style)).collect();
    match &failure.response {
        Some(response) => {
            text += &head(&response.head, &arrow, style);
            // What follows an invalid 101 is no body.
            if response.status != 101 {
                text += &body::of_response(response, style);
            }
        }
        None if failure.excerpt.is_empty() => {}
        None => text += &body::text(&failure.excerpt, style, None),
    }
    text
}

/// The certificates that were received on a second connection.
fn certificates(failure: &TlsFailure, whose: &str, style: Style, columns: Option<usize>) -> String {
    let [first, above @ ..] = failure.chain.as_slice() else { return String::new() };
    let title = |text: &str| {
        let text = wrap(text, columns, 0, HANGING);
        format!("{}\n", style.paint_lines(Role::Dim, &text))
    };
    let mut text = title(&format!(
        "the {whose}'s certificate (from a second connection, on which it was not checked):"
    ));
    text += &certificate::lines(first, 2, style, columns);
    if let Some(culprit) = failure.culprit_above() {
        text += &title("the certificate above it, which is the one that failed:");
        text += &certificate::lines(culprit, 2, style, columns);
    } else if !above.is_empty() {
        let list: Vec<String> =
            above.iter().map(|it| format!("{} (issued by {})", it.subject, it.issuer)).collect();
        let line = format!("sent with it: {}", list.join(", "));
        text += &title(&escape(&line, Newlines::Escape));
    }
    text
}

/// The server's response, or other data received.
fn words(error: &Error, style: Style, columns: Option<usize>) -> String {
    let Some(answer) = Answer::of(error) else {
        return error.excerpt().map(|bytes| body::text(&bytes, style, columns)).unwrap_or_default();
    };
    let head = head(&answer.head(), &style.paint(Role::Received, "<"), style);
    let is_accepted = match error.cause() {
        Error::Upgrade(rejected) => matches!(rejected.error, UpgradeError::Invalid(..)),
        _ => false,
    };
    match is_accepted {
        true => head,
        false => head + &body::of_answer(&answer, error.is_verbose(), style, columns),
    }
}

fn head(head: &HeadView, arrow: &str, style: Style) -> String {
    let start_line = escape_bytes(&head.start_line, Newlines::Escape);
    format!("{arrow} {start_line}\n") + &head_lines(head, arrow, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_differences_fit_into_a_line_of_the_terminal() {
        let list = ["message 1 is missing: {\"a\":1,\"b\":2}", "    $.a: recorded one, now two"];
        let list = list.map(str::to_owned).to_vec();
        let error =
            Error::Differs { counts: "2 differences".to_owned(), list, end: None, hint: None };
        let text = |columns| report(&error, Style::plain(), columns);
        assert_eq!(
            text(Some(26)),
            "message 1 is missing: {\"a…\n    $.a: recorded one, now\n      two\nwscope: 2 differences\n"
        );
        assert!(text(None).starts_with(
            "message 1 is missing: {\"a\":1,\"b\":2}\n    $.a: recorded one, now two\n"
        ));
    }
}
