//! Completion, hints and colours while a line is typed.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::CmdKind;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::colors::{colored, is_colored};
use super::completion::arguments;
use super::composer::Composer;
use super::json_text::{continuations, is_meant_as_json, open_string};
use super::keys::Keys;
use super::prompt::PromptText;
use super::set::CommandWords;
use super::text_part::text_part;
use super::visible::{Behind, drawn, has_hidden, in_lines, one_line, remark};
use super::words::SlashCommand;

use crate::platform::terminal;

/// The newest messages of this size are looked at for completion in JSON, in bytes.
const MAX_COMPLETED_FROM: usize = 1 << 20;

/// Completes, hints and colours the line being typed.
#[derive(Helper)]
pub(super) struct Assistant {
    words: CommandWords,
    color: bool,
    /// What is typed on the prompt line.
    typed: RefCell<String>,
    keys: Arc<Keys>,
    composer: Arc<Composer>,
    prompt: PromptText,
    /// How often a line that is not sent was drawn since that was decided.
    draws: Cell<u64>,
}

impl Assistant {
    /// One that completes these commands.
    pub(super) fn new(
        words: CommandWords,
        color: bool,
        keys: Arc<Keys>,
        composer: Arc<Composer>,
        prompt: PromptText,
    ) -> Self {
        let (typed, draws) = (RefCell::default(), Cell::default());
        Self { words, color, typed, keys, composer, prompt, draws }
    }

    /// What stands before a line that is sent now.
    pub(super) fn sent_prompt(&self) -> String {
        let prompt = self.prompt.text();
        self.prompt.note_sent();
        self.prompt.drawn(&prompt).into_owned()
    }

    /// What stands before the next line.
    pub(super) fn prompt(&self) -> String {
        self.prompt.text()
    }

    /// What was typed on the prompt line when it was drawn last.
    pub(super) fn typed(&self) -> Ref<'_, str> {
        Ref::map(self.typed.borrow(), String::as_str)
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        if self.keys.take_continuation() {
            let newline = Pair { display: String::new(), replacement: "\n".to_owned() };
            return Ok((pos - 1, vec![newline]));
        }
        if let Some(completed) = self.complete_json(line, pos) {
            return Ok(completed);
        }
        let (address, typed, commands) = self.behind_address(&line[..pos]);
        let Some(command) = typed.strip_prefix('/').filter(|command| !command.starts_with('/'))
        else {
            return Ok((pos, Vec::new()));
        };
        if command.contains(' ') {
            let commands: Vec<_> = self.commands(commands).collect();
            let numbers = self.prompt.context().and_then(|context| context.numbers.as_ref());
            let names = self.prompt.names();
            let (length, pairs) = arguments(command, &commands, &self.composer, names, numbers);
            return Ok((pos - length, pairs));
        }
        let fitting =
            self.commands(commands).filter(|command| command.name.starts_with(&typed[1..]));
        let pairs = fitting.map(|command| {
            let space = if command.arguments.is_empty() { "" } else { " " };
            Pair {
                display: format!("/{}", command.name),
                replacement: format!("/{}{space}", command.name),
            }
        });
        Ok((address, pairs.collect()))
    }
}

impl Hinter for Assistant {
    type Hint = Behind;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Behind> {
        line.clone_into(&mut self.typed.borrow_mut());
        if let Some(reason) = self.composer.refusal(line) {
            let lines = in_lines(&reason, 0, terminal::width().saturating_sub(1));
            return Some(Behind::Remark(format!("\n{}", lines.trim_end())));
        }
        remark(line).map(Behind::Remark).or_else(|| self.next(line, pos).map(Behind::Next))
    }
}

