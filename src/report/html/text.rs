//! Text in HTML, with everything in it that is not visible shown as an escape.

use crate::output::escape::{Newlines, characters, escape};
use crate::report::github::ends_in_mark;

/// A text in one line as the content of an element. No text that is shown stands in an attribute.
pub(super) fn inline(text: &str) -> String {
    escaped(text, Newlines::Escape)
}

/// A text as the content of an element. Escapes are elements of their own: a text may look like one.
pub(super) fn escaped(text: &str, newlines: Newlines) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    let mut is_in_escape = false;
    for (c, needs_escape) in characters(text, newlines) {
        if needs_escape != is_in_escape {
            html.push_str(if needs_escape { "<i>" } else { "</i>" });
            is_in_escape = needs_escape;
        }
        match needs_escape {
            true => html.push_str(&escape(c.encode_utf8(&mut [0; 4]), newlines)),
            false => push(&mut html, c),
        }
    }
    if is_in_escape {
        html.push_str("</i>");
    }
    html
}

/// Quotes are escaped although no text stands in an attribute. Line breaks are escaped so that a text cannot make a
/// line of the page.
fn push(html: &mut String, c: char) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        '\n' => html.push_str("&#10;"),
        // A command of GitHub Actions or Azure Pipelines, wherever it is in a line.
        '[' if ends_in_mark(html) => html.push_str("&#91;"),
        c => html.push(c),
    }
}

/// What stands behind the start of something longer.
pub(super) fn shortened(size: usize) -> String {
    format!("<span class=\"dim\">… ({size} bytes)</span>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        for (text, html) in [
            ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"),
            (
                "</script><img src=x onerror=alert(1)>",
                "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;",
            ),
            ("\u{1b}[2J\u{202e}x", "<i>\\e</i>[2J<i>\\u{202e}</i>x"),
            ("\\u{202e}", "\\u{202e}"),
            ("\0\r\n", "<i>\\x00\\r\\n</i>"),
            ("\u{fffe}", "<i>\\u{fffe}</i>"),
            ("##[x", "##&#91;x"),
        ] {
            assert_eq!(inline(text), html);
        }
        assert_eq!(escaped("a\r\n\tb", Newlines::Keep), "a<i>\\r</i>&#10;\tb");
    }
}
