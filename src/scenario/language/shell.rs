//! Variables in the commands of `$` lines. Their values are handed over in the environment, so that the shell never
//! reads them as language; what the line gets is the name of an environment variable, quoted as its place needs it.

use super::diagnostic::Diagnostic;
use super::template::{Piece, Template, Variable};

/// How a variable has to be written at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// In double quotes of its own.
    Own,
    /// As it is: it stands inside of double quotes.
    Inside,
}

/// What the text of a command is inside of, from the outside in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    Single,
    Double,
    Comment,
    Backquotes,
    /// `${…}`
    Parameter,
    /// `$((…))`, with so many parentheses open.
    Arithmetic(usize),
    /// `$(…)` or `(…)`
    Parentheses,
}

/// How each variable of a command has to be written, in order.
///
/// # Errors
/// With the first one at whose place the shell does not expand it, or would read its value as language.
pub fn quoting(command: &Template) -> Result<Vec<Quoting>, Diagnostic> {
    let mut scanner = Scanner { contexts: Vec::new(), is_word_start: true };
    let mut found = Vec::new();
    for piece in command.pieces() {
        match piece {
            Piece::Literal(text) => scanner.read(text),
            Piece::Variable(variable) => {
                found.push(scanner.variable().map_err(|reason| {
                    let message = format!("{{{{{}}}}} cannot be used {reason}", variable.name);
                    let error = Diagnostic::new(variable.at.clone(), message);
                    error.with_help("outside of quotes and in double quotes it can")
                })?);
                scanner.is_word_start = false;
            }
        }
    }
    distinct(command)?;
    Ok(found)
}

/// The part of an environment variable's name that comes from the variable's.
pub fn environment_name(name: &str) -> String {
    name.replace('-', "_")
}

/// Two variables must not become one.
fn distinct(command: &Template) -> Result<(), Diagnostic> {
    let mut seen: Vec<&Variable> = Vec::new();
    for variable in command.variables() {
        let name = environment_name(&variable.name);
        let is_other =
            |it: &&&Variable| it.name != variable.name && environment_name(&it.name) == name;
        if let Some(other) = seen.iter().find(is_other) {
            let message = format!(
                "{:?} and {:?} have the same name in the environment of a command",
                other.name, variable.name
            );
            return Err(Diagnostic::new(variable.at.clone(), message));
        }
        seen.push(variable);
    }
    Ok(())
}

/// Reads the quotes of a command (POSIX.1-2024, Shell Command Language, section 2.2).
struct Scanner {
    contexts: Vec<Context>,
    /// A `#` here begins a comment.
    is_word_start: bool,
}

