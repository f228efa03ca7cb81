//! What a scenario says in comments, and in words, of what it cannot express.

use std::fmt::Write as _;

use super::lines::is_awkward;
use super::session::Step;
use super::uncaptured::Stale;
use crate::event::Omitted;
use crate::protocol::CloseCode;
use crate::protocol::counted::counted;

/// What cannot be written, in words.
pub(super) fn unwritable(step: &Step<'_>) -> &'static str {
    match step {
        Step::Sent(_) | Step::Received(_) => "text message that is not UTF-8",
        Step::SentPing(_) => "ping whose payload is not a line of text",
        Step::SentPong(_) | Step::ReceivedPong(_) => "pong whose payload is not a line of text",
        Step::SentClose(..) | Step::Ended(..) | Step::EndedByEither(_) => {
            "close code that cannot be sent"
        }
        Step::SentFile(..) => "file",
        Step::Omitted(..) => "message",
    }
}

/// Says that values are sent as they were recorded.
pub(super) fn push_uncaptured(body: &mut String, stale: &[Stale]) {
    for Stale { value, form, is_binary } in stale {
        let form = match form {
            Some(form) => format!(", here as {}", comment(form)),
            None => String::new(),
        };
        let why = match is_binary {
            true => "no variable can stand in binary data",
            false => "it is not captured",
        };
        let value = comment(value);
        let _ = writeln!(
            body,
            "# The server sent {value} before{form}, and {why}: the next time it may be another one."
        );
    }
}

/// Says where a message is missing that a proxy did not keep.
pub(super) fn push_omitted(body: &mut String, name: &str, omitted: &Omitted, is_sent: bool) {
    let Omitted { kind, size, .. } = omitted;
    let size = counted(*size, "byte");
    let kind = kind.name();
    let (done, sign) = if is_sent { ("sent", '>') } else { ("received", '<') };
    let _ = writeln!(
        body,
        "# A {kind} message of {size} was {done} here that the proxy did not keep.\n\
         # With its data in a file, write  {name}{sign} {kind}:@PATH"
    );
}

/// Says how a connection ended if either side may have closed it. No step holds for both: one that waits for a Close frame
/// fails if the client has to send it, and one that sends it may come behind that of the server. Without either the connection
/// is closed with 1000 at the end of the part, if it is still open.
pub(super) fn push_either_end(body: &mut String, name: &str, code: CloseCode) {
    let code = code.get();
    let _ = writeln!(
        body,
        "# The connection was closed with {code} here. The recording does not say by which side: if by the\n\
         # server, write  {name}< close:{code}  else  {name}> close:{code}"
    );
}

/// A text of a recording in a comment.
pub(super) fn comment(text: &str) -> String {
    const LONGEST: usize = 200;
    let visible = text.chars().take(LONGEST).map(|c| if is_awkward(c) { ' ' } else { c });
    visible.collect()
}
