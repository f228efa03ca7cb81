//! Text patterns: the regular expression of what stayed the same.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::TextPiece;

/// The most words and signs that are compared one by one; of a longer text only start and end. The time of a
/// comparison grows with the square.
const MOST_WORDS: usize = 512;

/// A text of which less than one in so many letters stayed has nothing but a chance word in common.
const LEAST_LEFT: usize = 20;

/// The regular expression between slashes that matches what came, and how much of the text is left in it, of 1000.
/// `None` if no word is left, or if a variable would have to be taken out.
pub(super) fn relaxed(pieces: &[TextPiece<'_>], came: &str) -> Option<(String, u32)> {
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let (words, others) = (words(&text), words(came));
    let runs = runs(&words, &others);
    let letters = |words: &[&str]| words.iter().copied().map(letters).sum::<usize>();
    let left = runs.iter().map(|run| letters(&words[run.words.clone()])).sum::<usize>();
    if left == 0 || left * LEAST_LEFT < letters(&words) {
        return None;
    }
    let offsets = offsets(&words);
    let in_bytes = |run: &Run| offsets[run.words.start]..offsets[run.words.end];
    let kept: Vec<_> = runs.iter().map(in_bytes).collect();
    let has_lines = text.contains('\n') || came.contains('\n');
    let mut expression = String::from(if has_lines { "/(?s)^" } else { "/^" });
    let mut written = pieces_within(pieces, &kept)?.into_iter();
    let (mut at, mut other) = (0, 0);
    for run in &runs {
        if run.words.start > at || run.others.start > other {
            expression.push_str(".*");
        }
        (at, other) = (run.words.end, run.others.end);
        written.next()?.iter().for_each(|piece| expression.push_str(piece));
    }
    if at < words.len() || other < others.len() {
        expression.push_str(".*");
    }
    expression.push_str("$/");
    let left = u32::try_from(left * 1000 / letters(&words).max(1)).ok()?;
    Some((expression, left.max(1)))
}

/// The words of a text, and each other character for itself.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first.is_alphanumeric() {
            true => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

/// Letters and digits; signs and white space are in common by chance.
fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphanumeric()).count()
}

/// Where each word starts, in bytes, and where the last one ends.
fn offsets(words: &[&str]) -> Vec<usize> {
    let ends = words.iter().scan(0, |end, word| {
        *end += word.len();
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}

/// Words that stayed the same, by their numbers in the pattern and in what came.
struct Run {
    words: Range<usize>,
    others: Range<usize>,
}

fn runs(words: &[&str], others: &[&str]) -> Vec<Run> {
    if words.len().max(others.len()) > MOST_WORDS {
        return start_and_end(words, others);
    }
    let equal = |op: &DiffOp| match *op {
        DiffOp::Equal { old_index, new_index, len } => {
            Some(Run { words: old_index..old_index + len, others: new_index..new_index + len })
        }
        _ => None,
    };
    let operations = capture_diff_slices(Algorithm::Myers, words, others);
    operations.iter().filter_map(equal).collect()
}

fn start_and_end(words: &[&str], others: &[&str]) -> Vec<Run> {
    let same = |(one, other): &(&&str, &&str)| one == other;
    let start = words.iter().zip(others).take_while(same).count();
    let (after, others_after) = (&words[start..], &others[start..]);
    let end = after.iter().rev().zip(others_after.iter().rev()).take_while(same).count();
    let runs = [
        Run { words: 0..start, others: 0..start },
        Run { words: words.len() - end..words.len(), others: others.len() - end..others.len() },
    ];
    runs.into_iter().filter(|run| !run.words.is_empty()).collect()
}

/// What is kept as it stands in a regular expression of the file, for each range. `None` if a variable is not in
/// one of them whole.
fn pieces_within(pieces: &[TextPiece<'_>], kept: &[Range<usize>]) -> Option<Vec<Vec<String>>> {
    let mut written: Vec<Vec<String>> = kept.iter().map(|_| Vec::new()).collect();
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.text.len();
        let mut is_kept = false;
        for (range, written) in kept.iter().zip(&mut written) {
            let (from, to) = (start.max(range.start), end.min(range.end));
            match piece.variable {
                Some(variable) if from == start && to == end && start < end => {
                    written.push(variable.to_owned());
                    is_kept = true;
                }
                None if from < to => {
                    written.push(escaped(&piece.text[from - start..to - start]));
                }
                _ => {}
            }
        }
        if piece.variable.is_some() && !is_kept {
            return None;
        }
        start = end;
    }
    Some(written)
}

/// A text in a regular expression on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str(r"\n"),
            '\r' => escaped.push_str(r"\r"),
            '\t' => escaped.push_str(r"\t"),
            c if c.is_control() => escaped.push_str(&format!("\\x{{{:x}}}", u32::from(c))),
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}