impl Scanner {
    fn variable(&self) -> Result<Quoting, &'static str> {
        match self.contexts.last() {
            None | Some(Context::Parentheses) => Ok(Quoting::Own),
            Some(Context::Double) => Ok(Quoting::Inside),
            Some(Context::Single) => Err("in single quotes"),
            Some(Context::Comment) => Err("in a comment"),
            Some(Context::Backquotes) => Err("in backquotes"),
            Some(Context::Parameter) => Err("in ${…}"),
            Some(Context::Arithmetic(_)) => Err("in $((…))"),
        }
    }

    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let length = self.step(c, rest);
            let is_blank =
                c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>');
            self.is_word_start = is_blank && length == c.len_utf8();
            rest = &rest[length..];
        }
    }

    /// Reads the character at the start of `rest`, or more; returns how many bytes.
    fn step(&mut self, c: char, rest: &str) -> usize {
        let one = c.len_utf8();
        match self.contexts.last() {
            Some(Context::Comment) => return one,
            Some(Context::Single) => {
                if c == '\'' {
                    self.contexts.pop();
                }
                return one;
            }
            _ => {}
        }
        if c == '\\' {
            return one + rest[one..].chars().next().map_or(0, char::len_utf8);
        }
        match (self.contexts.last().copied(), c) {
            (Some(Context::Backquotes), '`')
            | (Some(Context::Double), '"')
            | (Some(Context::Parameter), '}')
            | (Some(Context::Parentheses), ')') => drop(self.contexts.pop()),
            (Some(Context::Backquotes), _) => {}
            (_, '$') => return self.expansion(rest),
            (_, '`') => self.contexts.push(Context::Backquotes),
            (Some(Context::Arithmetic(depth)), '(' | ')') => return self.arithmetic(depth, rest),
            (Some(Context::Double | Context::Arithmetic(_)), _) => {}
            (_, '"') => self.contexts.push(Context::Double),
            (_, '\'') => self.contexts.push(Context::Single),
            (None | Some(Context::Parentheses), '(') => self.contexts.push(Context::Parentheses),
            (None | Some(Context::Parentheses), '#') if self.is_word_start => {
                self.contexts.push(Context::Comment);
            }
            _ => {}
        }
        one
    }

    fn expansion(&mut self, rest: &str) -> usize {
        let starts = [
            ("$((", Context::Arithmetic(0)),
            ("$(", Context::Parentheses),
            ("${", Context::Parameter),
        ];
        for (start, context) in starts {
            if rest.starts_with(start) {
                self.contexts.push(context);
                return start.len();
            }
        }
        1
    }

    fn arithmetic(&mut self, depth: usize, rest: &str) -> usize {
        self.contexts.pop();
        match (rest.starts_with('('), depth) {
            (true, _) => self.contexts.push(Context::Arithmetic(depth + 1)),
            (false, 0) => return if rest.starts_with("))") { 2 } else { 1 },
            (false, _) => self.contexts.push(Context::Arithmetic(depth - 1)),
        }
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(command: &str) -> Result<String, String> {
        let template = Template::parse(command, 0).expect("a template");
        let found = quoting(&template).map_err(|error| format!("{:?}", error.at))?;
        let signs = found.iter().map(|it| if *it == Quoting::Own { 'o' } else { 'i' });
        Ok(signs.collect())
    }

    /// Scenario language, section 3: "In a `$` line `{{name}}` becomes `"${WSCOPE_VARIABLE_name}"`"
    #[test]
    fn variables_are_quoted_as_their_place_needs_it() {
        for (command, expected) in [
            ("cmd {{v}}", "o"),
            ("cmd a{{v}}b{{w}}", "oo"),
            (r#"cmd "a{{v}}b" {{v}}"#, "io"),
            (r#"cmd "a\"{{v}}" \"{{v}}"#, "io"),
            (r#"cmd 'a"' {{v}} "it's {{v}}""#, "oi"),
            (r#"cmd "$(a {{v}} "b{{v}}")c{{v}}" {{v}}"#, "oiio"),
            ("(cmd {{v}}); $(cmd (a) {{v}}) {{v}}", "ooo"),
            ("cmd a#{{v}} $# {{v}}", "oo"),
            ("cmd \\# {{v}} \\' {{v}}", "oo"),
            ("echo $((1 + (2))) {{v}} ${a:-b} {{v}} `c` {{v}} $ {{v}}", "oooo"),
            (r#"echo ${a:-"}"} {{v}}"#, "o"),
        ] {
            assert_eq!(written(command).as_deref(), Ok(expected), "{command}");
        }
    }

    /// Scenario language, section 3: "a server's text is never run"
    #[test]
    fn where_the_shell_would_not_expand_them_they_are_errors() {
        for (command, at) in [
            ("cmd '{{v}}'", "5..10"),
            ("cmd '\\'{{v}} '{{v}}", "14..19"),
            ("cmd # {{v}}", "6..11"),
            ("cmd;#{{v}}", "5..10"),
            ("cmd `a {{v}}`", "7..12"),
            ("cmd $((1 + {{v}}))", "11..16"),
            ("cmd ${a:-{{v}}}", "9..14"),
            ("cmd {{a-b}} {{a_b}}", "12..19"),
        ] {
            assert_eq!(written(command), Err(at.to_owned()), "{command}");
        }
        assert_eq!(written("cmd {{a-b}} {{a-b}}").as_deref(), Ok("oo"));
    }
}
