//! What is wrong with a line, in the words of JSON: the library that reads it speaks of fields, variants and identifiers.

/// What the library's texts begin with, and what ours do.
const WORDS: [(&str, &str); 5] = [
    ("unknown field ", "unknown member "),
    ("missing field ", "missing member "),
    ("duplicate field ", "duplicate member "),
    ("unknown variant ", "unknown value "),
    ("invalid type: ", "wrong type: "),
];

/// The reason, without the position, which callers know better.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The first is the library's message when no other escape follows.
    if ["unexpected end of hex escape", "lone leading surrogate"]
        .iter()
        .any(|it| text.starts_with(it))
    {
        return "half of a UTF-16 surrogate pair alone in \\u escapes".to_owned();
    }
    let text = text.split(" at line ").next().unwrap_or(&text).replace('`', "\"");
    if error.is_eof() {
        return "the JSON ends too early".to_owned();
    }
    if !error.is_data() {
        return match &*text {
            "expected ident" => "not JSON".to_owned(),
            text => format!("not JSON: {text}"),
        };
    }
    let ours = WORDS.iter().find_map(|(theirs, ours)| Some((ours, text.strip_prefix(theirs)?)));
    ours.map_or_else(|| text.clone(), |(ours, rest)| format!("{ours}{rest}"))
}
