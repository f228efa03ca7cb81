//! JSONPaths (RFC 9535) whose evaluation is bounded in time and memory, whatever the document is.
//!
//! A path may come from a file, and the document comes from a peer. `$..a..a..a` finds a value once for each way to
//! get to it: in 1 KB of nested objects that is millions of times. So what multiplies is limited when a path is parsed,
//! and the steps of an evaluation are estimated from the size of the document before it is begun.

use serde_json::Value;
use serde_json_path::{JsonPath, LocatedNodeList, NodeList, ParseError};

use crate::protocol::counted::counted;

/// The longest path, in bytes.
const MAX_PATH: usize = 4096;

/// How deep brackets may be nested: the parser takes twice as long for each level.
const MAX_NESTING: usize = 8;

/// The most `..` of a path.
const MAX_DESCENDANTS: u32 = 2;

/// The most values that the lists of selectors in brackets may find for one value: each list multiplies them.
const MAX_SELECTED: u64 = 64;

/// The most steps of an evaluation. A step takes 10 to 20 ns.
const MAX_STEPS: u64 = 1 << 26;

/// The steps of `match()` or `search()`, which compile their regular expression each time.
const FUNCTION_STEPS: u64 = 500;

/// How many levels a value is moved up in one step.
const MOVED: u64 = 16;

/// What the values that a path selects may take when they are copied, in bytes, if the document takes less.
const MAX_COPIED: usize = 64 << 20;

/// What the name of a member costs besides its characters, in bytes.
const MEMBER: usize = 64;

/// A JSONPath with a limit on the work of an evaluation.
#[derive(Clone, Debug)]
pub struct BoundedPath {
    path: JsonPath,
    shape: Shape,
}

/// Why a text is not taken as a JSONPath.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It is not one, or one with an error.
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// It exceeds a limit: which, and where, in bytes of the path, if one place exceeds it.
    #[error("{0}")]
    Limit(String, Option<usize>),
}

/// A path is not evaluated, as that would take too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathCost {
    /// Time; with the size of the document.
    #[error("evaluating the JSONPath takes too long on {}, nested {depth} deep", counted(*values, "value"))]
    Steps {
        /// How many values the document has.
        values: u64,
        /// How deep they are nested.
        depth: u64,
    },
    /// Memory.
    #[error("the JSONPath selects more than {} MiB", MAX_COPIED >> 20)]
    Memory,
}

impl BoundedPath {
    /// Parses a path.
    ///
    /// # Errors
    /// If it is not one, or could take too long.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let shape = Shape::of(text)?;
        Ok(Self { path: JsonPath::parse(text)?, shape })
    }

    /// Whether it can select at most one value (RFC 9535 section 2.3.5.1).
    pub fn is_singular(&self) -> bool {
        self.shape.is_singular
    }

    /// How many `..` it has.
    pub fn descendants(&self) -> u32 {
        self.shape.descendants
    }

    /// The values that it selects.
    ///
    /// # Errors
    /// If that would take too long.
    pub fn query<'a>(&self, document: &'a Value) -> Result<NodeList<'a>, PathCost> {
        self.check(document, |_| 1)?;
        Ok(self.path.query(document))
    }

    /// Copies of the values that it selects.
    ///
    /// # Errors
    /// If that would take too long, or too much memory.
    pub fn copied(&self, document: &Value) -> Result<Vec<Value>, PathCost> {
        let nodes = self.query(document)?;
        if self.shape.multiplies() {
            let (mut whole, mut left) = (usize::MAX, MAX_COPIED);
            charge(document, &mut whole);
            left = left.max(usize::MAX - whole);
            if !nodes.iter().all(|node| charge(node, &mut left)) {
                return Err(PathCost::Memory);
            }
        }
        Ok(nodes.into_iter().cloned().collect())
    }

    /// The values that it selects, with their places.
    ///
    /// # Errors
    /// If that would take too long.
    pub fn query_located<'a>(&self, document: &'a Value) -> Result<LocatedNodeList<'a>, PathCost> {
        // Each place is copied.
        self.check(document, |size| size.depth)?;
        Ok(self.path.query_located(document))
    }

    fn check(&self, document: &Value, factor: impl Fn(&Size) -> u64) -> Result<(), PathCost> {
        if self.shape.is_singular {
            return Ok(());
        }
        let size = Size::of(document);
        match self.shape.steps(&size).saturating_mul(factor(&size)) > MAX_STEPS {
            true => Err(PathCost::Steps { values: size.values, depth: size.depth }),
            false => Ok(()),
        }
    }
}

impl std::fmt::Display for BoundedPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(f)
    }
}

