//! The text of an HTML page as a browser would show it, without its layout.

/// Elements whose content is not text.
const HIDDEN: [&str; 5] = ["script", "style", "template", "noscript", "svg"];

/// Elements within a line. All others are on separate lines.
const INLINE: [&str; 20] = [
    "a", "abbr", "b", "bdi", "big", "code", "em", "font", "i", "kbd", "label", "q", "s", "small",
    "span", "strong", "sub", "sup", "tt", "u",
];

/// Elements beside each other on a line.
const CELLS: [&str; 2] = ["td", "th"];

/// Character references other than by number.
const NAMED: [(&str, &str); 14] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("copy", "\u{a9}"),
    ("ndash", "\u{2013}"),
    ("mdash", "\u{2014}"),
    ("lsquo", "\u{2018}"),
    ("rsquo", "\u{2019}"),
    ("ldquo", "\u{201c}"),
    ("rdquo", "\u{201d}"),
    ("hellip", "\u{2026}"),
];

/// The longest character reference that is looked for.
const MAX_REFERENCE: usize = 10;

/// Whether a body is an HTML page: by its Content-Type, or else by its first bytes.
pub fn is_html(content_type: Option<&str>, body: &str) -> bool {
    match content_type {
        Some(kind) => kind.to_ascii_lowercase().contains("html"),
        None => {
            let start: String = body.trim_start().chars().take(14).collect();
            let start = start.to_ascii_lowercase();
            start.starts_with("<!doctype html") || start.starts_with("<html")
        }
    }
}

/// The text, a line for each block, without markup, blank lines and needless space.
pub fn text(html: &str) -> String {
    let mut text = Text::default();
    let lower = html.to_ascii_lowercase(); // of the same length
    let mut at = 0;
    while let Some(next) = html[at..].find(['<', '&']).map(|offset| at + offset) {
        text.push(&html[at..next]);
        at = match html.as_bytes()[next] {
            b'&' => text.push_reference(html, next),
            _ => text.push_tag(html, &lower, next),
        };
    }
    text.push(&html[at..]);
    text.finish()
}

/// Text being put together.
#[derive(Default)]
struct Text {
    lines: String,
    line: String,
    /// There is a space before the next word.
    is_apart: bool,
}

impl Text {
    /// Adds text, in which white space of any kind and amount is a space.
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.is_apart = true;
                continue;
            }
            if std::mem::take(&mut self.is_apart) && !self.line.is_empty() {
                self.line.push(' ');
            }
            self.line.push(c);
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.lines.push_str(&self.line);
            self.lines.push('\n');
            self.line.clear();
        }
        self.is_apart = false;
    }

    /// Adds the character of the reference at `at`. Returns where to continue.
    fn push_reference(&mut self, html: &str, at: usize) -> usize {
        let rest = &html[at + 1..];
        let end = rest.bytes().take(MAX_REFERENCE).position(|byte| byte == b';');
        if let Some(end) = end
            && let Some(meaning) = meaning(&rest[..end])
        {
            self.push(&meaning);
            return at + 1 + end + 1;
        }
        self.push("&");
        at + 1
    }

    /// Applies the tag at `at`. Returns where to continue.
    fn push_tag(&mut self, html: &str, lower: &str, at: usize) -> usize {
        let rest = &lower[at + 1..];
        let find = |mark: &str, from: usize| lower[from..].find(mark).map(|offset| from + offset);
        if rest.starts_with("!--") {
            return find("-->", at + 4).map_or(html.len(), |end| end + 3);
        }
        let name = rest.strip_prefix('/').unwrap_or(rest);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || "!?".contains(c)) {
            self.push("<");
            return at + 1;
        }
        let name: &str =
            name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match name {
            cell if CELLS.contains(&cell) => self.is_apart = true,
            inline if INLINE.contains(&inline) => {}
            _ => self.end_line(),
        }
        let end = end_of_tag(html, at);
        match HIDDEN.contains(&name) && !rest.starts_with('/') {
            true => find(&format!("</{name}"), end).map_or(html.len(), |at| end_of_tag(html, at)),
            false => end,
        }
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.lines
    }
}

/// Behind the `>` that ends the tag at `at`, which may have others in the values of its attributes.
fn end_of_tag(html: &str, at: usize) -> usize {
    let mut quote = None;
    for (offset, byte) in html[at..].bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + offset + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    html.len()
}

/// What a character reference means, given without `&` and `;`.
fn meaning(reference: &str) -> Option<String> {
    if let Some(number) = reference.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).map(String::from);
    }
    NAMED.iter().find(|(name, _)| *name == reference).map(|(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{is_html, text};

    #[test]
    fn pages_of_servers_are_text() {
        for (html, expected) in [
            (
                "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
                "502 Bad Gateway\n502 Bad Gateway\nnginx\n",
            ),
            (
                "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<p>Your browser sent a <b>request</b>\n that this server could not understand.<br />\nReason: You&apos;re speaking</p>",
                "Your browser sent a request that this server could not understand.\nReason: You're speaking\n",
            ),
            (
                "<style>p > a { x: 1 }</style><SCRIPT>if (a < b) {}</SCRIPT >\n\n\n<p>a</p><!-- b --><p>c",
                "a\nc\n",
            ),
            ("<a title='x > y' href=\"/\">in</a>side", "inside\n"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", "a b\nc\n"),
            (
                "1 < 2 &amp;&amp; 3 &gt; 2 & more &unknown; &#x27;&#39; &#xd800;",
                "1 < 2 && 3 > 2 & more &unknown; '' &#xd800;\n",
            ),
            ("a<br>b<br/>c", "a\nb\nc\n"),
            ("cut <p>off <scr", "cut\noff\n"),
            ("<script>never ends", ""),
            ("<!-- never ends", ""),
            ("<div id='root'></div>", ""),
            ("<", "<\n"),
            ("&", "&\n"),
            ("\u{fc}&nbsp;\u{fc}<\u{fc}>", "\u{fc} \u{fc}<\u{fc}>\n"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn a_page_is_recognised() {
        for (kind, body, expected) in [
            (Some("text/html; charset=utf-8"), "x", true),
            (Some("application/xhtml+xml"), "x", true),
            (Some("text/plain"), "<html>", false),
            (None, "\n<!DOCTYPE html>", true),
            (None, "<HTML lang=en>", true),
            (None, "<p>", false),
            (None, "\u{fc}\u{fc}", false),
        ] {
            assert_eq!(is_html(kind, body), expected, "{kind:?} {body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_converted(html in "(<|>|</|<!--|-->|script|p|td|&|#|;|x|\"|'|\\PC| ){0,60}") {
            let shown = text(&html);
            proptest::prop_assert!(shown.is_empty() || shown.ends_with('\n'));
            proptest::prop_assert!(!shown.lines().any(|line| line.trim().is_empty()), "{:?}", shown);
        }
    }
}
