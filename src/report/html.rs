//! A page for people: what failed, then all parts with their steps and messages.
//!
//! The page is one file that loads nothing. The results are complete without scripts: that of this page only hides what
//! was not searched for, and the viewer (`html/viewer.rs`) shows the messages once more, as a recording is shown.
//! Everything that the peer or the scenario wrote is escaped by `html/text.rs`.

use std::fmt::Write;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::Run;
use crate::output::escape::Newlines;
use crate::page::embedded::viewer;
use crate::protocol::counted::counted;
use crate::scenario::outcome::{
    Failure, FileOutcome, Outcome, PartOutcome, ShownMessage, Warning, counts,
};
use crate::scenario::phrase::time;
use text::{inline, shortened};

mod messages;
mod parts;
#[cfg(test)]
mod tests;
mod text;
mod viewer;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The page.
pub fn html(run: &Run<'_>) -> String {
    let mut page = String::new();
    head(&mut page, run);
    summary(&mut page, run);
    page.push_str("<main>\n");
    failures(&mut page, run.files);
    warnings(&mut page, run.files);
    parts::files(&mut page, run.files);
    page.push_str("</main>\n</div>\n");
    viewer::push(&mut page, &verdict(run), run.files);
    let _ = write!(page, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

/// What the page may do: only its own styles and scripts are applied.
fn policy() -> String {
    let hash = |block: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(block)));
    let (own, viewer) = ([STYLE, SCRIPT].map(hash), viewer());
    format!(
        "default-src 'none'; style-src {} {}; script-src {} {}; base-uri 'none'; form-action 'none'",
        own[0],
        hash(&viewer.style),
        own[1],
        hash(&viewer.script),
    )
}

fn head(page: &mut String, run: &Run<'_>) {
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – wscope check</title>\n<style id=\"report-style\">{STYLE}</style>\n\
         <style id=\"viewer-style\" media=\"not all\">{}</style>\n</head>\n<body>\n<div id=\"report\">\n",
        policy(),
        verdict(run),
        viewer().style,
    );
}

/// The whole result in a few words.
fn verdict(run: &Run<'_>) -> String {
    let counts = counts(run.files);
    let all = counted(counts.all() as u64, "part");
    match (counts.failed, run.is_interrupted) {
        (0, false) => format!("{} of {all} passed", counts.passed),
        (0, true) => format!("interrupted, {} of {all} passed", counts.passed),
        (failed, _) => format!("{failed} of {all} failed"),
    }
}

fn summary(page: &mut String, run: &Run<'_>) {
    let parts = counts(run.files);
    let (class, word) = match (parts.failed, run.is_interrupted) {
        (0, false) => ("passed", "passed"),
        (0, true) => ("skipped", "interrupted"),
        _ => ("failed", "failed"),
    };
    let _ = write!(
        page,
        "<header id=\"results\">\n<h1>wscope check: <span class=\"{class}\">{word}</span></h1>\n"
    );
    let number = |class: &str, count: usize| match count {
        0 => format!("<li>0 {class}</li>"),
        _ => format!("<li class=\"{class}\"><b>{count}</b> {class}</li>"),
    };
    let _ = write!(
        page,
        "<ul class=\"counts\" aria-label=\"Summary\">\n<li>{}</li>\n<li>{}</li>\n{}\n{}\n{}\n<li>{}</li>\n</ul>\n",
        counted(run.files.len() as u64, "file"),
        counted(parts.all() as u64, "part"),
        number("passed", parts.passed),
        number("failed", parts.failed),
        number("skipped", parts.skipped),
        time(run.took),
    );
    if run.is_interrupted {
        page.push_str(
            "<p>The run was interrupted: parts that were not over are counted as skipped.</p>\n",
        );
    }
    let ended = jiff::Timestamp::try_from(run.ended).unwrap_or_default().round(jiff::Unit::Second);
    let ended = ended.unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        page,
        "<p class=\"dim\">wscope {version}, <time datetime=\"{ended}\">{ended}</time></p>\n\
         <p class=\"to-messages\" hidden><a href=\"#messages\">All messages</a></p>\n</header>\n"
    );
}

