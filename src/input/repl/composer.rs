//! What is sent of a line: its placeholders and escapes, and whether it is the JSON that it looks like.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::closest::closest;
use super::filled::not_json;
use super::json_text::{Fault, fault, is_meant_as_json};
use super::names::PromptNames;
use super::place::place;
use super::placeholders::{Expanded, expand, has_placeholders, quote};
use super::saved::SavedMessages;
use super::set::CommandWords;
use super::text_part::{TextPart, text_part};
use super::visible::one_line;
use crate::template::{new_date, new_uuid};
use crate::view::View;

/// The names of placeholders that have a value without `/set`.
pub(super) const BUILT_IN: [&str; 3] = ["newDate", "newUuid", "now"];

/// Where lines of the prompt are made into what is sent.
#[derive(Debug)]
pub(super) struct Composer {
    /// A line that is not a command is sent as a message.
    sends_lines: bool,
    /// `/to N` is a command.
    has_clients: bool,
    variables: Mutex<BTreeMap<String, String>>,
    refused: Mutex<Option<Refusal>>,
    last_sent: Mutex<Option<SentText>>,
    /// Saved messages are those of its current connection.
    names: Arc<PromptNames>,
}

/// The last text that was sent by a line, which may be ahead of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SentText {
    /// The text with its placeholders.
    typed: String,
    sent: Bytes,
    /// The name of its connection.
    connection: String,
    /// The number of the newest message before it.
    after: u64,
}

/// A line that Enter has not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    line: String,
    reason: String,
    /// Enter again sends it.
    may_be_sent: bool,
}

impl Composer {
    /// One for a prompt with these commands.
    pub(super) fn new(words: CommandWords, names: Arc<PromptNames>) -> Self {
        Self {
            sends_lines: words.sends_lines,
            has_clients: !words.addressed.is_empty(),
            variables: Mutex::default(),
            refused: Mutex::default(),
            last_sent: Mutex::default(),
            names,
        }
    }

    /// Whether Enter sends this line. If not, [`Composer::refusal`] is why.
    pub(super) fn accepts(&self, line: &str) -> bool {
        let refusal = self.judge(line);
        let mut refused = self.refused();
        let is_repeated = refusal.as_ref().is_some_and(|new| new.may_be_sent)
            && refused.as_ref().is_some_and(|old| old.may_be_sent && old.line == line);
        *refused = refusal.filter(|_| !is_repeated);
        refused.is_none()
    }

    /// Why Enter has not sent the line, if that is this one.
    pub(super) fn refusal(&self, line: &str) -> Option<String> {
        let refused = self.refused();
        refused.as_ref().filter(|it| it.line == line).map(|it| it.reason.clone())
    }

    /// The next Enter does not count as the second one.
    pub(super) fn forget_refusal(&self) {
        *self.refused() = None;
    }

    fn judge(&self, line: &str) -> Option<Refusal> {
        let refusal = |reason: String, may_be_sent| Refusal {
            line: line.to_owned(),
            reason: one_line(&reason).into_owned(),
            may_be_sent,
        };
        let part = self.text_part(line)?;
        let expanded = match self.expanded(&part) {
            Ok(expanded) => expanded,
            Err(fault) => {
                return Some(refusal(placed(line, part.at, &fault), false));
            }
        };
        let text = expanded.as_ref().map_or(part.text, |expanded| &expanded.text);
        if !part.is_whole || part.reads_escapes || !is_meant_as_json(text) {
            return None;
        }
        let reason = match &expanded {
            Some(expanded) => not_json(line, part.at, expanded)?,
            None => format!("not JSON: {}", placed(line, part.at, &fault(text)?)),
        };
        Some(refusal(
            format!("{reason}; Enter again sends it as it is, Alt-Enter starts a new line"),
            true,
        ))
    }