impl Assistant {
    /// The length of `/to N ` if a line starts so, what is behind it, and the commands that can be there.
    fn behind_address<'l>(&self, line: &'l str) -> (usize, &'l str, &'static [SlashCommand]) {
        let behind = line.strip_prefix("/to ").and_then(|rest| rest.split_once(' '));
        match behind.filter(|_| !self.words.addressed.is_empty()) {
            Some((_, line_of_client)) => {
                (line.len() - line_of_client.len(), line_of_client, self.words.addressed)
            }
            None => (0, line, self.words.all),
        }
    }

    /// These commands, and those of the prompt itself if they are the ones at the start of a line.
    fn commands(
        &self,
        commands: &'static [SlashCommand],
    ) -> impl Iterator<Item = &'static SlashCommand> {
        let is_start = std::ptr::eq(commands, self.words.all);
        let has_context = self.prompt.context().is_some();
        let start = is_start.then(|| self.words.at_start(has_context));
        let behind = if is_start { &[] } else { commands };
        start.into_iter().flatten().chain(behind)
    }

    /// Keys and strings of messages, in a string of JSON; with where they begin in the line.
    fn complete_json(&self, line: &str, pos: usize) -> Option<(usize, Vec<Pair>)> {
        let part = text_part(&line[..pos], !self.words.addressed.is_empty())?;
        let open = open_string(part.text).filter(|_| is_meant_as_json(part.text))?;
        let messages = self.prompt.context()?.view.recent(MAX_COMPLETED_FROM);
        let texts = messages.iter().filter_map(|kept| str::from_utf8(&kept.data).ok());
        let quote = if line[pos..].starts_with('"') { "" } else { "\"" };
        let pair = |word: String| Pair {
            display: one_line(&word).into_owned(),
            replacement: word + quote,
        };
        let texts = texts.filter(|text| is_meant_as_json(text));
        let pairs = continuations(&open, texts).into_iter().map(pair).collect();
        Some((pos - open.start.len(), pairs))
    }

    /// What fits behind the start of a command.
    fn next(&self, line: &str, pos: usize) -> Option<String> {
        let (_, line_of_client, commands) = self.behind_address(line);
        let name = line_of_client.strip_prefix('/');
        let name = name.filter(|name| !name.is_empty() && pos == line.len())?;
        let (name, has_arguments) = match name.split_once(' ') {
            Some((name, "")) => (name, true),
            Some(_) => return None,
            None => (name, false),
        };
        if let Some(command) = self.commands(commands).find(|command| command.name == name) {
            let arguments = command.arguments;
            return (!arguments.is_empty()).then(|| {
                if has_arguments { arguments.to_owned() } else { format!(" {arguments}") }
            });
        }
        let mut fitting = self
            .commands(commands)
            .filter(|command| command.name.starts_with(name) && !has_arguments);
        let only = fitting.next()?;
        fitting.next().is_none().then(|| {
            format!("{} {}", &only.name[name.len()..], only.arguments).trim_end().to_owned()
        })
    }
}

impl Assistant {
    fn styled<'t>(&self, style: &str, text: &'t str) -> Cow<'t, str> {
        match self.color {
            true => Cow::Owned(format!("{style}{text}\x1b[0m")),
            false => Cow::Borrowed(text),
        }
    }
}

/// Every line may be sent. What is not drawn of one, and that it is not sent, stays on the screen behind it.
impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        if let Some(mark) = self.keys.mark() {
            self.draws.set(0);
            return Ok(ValidationResult::Valid(Some(mark.to_owned())));
        }
        let is_drawn_anew = !context.input().is_empty() && self.prompt.note_sent();
        let behind = remark(context.input()).or_else(|| is_drawn_anew.then(String::new));
        Ok(ValidationResult::Valid(behind))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let colored = self.color.then(|| colored(line)).flatten();
        let shown = colored.map_or_else(|| drawn(line), Cow::Owned);
        let Some(mark) = self.keys.mark() else { return shown };
        // The first time it is behind the line. If the cursor is not there, the line is drawn once more, without that.
        match self.draws.replace(self.draws.get() + 1) {
            0 => shown,
            _ => Cow::Owned(shown.into_owned() + &self.styled("\x1b[2m", mark)),
        }
    }

    /// What is typed into such a line is not written by itself, but the line anew.
    fn highlight_char(&self, line: &str, _: usize, _: CmdKind) -> bool {
        (self.color && is_colored(line)) || has_hidden(line)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.styled(if hint.starts_with('\n') { "\x1b[33m" } else { "\x1b[2m" }, hint)
    }

    /// While history is searched, the prompt has what is searched for.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        is_default: bool,
    ) -> Cow<'b, str> {
        self.keys.set_searching(!is_default);
        let text = match self.prompt.drawn(prompt) {
            Cow::Borrowed(prompt) => drawn(prompt),
            own => own,
        };
        match text {
            Cow::Borrowed(text) => self.styled("\x1b[32m", text),
            Cow::Owned(text) => Cow::Owned(self.styled("\x1b[32m", &text).into_owned()),
        }
    }
}
