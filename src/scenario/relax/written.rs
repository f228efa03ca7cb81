//! The content of a payload with its values, and where each byte of it stands in the file.

use std::ops::Range;

use crate::scenario::language::syntax::Payload;
use crate::scenario::language::template::{Template, Values};

/// The content of a payload.
#[derive(Debug)]
pub(super) struct Written {
    /// With the values of variables.
    pub(super) text: String,
    units: Vec<Unit>,
}

/// A stretch of the content.
#[derive(Debug)]
struct Unit {
    /// In the content, in bytes.
    content: Range<usize>,
    /// In the file, in bytes.
    at: Range<usize>,
    /// It stands in the file as it is, byte for byte. Otherwise it is a variable, an escape or the end of a line.
    is_verbatim: bool,
}

impl Written {
    /// Reads a payload of a file; `prefix` is the length of what stands before its content, such as `json:`. `None`
    /// if a variable has no value.
    pub(super) fn new(
        source: &str,
        payload: &Payload,
        prefix: usize,
        values: &dyn Values,
    ) -> Option<Self> {
        let mut written = Self { text: String::new(), units: Vec::new() };
        let mut lines = lines(source, payload);
        if let Some(first) = lines.first_mut() {
            first.start = (first.start + prefix).min(first.end);
        }
        let mut end = None;
        for line in lines {
            if let Some(end) = end.replace(line.end) {
                written.push("\n", end..line.start, false);
            }
            written.line(source, line, values)?;
        }
        Some(written)
    }

    /// Where a part of the content stands in the file. `None` if it begins or ends inside of a variable or an escape.
    pub(super) fn at(&self, content: Range<usize>) -> Option<Range<usize>> {
        // Of units without content at a border, variables with an empty value, none is part of it.
        let is_solid = |unit: &&Unit| !unit.content.is_empty();
        let units = || self.units.iter().filter(is_solid);
        let first = units().find(|unit| content.start < unit.content.end)?;
        let last = units().rev().find(|unit| unit.content.start < content.end)?;
        let start = match content.start.checked_sub(first.content.start)? {
            0 => first.at.start,
            inside if first.is_verbatim => first.at.start + inside,
            _ => return None,
        };
        let end = match last.content.end.checked_sub(content.end)? {
            0 => last.at.end,
            inside if last.is_verbatim => last.at.end - inside,
            _ => return None,
        };
        (start < end).then_some(start..end)
    }

    fn line(&mut self, source: &str, at: Range<usize>, values: &dyn Values) -> Option<()> {
        let template = Template::parse(source.get(at.clone())?, at.start).ok()?;
        let mut from = at.start;
        for variable in template.variables() {
            self.literal(source, from..variable.at.start);
            self.push(&values.value(&variable.name)?, variable.at.clone(), false);
            from = variable.at.end;
        }
        self.literal(source, from..at.end);
        Some(())
    }

    /// Text without variables; `\{{` in it is `{{`.
    fn literal(&mut self, source: &str, at: Range<usize>) {
        const ESCAPE: &str = "\\{{";
        let mut from = at.start;
        while let Some(found) = source[from..at.end].find(ESCAPE) {
            let (start, end) = (from + found, from + found + ESCAPE.len());
            self.push(&source[from..start], from..start, true);
            self.push("{{", start..end, false);
            from = end;
        }
        self.push(&source[from..at.end], from..at.end, true);
    }

    fn push(&mut self, text: &str, at: Range<usize>, is_verbatim: bool) {
        let start = self.text.len();
        self.text.push_str(text);
        self.units.push(Unit { content: start..self.text.len(), at, is_verbatim });
    }
}

/// Where the lines of the content stand, without their line endings.
fn lines(source: &str, payload: &Payload) -> Vec<Range<usize>> {
    if !payload.is_fenced {
        return vec![payload.at.clone()];
    }
    let mut lines = Vec::new();
    let mut start = payload.at.start;
    for line in source[payload.at.clone()].split('\n') {
        let text = line.strip_suffix('\r').unwrap_or(line);
        lines.push(start..start + text.len());
        start += line.len() + 1;
    }
    // The first and the last are the fences.
    lines.pop();
    lines.into_iter().skip(1).collect()
}
