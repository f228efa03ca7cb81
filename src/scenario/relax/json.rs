//! JSON patterns: members that differ from what came in their place are taken out.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::written::Written;
use crate::scenario::difference::compare;

/// The deepest nesting of a pattern that is relaxed: half of what [`crate::scenario::json`] reads.
const MAX_DEPTH: usize = 128;

/// What is taken out of a pattern so that it matches, in bytes of the file, and how much of it is left, of 1000.
/// `None` if no value is left, or if what differs is not a member.
pub(super) fn relaxed(written: &Written, came: &Value) -> Option<(Vec<Range<usize>>, u32)> {
    let mut reader = Reader { text: &written.text, at: 0 };
    let pattern = reader.value(0)?;
    let fit = fit(written, &pattern, came)?;
    let left = u32::try_from(fit.leaves * 1000 / pattern.leaves().max(1)).ok()?;
    (fit.leaves > 0).then_some((fit.removals, left.max(1)))
}

/// A value in a text, with its place.
struct Node {
    at: Range<usize>,
    kind: NodeKind,
}

enum NodeKind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar(Value),
}

struct Member {
    name: String,
    /// From behind the brace or comma before it to the end of its value.
    at: Range<usize>,
    value: Node,
}

impl Node {
    /// The number of values in it that can be equal or different.
    fn leaves(&self) -> usize {
        match &self.kind {
            NodeKind::Object(members) if !members.is_empty() => {
                members.iter().map(|member| member.value.leaves()).sum()
            }
            NodeKind::Array(elements) if !elements.is_empty() => {
                elements.iter().map(Self::leaves).sum()
            }
            _ => 1,
        }
    }
}

/// What has to be taken out of a value so that it matches.
#[derive(Default)]
struct Fit {
    removals: Vec<Range<usize>>,
    /// How many values are left.
    leaves: usize,
}

/// `None`: the value itself differs.
fn fit(written: &Written, pattern: &Node, came: &Value) -> Option<Fit> {
    match (&pattern.kind, came) {
        (NodeKind::Object(members), Value::Object(came)) => {
            let fits: Vec<_> = members
                .iter()
                .map(|member| fit(written, &member.value, came.get(&member.name)?))
                .collect();
            fit_object(written, members, fits)
        }
        (NodeKind::Array(elements), Value::Array(came)) if elements.len() == came.len() => {
            let mut whole = Fit { leaves: usize::from(elements.is_empty()), ..Fit::default() };
            for (element, came) in elements.iter().zip(came) {
                let fit = fit(written, element, came)?;
                whole.leaves += fit.leaves;
                whole.removals.extend(fit.removals);
            }
            Some(whole)
        }
        (NodeKind::Scalar(expected), came) => {
            compare(came, expected).is_match().then(|| Fit { leaves: 1, ..Fit::default() })
        }
        _ => None,
    }
}

fn fit_object(written: &Written, members: &[Member], mut fits: Vec<Option<Fit>>) -> Option<Fit> {
    // Of several members with the same name the last one counts.
    let lasts: BTreeMap<_, _> =
        members.iter().enumerate().map(|(index, member)| (member.name.as_str(), index)).collect();
    for (index, member) in members.iter().enumerate() {
        let last = lasts.get(member.name.as_str()).copied();
        if let Some(last) = last.filter(|last| *last != index) {
            fits[index] = fits[last].is_some().then(Fit::default);
        }
    }
    let mut whole = Fit { leaves: usize::from(members.is_empty()), ..Fit::default() };
    for at in removals(members, &fits) {
        whole.removals.push(written.at(at)?);
    }
    for fit in fits.into_iter().flatten() {
        whole.leaves += fit.leaves;
        whole.removals.extend(fit.removals);
    }
    whole.removals.sort_by_key(|at| at.start);
    Some(whole)
}

/// The members without a fit, each with its comma: that behind it, or if no member is left there, that before it.
fn removals(members: &[Member], fits: &[Option<Fit>]) -> Vec<Range<usize>> {
    let last_left = fits.iter().rposition(Option::is_some);
    let mut removals = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let is_before = last_left.is_some_and(|last| index < last);
        if fits[index].is_none() && is_before {
            // What follows the comma is the next member's.
            removals.push(member.at.start..members[index + 1].at.start);
        }
    }
    let first = last_left.map_or(0, |last| last + 1);
    if let (Some(first), Some(last)) = (members.get(first), members.last()) {
        let comma = usize::from(last_left.is_some());
        removals.push(first.at.start - comma..last.at.end);
    }
    removals
}

/// Reads a text that is known to be JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Node> {
        self.skip_white_space();
        let start = self.at;
        let kind = match self.peek()? {
            _ if depth > MAX_DEPTH => return None,
            b'{' => NodeKind::Object(self.members(depth)?),
            b'[' => NodeKind::Array(self.elements(depth)?),
            b'"' => NodeKind::Scalar(self.string()?.into()),
            _ => {
                let rest = &self.text[self.at..];
                let is_end = |c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace();
                let scalar = rest.split(is_end).next()?;
                self.at += scalar.len();
                NodeKind::Scalar(serde_json::from_str(scalar).ok()?)
            }
        };
        Some(Node { at: start..self.at, kind })
    }

    fn members(&mut self, depth: usize) -> Option<Vec<Member>> {
        self.take(b'{')?;
        let mut members = Vec::new();
        let mut start = self.at;
        if self.take(b'}').is_some() {
            return Some(members);
        }
        loop {
            let name = self.string()?;
            self.take(b':')?;
            let value = self.value(depth + 1)?;
            members.push(Member { name, at: start..value.at.end, value });
            if self.take(b',').is_none() {
                return self.take(b'}').map(|()| members);
            }
            start = self.at;
        }
    }

    fn elements(&mut self, depth: usize) -> Option<Vec<Node>> {
        self.take(b'[')?;
        let mut elements = Vec::new();
        if self.take(b']').is_some() {
            return Some(elements);
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if self.take(b',').is_none() {
                return self.take(b']').map(|()| elements);
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        self.skip_white_space();
        let bytes = &self.text.as_bytes()[self.at..];
        let mut length = usize::from(bytes.first() == Some(&b'"'));
        loop {
            match bytes.get(length)? {
                b'"' => break,
                b'\\' => length += 2,
                _ => length += 1,
            }
        }
        let quoted = self.text.get(self.at..self.at + length + 1)?;
        self.at += quoted.len();
        serde_json::from_str(quoted).ok()
    }

    /// Takes a sign, and white space before it.
    fn take(&mut self, sign: u8) -> Option<()> {
        self.skip_white_space();
        (self.peek()? == sign).then(|| self.at += 1)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_white_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }
}