    fn text_part<'l>(&self, line: &'l str) -> Option<TextPart<'l>> {
        text_part(line, self.has_clients).filter(|_| self.sends_lines)
    }

    /// Whether a line that is not a command is sent as a message, and messages are written here.
    pub(super) fn sends_lines(&self) -> bool {
        self.sends_lines
    }

    /// The command, without its slash, that sends the text of this line with its values; `None` if the line has nothing
    /// to replace.
    ///
    /// # Errors
    /// Why nothing is sent, in words.
    pub(super) fn command(&self, line: &str) -> Result<Option<String>, String> {
        let Some(part) = self.text_part(line) else { return Ok(None) };
        match self.expanded(&part) {
            Ok(expanded) => Ok(expanded.map(|expanded| part.command + &expanded.text)),
            Err(fault) => Err(placed(line, part.at, &fault)),
        }
    }

    /// The text with its values; `None` if it is sent as it was typed.
    fn expanded(&self, part: &TextPart<'_>) -> Result<Option<Expanded>, Fault> {
        if !part.reads_escapes && !has_placeholders(part.text) {
            return Ok(None);
        }
        let value = |name: &str| self.value(name);
        expand(part.text, part.reads_escapes, value, |name| self.unknown(name)).map(Some)
    }

    /// Keeps the text of a line that is sent, if it has one.
    pub(super) fn note_line(&self, line: &str, view: Option<&View>) {
        let part = self.text_part(line);
        let Some(part) = part.filter(|part| part.is_whole && !line.is_empty()) else { return };
        let Ok(expanded) = self.expanded(&part) else { return };
        let sent = expanded.map_or_else(|| part.text.to_owned(), |expanded| expanded.text);
        let typed = if part.reads_escapes { quote(&sent) } else { part.text.to_owned() };
        self.note_text(typed, sent.into(), view);
    }

    /// Keeps a text that is sent, which was written with placeholders in this way.
    pub(super) fn note_text(&self, typed: String, sent: Bytes, view: Option<&View>) {
        let after = view.and_then(View::kept).map_or(0, |(_, newest)| newest);
        let text = SentText { typed, sent, connection: self.names.current(), after };
        *self.last_sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    /// The last text that was sent on the connection that lines are for, however it was sent: as it was typed, if it was.
    pub(super) fn last_sent(&self, view: Option<&View>) -> Option<String> {
        let current = self.names.current();
        let shown = view.and_then(|view| view.last_sent_text(&current));
        let noted = self.last_sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let noted = noted.filter(|it| it.connection == current);
        match (shown, noted) {
            // What was sent since then is something else, such as what /again sends.
            (Some(shown), Some(noted))
                if shown.number > noted.after && shown.data != noted.sent =>
            {
                Some(quote(&String::from_utf8_lossy(&shown.data)))
            }
            (_, Some(noted)) => Some(noted.typed),
            (Some(shown), None) => Some(quote(&String::from_utf8_lossy(&shown.data))),
            (None, None) => None,
        }
    }

    /// The saved messages of the connection that lines are for.
    pub(super) fn saved(&self) -> SavedMessages {
        SavedMessages { folder: self.names.messages() }
    }

    /// A text with `***` in place of the secrets that options gave.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        self.names.without_secrets(text.to_owned())
    }

    /// The value of a placeholder.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        if let Some(value) = self.variables().get(name) {
            return Some(value.clone());
        }
        match name {
            "newUuid" => Some(new_uuid()),
            "newDate" | "now" => Some(new_date()),
            _ => None,
        }
    }

    fn unknown(&self, name: &str) -> String {
        let variables = self.variables();
        let names = variables.keys().map(String::as_str).chain(BUILT_IN);
        let guess = match closest(name, names) {
            Some(close) => format!("; did you mean {{{{{close}}}}}?"),
            None => ":".to_owned(),
        };
        format!(
            "{{{{{name}}}}} has no value{guess} /set {name} VALUE gives it one, \\{{{{ sends the braces"
        )
    }

    /// The values that `/set` gave.
    pub(super) fn variables(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fault in a part of a line that begins at `start`, with its place in the line.
fn placed(line: &str, start: usize, fault: &Fault) -> String {
    format!("{}: {}", place(line, start + fault.at), fault.what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::{CONNECTION_COMMANDS, SERVER_COMMANDS};

    fn composer() -> Composer {
        let composer = Composer::new(CONNECTION_COMMANDS.words, Arc::default());
        composer.variables().insert("name".to_owned(), "Kim".to_owned());
        composer.variables().insert("bad".to_owned(), "} /quit".to_owned());
        composer
    }

    #[test]
    fn json_that_does_not_parse_is_sent_by_the_second_enter() {
        let composer = composer();
        let line = r#"{"안녕": }"#;
        assert!(!composer.accepts(line));
        let reason = "not JSON: column 8: expected a value, got \"}\"; Enter again sends it as it is, Alt-Enter starts a new line";
        assert_eq!(composer.refusal(line).as_deref(), Some(reason));
        assert_eq!(composer.refusal("{"), None, "another line");
        assert!(composer.accepts(line));
        assert_eq!(composer.refusal(line), None);
        assert!(!composer.accepts(line), "the next time it is looked at again");
        assert!(!composer.accepts("{"), "another line");
        assert!(!composer.accepts(line), "not the last one any more");
    }

    #[test]
    fn what_is_not_meant_as_json_is_accepted() {
        let composer = composer();
        for line in [
            "",
            "hello",
            "\"",
            "{}",
            "[1, 2]",
            " {\"a\": 1}\n",
            "/text {}",
            "/ping {",
            "/binary {",
            "//{",
            "/text -e {",
            "/fragment 2 {",
            r#"{"a":"{{name}}"}"#,
            r"\{{name}}",
            r#"{{ "a": 1 }}"#,
            "{{}}",
            "/texts {",
        ] {
            assert!(composer.accepts(line), "{line}: {:?}", composer.refusal(line));
        }
    }

    #[test]
    fn a_refused_line_has_the_place_in_what_was_typed() {
        let composer = composer();
        for (line, start) in [
            ("{", "not JSON: column 2: "),
            ("  [1 2]", "not JSON: column 6: "),
            ("/text [", "not JSON: column 8: "),
            ("{\n \"a\": x\n}", "not JSON: line 2, column 7: "),
            (r#"{"a":"{{name}}",}"#, "not JSON: column 17: "),
            (
                r#"[{{bad}}]"#,
                "not JSON after {{bad}} was replaced by its value: column 2, character 1 of the value: ",
            ),
            (
                "hi {{nam}}",
                "column 4: {{nam}} has no value; did you mean {{name}}? /set nam VALUE ",
            ),
            (
                "hi {{other}}",
                "column 4: {{other}} has no value: /set other VALUE gives it one, \\{{ ",
            ),
            (r"/text -e a\q", "column 11: \\q is not an escape"),
            ("/fragment 2 {{x}}", "column 13: {{x}} has no value"),
        ] {
            assert!(!composer.accepts(line), "{line}");
            let reason = composer.refusal(line).expect(line);
            assert!(reason.starts_with(start), "{line}: {reason}");
        }
        assert!(
            !composer.accepts("{{x}}") && !composer.accepts("{{x}}"),
            "there is nothing to send"
        );
        let reason = "[\"\x1b[2J\u{202e}";
        assert!(!composer.accepts(reason));
        let shown = composer.refusal(reason).expect("a reason");
        assert!(!shown.contains(['\x1b', '\u{202e}']), "{shown}");
    }

    #[test]
    fn a_line_is_classified_before_values_are_put_in() {
        let composer = composer();
        let command = |line| composer.command(line).expect("known");
        assert_eq!(command("hello"), None);
        assert_eq!(command("/ping {{name}}"), None);
        assert_eq!(command("hi {{name}}").as_deref(), Some("text -- hi Kim"));
        assert_eq!(command("{{bad}}").as_deref(), Some("text -- } /quit"));
        assert_eq!(command(r"/text -e \t{{name}}").as_deref(), Some("text -- \tKim"));
        assert_eq!(command("/fragment 3 {{name}}").as_deref(), Some("fragment 3 Kim"));
        let server = Composer::new(SERVER_COMMANDS.words, Arc::default());
        server.variables().insert("a".to_owned(), "/quit".to_owned());
        let to = |line| server.command(line).expect("known");
        assert_eq!(to("/to 2 {{a}}").as_deref(), Some("to 2 /text -- /quit"));
        assert_eq!(composer.command("/to 2 {{name}}"), Ok(None), "not a command here");
    }

    #[test]
    fn built_in_values_differ_each_time() {
        let composer = composer();
        let uuid = || composer.command("{{newUuid}}").expect("known");
        assert_ne!(uuid(), uuid());
        for name in ["now", "newDate"] {
            let text = composer.command(&format!("{{{{{name}}}}}")).expect("known");
            let date = text.as_deref().and_then(|text| text.strip_prefix("text -- "));
            assert!(date.is_some_and(|it| it.parse::<jiff::Timestamp>().is_ok()), "{text:?}");
        }
    }
}