/// What the work of an evaluation depends on.
#[derive(Clone, Copy, Debug)]
struct Shape {
    is_singular: bool,
    descendants: u32,
    /// How many values the lists in brackets may find for one value.
    selected: u64,
    /// At least as many as there are segments, in filters too.
    segments: u64,
    /// How many `match()` and `search()` there are.
    functions: u64,
}

impl Shape {
    fn of(path: &str) -> Result<Self, PathError> {
        let limit = |message: String, at| Err(PathError::Limit(message, at));
        if path.len() > MAX_PATH {
            let length = path.len();
            let message = format!("a JSONPath of {length} bytes; at most {MAX_PATH} are allowed");
            return limit(message, None);
        }
        let (mut descendants, mut selected, mut segments) = (0, 1_u64, 1);
        // How many selectors each open bracket has so far.
        let (mut open, mut previous) = (Vec::new(), ' ');
        let mut quotes = Quotes::new(path);
        while let Some(c) = quotes.next() {
            let at = quotes.position() - c.len_utf8();
            segments += u64::from(matches!(c, '.' | '[' | '@' | '$'));
            match c {
                '[' | '(' => open.push(1),
                ']' => selected = selected.saturating_mul(open.pop().unwrap_or(1)),
                ')' => drop(open.pop()),
                ',' => open.last_mut().into_iter().for_each(|count| *count += 1),
                '.' if previous == '.' => descendants += 1,
                '$' if at > 0 && !is_singular(embedded(&path[at..])) => {
                    let message = "a path that begins with $ in a filter must name one value";
                    return limit(message.to_owned(), Some(at));
                }
                _ => {}
            }
            if open.len() > MAX_NESTING {
                let message = format!("a JSONPath with more than {MAX_NESTING} nested brackets");
                return limit(message, None);
            }
            if descendants > MAX_DESCENDANTS {
                let message = format!("a JSONPath has at most {MAX_DESCENDANTS} \"..\"");
                return limit(message, Some(at - 1));
            }
            previous = c;
        }
        if selected > MAX_SELECTED {
            let message = format!("the lists in brackets select more than {MAX_SELECTED} values");
            return limit(message, None);
        }
        let functions = path.matches("match(").count() + path.matches("search(").count();
        let functions = functions as u64;
        Ok(Self { is_singular: is_singular(path), descendants, selected, segments, functions })
    }

    /// Whether it can select a value several times, or in several values.
    fn multiplies(&self) -> bool {
        self.descendants > 0 || self.selected > 1
    }

    /// At most as many steps as this are taken in a document of this size, but for a constant factor.
    fn steps(&self, size: &Size) -> u64 {
        // The first `..` finds each value once, the second once for each value around it.
        let found = if self.descendants > 1 { size.visits } else { size.values };
        // What is found is moved up level by level, many values in one step.
        let each = self.segments + FUNCTION_STEPS * self.functions + size.depth / MOVED;
        let searched = size.text.saturating_mul(self.functions);
        found.saturating_mul(each).saturating_add(searched).saturating_mul(self.selected)
    }
}

/// The size of a document.
#[derive(Default)]
struct Size {
    values: u64,
    /// How deep values are nested; the document has the depth 1.
    depth: u64,
    /// The sum of the depths of all values.
    visits: u64,
    /// The length of the texts, each as often as there are values around it, in bytes.
    text: u64,
}

impl Size {
    fn of(document: &Value) -> Self {
        let mut size = Self::default();
        size.add(document, 1);
        size
    }

    fn add(&mut self, value: &Value, depth: u64) {
        self.values += 1;
        self.visits += depth;
        self.depth = self.depth.max(depth);
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.add(value, depth + 1)),
            Value::Object(members) => {
                members.values().for_each(|value| self.add(value, depth + 1));
            }
            Value::String(text) => self.text += text.len() as u64 * depth,
            _ => {}
        }
    }
}

/// Takes what a copy of a value needs from what is left, in bytes; whether it is enough.
fn charge(value: &Value, left: &mut usize) -> bool {
    let mut take = |bytes: usize| {
        let rest = left.checked_sub(bytes);
        *left = rest.unwrap_or(0);
        rest.is_some()
    };
    let own = size_of::<Value>();
    match value {
        Value::Array(values) => take(own) && values.iter().all(|value| charge(value, left)),
        Value::Object(members) => {
            let names: usize = members.keys().map(|name| name.len() + MEMBER).sum();
            take(own + names) && members.values().all(|value| charge(value, left))
        }
        Value::String(text) => take(own + text.len()),
        _ => take(own),
    }
}

