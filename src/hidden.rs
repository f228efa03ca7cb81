//! Characters that are not seen, or that change how others are seen.

/// Whether a character controls a terminal, reorders its surroundings or is invisible. That includes every
/// joiner, also between two characters that need it: this is for reversible escapes, as those of JSON.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || is_joiner(c) || is_invisible(c) || is_noncharacter(c)
}

/// Zero-width (non-)joiner, which emoji, Persian and Indic scripts need between two characters.
pub fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a joiner has a use after `previous`: never in ASCII text, at the start, after something
/// that is shown as an escape, or after another joiner, where it could only hide information.
pub fn joins(previous: Option<char>) -> bool {
    previous.is_some_and(|c| !(c.is_ascii() || is_hidden(c)))
}

/// Characters that reorder their surroundings or are invisible. Variation selectors are
/// excluded because ordinary emoji contain them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        | '\u{061c}' | '\u{200e}'..='\u{200f}' // bidi marks
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // bidi embeddings and isolates
        | '\u{2028}'..='\u{2029}' // line and paragraph separator
        | '\u{00ad}' | '\u{034f}' // soft hyphen, grapheme joiner
        | '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}'..='\u{17b5}' | '\u{180e}' // Khmer inherent vowels, Mongolian separator
        | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' // zero-width spaces, operators
        | '\u{206a}'..='\u{206f}' // deprecated format controls
        | '\u{fff0}'..='\u{fffb}' // interlinear annotation and its unassigned neighbours
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' // shorthand and musical controls
        | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' // tags, default ignorables
    )
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}
