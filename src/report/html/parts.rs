//! All parts of all files, each in an element that can be opened.

use std::fmt::Write;

use super::messages;
use super::text::inline;
use super::{badge, numbered, viewer};
use crate::protocol::counted::counted;
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, StepOutcome};
use crate::scenario::phrase::time;

/// The controls need the script, which shows them.
const CONTROLS: &str = "\
<form class=\"controls\" id=\"controls\" role=\"search\" hidden>
<label>Filter <input type=\"search\" id=\"part-filter\" autocomplete=\"off\" spellcheck=\"false\"></label>
<label><input type=\"checkbox\" id=\"failed-only\"> Failed only</label>
<output id=\"found\" aria-live=\"polite\"></output>
</form>
";

/// The section with all files.
pub(super) fn files(page: &mut String, files: &[FileOutcome]) {
    page.push_str("<section aria-labelledby=\"parts\">\n<h2 id=\"parts\">All parts</h2>\n");
    page.push_str(CONTROLS);
    let mut parts = numbered(files);
    let mut connections = 0;
    for file in files {
        let rest = format!("{}, {}", counted(file.parts.len() as u64, "part"), time(file.duration));
        let _ = write!(
            page,
            "<section class=\"file\">\n<h3>{} {} <span class=\"dim\">{rest}</span></h3>\n",
            badge(file.outcome()),
            inline(&file.file),
        );
        for (number, _, part) in parts.by_ref().take(file.parts.len()) {
            self::part(page, number, part, &mut connections);
        }
        page.push_str("</section>\n");
    }
    page.push_str("</section>\n");
}

/// A part. `connections` is how many there are in the viewer before those of the part.
fn part(page: &mut String, number: usize, part: &PartOutcome, connections: &mut usize) {
    let is_open = if part.outcome == Outcome::Failed { " open" } else { "" };
    let _ = write!(
        page,
        "<details class=\"part\" id=\"part-{number}\" data-outcome=\"{}\"{is_open}>\n\
         <summary>{} <b>{}</b> <span class=\"dim\">line {}, {}</span></summary>\n",
        part.outcome.name(),
        badge(part.outcome),
        inline(&part.title),
        part.line,
        time(part.duration),
    );
    if let Some(failure) = &part.failure {
        let _ = writeln!(
            page,
            "<p><a href=\"#failure-{number}\">Failed in line {}</a>: {}</p>",
            failure.line,
            inline(&failure.message),
        );
    }
    for warning in &part.warnings {
        let _ =
            writeln!(page, "<p class=\"warning\">Warning: {}</p>", inline(&warning.to_string()));
    }
    steps(page, &part.steps);
    messages::table(page, &part.transcript);
    to_viewer(page, part, connections);
    page.push_str("</details>\n");
}

/// A link to the messages of a part in the viewer, which its script shows.
fn to_viewer(page: &mut String, part: &PartOutcome, connections: &mut usize) {
    let first = *connections + 1;
    *connections += viewer::connections(part).len();
    let numbers = match *connections {
        last if last < first => return,
        last if last == first => first.to_string(),
        last => format!("{first}..{last}"),
    };
    let _ = writeln!(
        page,
        "<p class=\"to-messages\" hidden><a href=\"#messages=conn:{numbers}\">Open in the viewer</a></p>",
    );
}

fn steps(page: &mut String, steps: &[StepOutcome]) {
    if steps.is_empty() {
        page.push_str("<p class=\"dim\">No step was run.</p>\n");
        return;
    }
    page.push_str(
        "<h4>Steps</h4>\n<table class=\"steps\" role=\"table\" aria-label=\"Steps\">\n\
         <thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">Line</th>\
         <th role=\"columnheader\" scope=\"col\">Outcome</th><th role=\"columnheader\" scope=\"col\">Duration</th>\
         <th role=\"columnheader\" scope=\"col\">Step</th></tr></thead>\n<tbody role=\"rowgroup\">\n",
    );
    for step in steps {
        let _ = writeln!(
            page,
            "<tr role=\"row\"><td role=\"cell\" class=\"number\">{}</td><td role=\"cell\">{}</td>\
             <td role=\"cell\" class=\"number\">{}</td><td role=\"cell\"><span class=\"kind\">{}</span> \
             <code>{}</code></td></tr>",
            step.line,
            badge(step.outcome),
            time(step.duration),
            step.kind,
            inline(&step.text),
        );
    }
    page.push_str("</tbody>\n</table>\n");
}