/// All parts with the number of each, from 1.
fn numbered(files: &[FileOutcome]) -> impl Iterator<Item = (usize, &FileOutcome, &PartOutcome)> {
    let parts = files.iter().flat_map(|file| file.parts.iter().map(move |part| (file, part)));
    parts.enumerate().map(|(index, (file, part))| (index + 1, file, part))
}

fn failures(page: &mut String, files: &[FileOutcome]) {
    if counts(files).failed == 0 {
        return;
    }
    page.push_str("<section aria-labelledby=\"failures\">\n<h2 id=\"failures\">Failures</h2>\n");
    for (number, file, part) in numbered(files) {
        if let Some(failure) = &part.failure {
            article(page, number, file, part, failure);
        }
    }
    page.push_str("</section>\n");
}

fn article(
    page: &mut String,
    number: usize,
    file: &FileOutcome,
    part: &PartOutcome,
    failure: &Failure,
) {
    let _ = write!(
        page,
        "<article class=\"failure\" id=\"failure-{number}\">\n<h3><a href=\"#part-{number}\">{}</a></h3>\n\
         <p><code>{}:{}:{}</code> <strong>{}</strong></p>\n",
        inline(&part.title),
        inline(&file.file),
        failure.line,
        failure.column,
        inline(&failure.message),
    );
    let excerpt = failure.excerpt.trim_start_matches('\n');
    if !excerpt.is_empty() {
        let _ = writeln!(page, "<pre>{}</pre>", text::escaped(excerpt, Newlines::Keep));
    }
    details(page, failure);
    page.push_str("</article>\n");
}

/// What was awaited, what was received, and where they differ.
fn details(page: &mut String, failure: &Failure) {
    page.push_str("<dl>\n");
    let row = |page: &mut String, name: &str, value: &str| {
        let _ = writeln!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    let data = |text: &str| format!("<code>{}</code>", inline(text));
    if let Some(expected) = &failure.expected {
        row(page, "Expected", &data(expected));
    }
    if let Some(actual) = &failure.actual {
        row(page, "Got", &data(actual));
    }
    // In the order of the text: a single message is the closest itself.
    if let Some((message, _)) = failure.closest.as_ref().filter(|_| failure.has_several()) {
        row(page, "Closest", &shown(message));
    }
    if let Some((_, difference)) = &failure.closest {
        row(page, "Difference", &format!("<mark>{}</mark>", inline(difference)));
    }
    if failure.omitted > 0 || !failure.received.is_empty() {
        row(page, "Received", &received(failure));
    }
    for note in &failure.notes {
        row(page, "Note", &inline(note));
    }
    page.push_str("</dl>\n");
}

fn received(failure: &Failure) -> String {
    let mut list = "<ul class=\"received\">".to_owned();
    if failure.omitted > 0 {
        let earlier = counted(failure.omitted, "earlier message");
        let _ = write!(list, "<li class=\"dim\">{earlier}</li>");
    }
    for message in &failure.received {
        let _ = write!(list, "<li>{}</li>", shown(message));
    }
    list + "</ul>"
}

fn shown(message: &ShownMessage) -> String {
    let start = match message.kind {
        "text" if message.start.is_empty() => "<span class=\"dim\">empty message</span>".to_owned(),
        "text" => inline(&message.start),
        _ => format!("hex:{}", inline(&message.start)),
    };
    let rest = if message.is_cut { shortened(message.size) } else { String::new() };
    format!("<code>{start}</code>{rest}")
}

fn warnings(page: &mut String, files: &[FileOutcome]) {
    if numbered(files).all(|(_, _, part)| part.warnings.is_empty()) {
        return;
    }
    page.push_str(
        "<section aria-labelledby=\"warnings\">\n<h2 id=\"warnings\">Warnings</h2>\n<ul>\n",
    );
    for (number, file, part) in numbered(files) {
        let name = inline(&file.file);
        for Warning { line, text } in &part.warnings {
            let _ = writeln!(
                page,
                "<li><a href=\"#part-{number}\"><code>{name}:{line}</code></a> <span class=\"warning\">{}</span></li>",
                inline(text),
            );
        }
    }
    page.push_str("</ul>\n</section>\n");
}

/// An outcome as a class and a word.
fn badge(outcome: Outcome) -> String {
    let name = outcome.name();
    format!("<span class=\"{name}\">{name}</span>")
}