/// The path at the start of this text in a filter, without what follows it.
fn embedded(text: &str) -> &str {
    let (mut quotes, mut depth) = (Quotes::new(text), 0);
    while let Some(c) = quotes.next() {
        match c {
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            ']' | ')' | ',' | '=' | '!' | '<' | '>' | '&' | '|' if depth == 0 => {
                return &text[..quotes.position() - 1];
            }
            _ => {}
        }
    }
    text
}

/// Only names and indices, one at a time: what else a path can have contains one of these characters.
fn is_singular(path: &str) -> bool {
    let mut previous = ' ';
    !Quotes::new(path).any(|c| {
        let is_descendant = (previous, c) == ('.', '.');
        previous = c;
        is_descendant || matches!(c, '*' | ':' | '?' | ',')
    })
}

/// The characters of a path that are not in quotes.
pub(super) struct Quotes<'a> {
    text: &'a str,
    rest: std::str::Chars<'a>,
    /// The quote that is open.
    open: Option<char>,
}

impl<'a> Quotes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, rest: text.chars(), open: None }
    }

    /// The quote that is still open at the end of a text.
    pub(super) fn of(text: &'a str) -> Option<char> {
        let mut quotes = Self::new(text);
        quotes.by_ref().for_each(drop);
        quotes.open
    }

    /// Behind the last character, in bytes of the text.
    pub(super) fn position(&self) -> usize {
        self.text.len() - self.rest.as_str().len()
    }
}

impl Iterator for Quotes<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            let c = self.rest.next()?;
            match self.open {
                Some(_) if c == '\\' => drop(self.rest.next()),
                Some(quote) if c == quote => self.open = None,
                Some(_) => {}
                None if matches!(c, '"' | '\'') => self.open = Some(c),
                None => return Some(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::json;

    fn parsed(text: &str) -> Value {
        json::parse(text.as_bytes()).expect("JSON")
    }

    fn nested(depth: usize) -> Value {
        parsed(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)))
    }

    fn refused(path: &str) -> String {
        BoundedPath::parse(path).expect_err(path).to_string()
    }

    #[test]
    fn what_multiplies_is_limited_when_a_path_is_parsed() {
        for path in ["$..a..a..a", "$..*..*..*", "$..a..a[?@..b]"] {
            assert_eq!(refused(path), "a JSONPath has at most 2 \"..\"", "{path}");
        }
        for path in ["$.a[?count($.a[?@.b]) > 1]", "$[?$..a]", "$[?@.a == $.b && $['b'][*]]"] {
            let reason = "a path that begins with $ in a filter must name one value";
            assert_eq!(refused(path), reason, "{path}");
        }
        let lists = "$[*,*][*,*][*,*][*,*][*,*][*,*][*,*]";
        assert_eq!(refused(lists), "the lists in brackets select more than 64 values");
        let nested = "$.a[?(((((((((@.b";
        assert_eq!(refused(nested), "a JSONPath with more than 8 nested brackets");
    }

    #[test]
    fn what_people_write_is_taken() {
        for path in [
            "$",
            "$.a.b[1]['c d']",
            "$..id",
            "$..items..id",
            "$.a[?@.b == $.limits['max $..'][0]]",
            "$.a[?@.b > $.limit && @.c]",
            "$.a[?(@.b == $.x)].c",
            "$.a[?search(@.b, '^x.*(a|b)$')]",
            "$[?count(@..x) > 1]",
            "$['a','b','c'][0:5]",
        ] {
            assert!(BoundedPath::parse(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn an_evaluation_that_takes_too_long_is_not_begun() {
        let document = parsed(&format!("[{}0]", "[0],".repeat(100_000)));
        let query =
            |path| BoundedPath::parse(path).expect(path).query(&document).map(|it| it.len());
        assert_eq!(query("$..*"), Ok(200_001));
        assert_eq!(query("$[?@[0] == 0]"), Ok(100_000));
        let error = query("$[?match(@[0], 'a')]").expect_err("a cost");
        let words = "evaluating the JSONPath takes too long on 200002 values, nested 3 deep";
        assert_eq!(error.to_string(), words);
        // A path that names one value always finds it.
        assert_eq!(query("$[7][0]"), Ok(1));
        let located = BoundedPath::parse("$..a..a").expect("a path");
        assert!(located.query_located(&nested(20)).is_ok());
        assert!(located.query_located(&nested(250)).is_err());
    }

    #[test]
    fn what_is_selected_often_is_not_copied() {
        let copied = |path: &str, document: &Value| {
            BoundedPath::parse(path).expect(path).copied(document).map(|it| it.len())
        };
        assert_eq!(copied("$..a..a", &nested(40)), Ok(780));
        assert_eq!(copied("$..a..a", &nested(250)), Err(PathCost::Memory));
        assert_eq!(copied("$..a", &nested(250)), Ok(250));
    }
}
