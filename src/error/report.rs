//! A failure as it is printed: the line, the hint, the server's own words.

use super::Error;
use super::words::readable;
use crate::config::{ConfigError, SettingError};
use crate::event::HeadView;
use crate::net::DialError;
use crate::net::tls::TlsFailure;
use crate::net::upgrade::UpgradeError;
use crate::output::certificate;
use crate::output::escape::{Newlines, escape, escape_bytes, is_readable_text};
use crate::output::head::head_lines;
use crate::output::hex_dump::hex_dump;
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, wrap};

/// The text for standard error, with its last newline. On a terminal, which has so many columns, lines are
/// broken between words, and a long HTML page is cut.
pub fn report(error: &Error, style: Style, columns: Option<usize>) -> String {
    let labelled = |role, label: &str, text: &str| {
        let text = wrap(text, columns, label.len() + 1, HANGING);
        format!("{} {text}\n", style.paint(role, label))
    };
    let mut text = labelled(Role::Error, "wscope:", &error.message());
    if let Error::Config(ConfigError::Target(target)) = error {
        text += &format!("{}\n", target.marked());
    }
    if let Error::Config(ConfigError::Configured(SettingError { marked: Some(marked), .. })) = error
    {
        text += &format!("{marked}\n");
    }
    if let Some(hint) = error.hint() {
        text += &labelled(Role::Hint, "hint:", &escape(&hint, Newlines::Escape));
    }
    if let Error::Upgrade(rejected) = error
        && let Some(request) = &rejected.request
    {
        text += &head(request, &style.paint(Role::Sent, ">"), style);
    }
    if let Error::Dial(DialError::Proxy(proxy), attempt) = error
        && let Some(request) = &proxy.request
    {
        let request = HeadView::new(request, proxy.redaction).without(&attempt.secrets);
        text += &head(&request, &style.paint(Role::Sent, ">"), style);
    }
    text += &error.tls().map_or_else(String::new, |failure| {
        let whose =
            if matches!(error, Error::Dial(DialError::Proxy(_), _)) { "proxy" } else { "server" };
        certificates(failure, whose, style)
    });
    let arrow = style.paint(Role::Received, "<");
    error.interim().iter().for_each(|interim| text += &head(&interim.head, &arrow, style));
    text + &words(error, style, columns)
}

/// What the server showed when it was asked again.
fn certificates(failure: &TlsFailure, whose: &str, style: Style) -> String {
    let [first, above @ ..] = failure.chain.as_slice() else { return String::new() };
    let title = |text: &str| format!("{}\n", style.paint(Role::Dim, text));
    let mut text = title(&format!(
        "the {whose}'s certificate (from a second connection, on which it was not checked):"
    ));
    text += &certificate::lines(first, 2, style);
    if let Some(culprit) = failure.culprit_above() {
        text += &title("the certificate above it, which is the one that failed:");
        text += &certificate::lines(culprit, 2, style);
    } else if !above.is_empty() {
        let list: Vec<String> =
            above.iter().map(|it| format!("{} (issued by {})", it.subject, it.issuer)).collect();
        let line = format!("sent with it: {}", list.join(", "));
        text += &title(&escape(&line, Newlines::Escape));
    }
    text
}

/// What the server said.
fn words(error: &Error, style: Style, columns: Option<usize>) -> String {
    let Some(response) = error.response() else {
        return error.excerpt().map(|bytes| body_text(&bytes, style, columns)).unwrap_or_default();
    };
    let head = head(&response.head, &style.paint(Role::Received, "<"), style);
    let is_accepted = match error {
        Error::Upgrade(rejected) => matches!(rejected.error, UpgradeError::Invalid(..)),
        _ => false,
    };
    if is_accepted {
        return head;
    }
    let body = match &response.text {
        Some(text) if !error.is_verbose() => page(text, style, columns),
        _ => body(&response.body, style, columns),
    };
    let cut = style.paint(Role::Dim, "(the body is longer; its first 4 KiB are shown)\n");
    head + &body + if response.is_cut { &cut } else { "" }
}

/// How many lines of a page are shown on a terminal.
const MAX_LINES: usize = 20;

/// The text of an HTML page.
fn page(text: &str, style: Style, columns: Option<usize>) -> String {
    let count = text.lines().count();
    let shown = if columns.is_some() { count.min(MAX_LINES) } else { count };
    let lines: String = text.lines().take(shown).map(|line| format!("{line}\n")).collect();
    let note = match (shown, count - shown) {
        (0, _) => "(an HTML page without text; -v shows its source)".to_owned(),
        (_, 0) => "(the text of an HTML page; -v shows its source)".to_owned(),
        (_, 1) => "(the text of an HTML page; 1 more line: -v shows its source)".to_owned(),
        (_, more) => format!("(the text of an HTML page; {more} more lines: -v shows its source)"),
    };
    body(lines.as_bytes(), style, columns) + &format!("{}\n", style.paint(Role::Dim, &note))
}

fn head(head: &HeadView, arrow: &str, style: Style) -> String {
    let start_line = escape_bytes(&head.start_line, Newlines::Escape);
    format!("{arrow} {start_line}\n") + &head_lines(head, arrow, style)
}

/// A body behind its head, with the empty line between them.
fn body(bytes: &[u8], style: Style, columns: Option<usize>) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    format!("{}\n{}", style.paint(Role::Received, "<"), body_text(bytes, style, columns))
}

fn body_text(bytes: &[u8], style: Style, columns: Option<usize>) -> String {
    if is_binary(bytes) {
        return format!("{}\n", hex_dump(bytes, style, "  ", columns));
    }
    let arrow = style.paint(Role::Received, "<");
    let text = readable(bytes);
    text.trim_end()
        .lines()
        .map(|line| format!("{arrow} {}\n", escape(line, Newlines::Escape)))
        .collect()
}

/// A text may end in the middle of a character, because only its start is kept.
fn is_binary(bytes: &[u8]) -> bool {
    let whole = match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    };
    !is_readable_text(whole)
        && bytes.iter().any(|&byte| byte < 0x20 && !b"\r\n\t\x1b".contains(&byte))
}
