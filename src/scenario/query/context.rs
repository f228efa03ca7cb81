//! Which queries have a meaning behind which steps.

use super::tree::{Expression, QueryKind};
use crate::scenario::language::Diagnostic;

/// What the sections behind a step judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The handshake, behind `WS` and `HTTP`.
    Handshake,
    /// The message that a step took.
    Message,
    /// The end of the connection, behind `< close:`.
    Close,
    /// The pong, behind `< pong:`.
    Pong,
    /// The messages of a period, behind `DURING`.
    Period,
    /// The command, behind `$`.
    Command,
    /// Nothing but variables, behind a step that takes nothing.
    Nothing,
}

const MESSAGE: &str =
    "jsonpath, regex, text, bytes, type, size, wire_size, frames, compressed, duration";

impl Context {
    const ALL: [Self; 6] =
        [Self::Handshake, Self::Message, Self::Close, Self::Pong, Self::Period, Self::Command];

    /// Its queries, but `variable`, which is everywhere.
    fn queries(self) -> &'static str {
        match self {
            Self::Handshake => {
                "status, header, subprotocol, extensions, body, timing, tls_version, certificate"
            }
            Self::Message => MESSAGE,
            Self::Close => "code, reason, clean, initiator",
            Self::Pong => "rtt",
            Self::Period => "count, rate, gap",
            Self::Command => "stdout, exit",
            Self::Nothing => "",
        }
    }

    fn has(self, query: &QueryKind) -> bool {
        self.queries().split(", ").any(|name| name == query.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Handshake => "WS or HTTP",
            Self::Message => "a message",
            Self::Close => "< close:",
            Self::Pong => "< pong:",
            Self::Period => "DURING",
            Self::Command => "$",
            Self::Nothing => "a step that takes nothing",
        }
    }

    /// What can be written here.
    fn help(self) -> String {
        let here = match self {
            Self::Period => {
                format!("{}, variable, or each, any or none and {MESSAGE}", self.queries())
            }
            Self::Nothing => "variable".to_owned(),
            _ => format!("{}, variable", self.queries()),
        };
        format!("only {here} can follow {}", self.name())
    }
}

/// Checks that a query has a meaning there.
///
/// # Errors
/// With what can be written there instead.
pub fn check_context(expression: &Expression, context: Context) -> Result<(), Diagnostic> {
    let query = &expression.query.kind;
    let name = query.name();
    let problem = match expression.quantifier {
        Some(quantifier) if context != Context::Period => {
            Some(format!("{} is about the messages of DURING", quantifier.name()))
        }
        Some(quantifier) if !Context::Message.has(query) => Some(format!(
            "{} is followed by a query of a message, not by {name}",
            quantifier.name()
        )),
        Some(_) => None,
        None if matches!(query, QueryKind::Variable(_)) || context.has(query) => None,
        None if context == Context::Period && Context::Message.has(query) => {
            Some(format!("{name} is about one message: put each, any or none before it"))
        }
        None => {
            let found = Context::ALL.into_iter().find(|context| context.has(query));
            let home = found.map_or("another step", Context::name);
            let message = format!("{name} follows {home}, not {}", context.name());
            if found == Some(Context::Handshake) {
                let help = "write it in a section directly below WS or HTTP, before the steps";
                return Err(Diagnostic::new(expression.query.at.clone(), message).with_help(help));
            }
            Some(message)
        }
    };
    match problem {
        Some(message) => {
            Err(Diagnostic::new(expression.query.at.clone(), message).with_help(context.help()))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax::parse_assertion;
    use super::*;

    const CONTEXTS: [(Context, &[&str]); 7] = [
        (
            Context::Handshake,
            &[
                "status",
                "header \"a\"",
                "subprotocol",
                "extensions",
                "body",
                "timing \"dns\"",
                "tls_version",
                "certificate \"issuer\"",
            ],
        ),
        (
            Context::Message,
            &[
                "jsonpath \"$\"",
                "regex /a/",
                "text",
                "bytes",
                "type",
                "size",
                "wire_size",
                "frames",
                "compressed",
                "duration",
            ],
        ),
        (Context::Close, &["code", "reason", "clean", "initiator"]),
        (Context::Pong, &["rtt"]),
        (
            Context::Period,
            &["count", "rate", "gap", "each text", "any jsonpath \"$\"", "none duration"],
        ),
        (Context::Command, &["stdout", "exit"]),
        (Context::Nothing, &[]),
    ];

    fn checked(query: &str, context: Context) -> Result<(), Diagnostic> {
        let assertion = parse_assertion(&format!("{query} exists"), 0).expect(query);
        check_context(&assertion.expression, context)
    }

    #[test]
    fn each_query_stands_behind_its_step_only() {
        for (home, queries) in CONTEXTS {
            for query in queries {
                for (context, _) in CONTEXTS {
                    let is_allowed = checked(query, context).is_ok();
                    assert_eq!(is_allowed, home == context, "{query} behind {context:?}");
                }
            }
        }
        assert!(CONTEXTS.iter().all(|(context, _)| checked("variable \"x\"", *context).is_ok()));
    }

    #[test]
    fn what_can_be_written_instead_is_listed() {
        for (query, context, message, help) in [
            (
                "rtt",
                Context::Message,
                "rtt follows < pong:, not a message",
                "only jsonpath, regex, text, bytes, type, size, wire_size, frames, \
                 compressed, duration, variable can follow a message",
            ),
            (
                "text",
                Context::Period,
                "text is about one message: put each, any or none before it",
                "only count, rate, gap, variable, or each, any or none and jsonpath, regex, \
                 text, bytes, type, size, wire_size, frames, compressed, duration can follow DURING",
            ),
            (
                "each text",
                Context::Message,
                "each is about the messages of DURING",
                "only jsonpath, regex, text, bytes, type, size, wire_size, frames, \
                 compressed, duration, variable can follow a message",
            ),
            (
                "any count",
                Context::Period,
                "any is followed by a query of a message, not by count",
                "only count, rate, gap, variable, or each, any or none and jsonpath, regex, \
                 text, bytes, type, size, wire_size, frames, compressed, duration can follow DURING",
            ),
            (
                "status",
                Context::Nothing,
                "status follows WS or HTTP, not a step that takes nothing",
                "write it in a section directly below WS or HTTP, before the steps",
            ),
            (
                "status",
                Context::Message,
                "status follows WS or HTTP, not a message",
                "write it in a section directly below WS or HTTP, before the steps",
            ),
            (
                "rtt",
                Context::Nothing,
                "rtt follows < pong:, not a step that takes nothing",
                "only variable can follow a step that takes nothing",
            ),
        ] {
            let error = checked(query, context).expect_err(query);
            assert_eq!((error.message.as_str(), error.help.as_deref()), (message, Some(help)));
        }
    }
}
