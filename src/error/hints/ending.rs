//! Hints for the end of an open connection, based on what was received.

use std::time::Duration;

use super::{ENGINE_IO, is_engine_io};
use crate::error::text::span;
use crate::event::{Closed, LastTraffic, SOON, SilenceAdvice};
use crate::protocol::CloseCode;
use crate::protocol::close::{APPLICATIONS, KNOWN};
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::keepalive::PeerActivity;
use crate::protocol::violation::{Cause, Rule, Violation};
use crate::protocol::vocabulary::TransportEnd;
use crate::protocol::{Header, Opcode};
use crate::resilience::idle_timeouts::LEAST_IDLE;

/// An end after a shorter silence is not attributed to an idle time limit.
const LEAST_SILENCE: Duration = Duration::from_secs(2);

/// Fewer bytes may be readable text by chance.
const LEAST_TEXT: usize = 8;

pub(super) fn protocol(closed: &Closed) -> Option<String> {
    let violation = closed.ending.violation.as_ref()?;
    let text = match violation.rule {
        Rule::HttpAfterUpgrade => return http(violation),
        Rule::TextInsteadOfFrame => stray_text(violation)?,
        _ if reads_as_text(violation) => {
            "these bytes are text, not a frame: something other than frames is written to the connection, such as an error page or debug output"
        }
        Rule::ControlOverTolerance => {
            "Close, ping and pong frames carry at most 125 bytes: --lenient accepts up to 4096"
        }
        Rule::OverMemory => "listen --max-memory SIZE allows more for all clients together",
        Rule::MessageTooBig => "--max-message-size SIZE allows more",
        Rule::InvalidUtf8 | Rule::InvalidUtf8InReason
            if violation.cause == Some(Cause::Surrogate) =>
        {
            "this is a UTF-16 surrogate, which is invalid in UTF-8: the peer splits a text between the two halves of a surrogate pair, or encodes each half on its own (CESU-8)"
        }
        Rule::InvalidUtf8 if violation.cause == Some(Cause::CutCharacter) => {
            "the peer ends a text message inside a character: it must split text between characters, or send the parts as fragments of one message"
        }
        Rule::InvalidUtf8InReason if violation.cause == Some(Cause::CutCharacter) => {
            "a reason has at most 123 bytes: a longer one must be cut between characters"
        }
        Rule::InvalidUtf8 => {
            "text messages must be UTF-8: the peer must encode the text, or send the bytes as binary"
        }
        // With compression negotiated, RSV1 alone would be valid.
        Rule::ReservedBits if violation.frame.is_some_and(|it| may_be_compressed(&it)) => {
            "RSV1 is used by compression (permessage-deflate), which was not negotiated"
        }
        Rule::ReservedBits | Rule::ReservedOpcode if violation.offset > 0 => {
            "if the previous frame declared a wrong length, this is not a frame header at all"
        }
        Rule::MaskedByServer => "only clients mask their frames",
        Rule::UnmaskedByClient => "clients mask every frame they send",
        Rule::CorruptDeflate if violation.cause == Some(Cause::KeptContext) => {
            "the sender must compress each message on its own, as negotiated (RFC 7692 section 7.1.1); --no-compress turns compression off"
        }
        Rule::CorruptDeflate if violation.cause == Some(Cause::OutsideWindow) => {
            "the sender must compress with a window of at most the size that was negotiated (RFC 7692 section 7.1.2); --no-compress turns compression off"
        }
        Rule::CorruptDeflate => "--no-compress turns compression off",
        Rule::MisplacedRsv1 => "only the first frame of a compressed message has RSV1",
        Rule::LengthNotMinimal => {
            "a length up to 125 takes 7 bits, up to 65535 it takes 16, above that 64"
        }
        Rule::FrameAfterClose => "the Close frame must be the last frame: what follows is not read",
        Rule::ControlTooLong | Rule::FragmentedControl => {
            "Close, ping and pong frames carry at most 125 bytes, and are never fragmented"
        }
        Rule::ContinuationWithoutStart | Rule::MessageInsideMessage => {
            "the first frame of a message has opcode 1 or 2, each further frame has 0, and the last has FIN"
        }
        Rule::InvalidCloseCode => {
            "only 1000 to 1003, 1007 to 1014 and 3000 to 4999 may be sent; 'wscope codes' lists them"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// The hint for an HTTP response instead of frames.
fn http(violation: &Violation) -> Option<String> {
    if is_engine_io(&String::from_utf8_lossy(&violation.excerpt)) {
        return Some(ENGINE_IO.to_owned());
    }
    let status = violation.detail.split(' ').nth(1).and_then(|status| status.parse().ok());
    let text = match status {
        // RFC 9110 sections 15.6.3 and 15.6.5.
        Some(502 | 504) => {
            "a gateway or proxy responds like this when the server behind it has failed or does not answer"
        }
        Some(400..=599_u16) if violation.offset == 0 => {
            "the server accepted the upgrade and then answered with a plain HTTP error; socket.io does so for a wrong path or query"
        }
        _ => {
            "after the upgrade a connection carries only frames: the server, or a proxy in between, still speaks HTTP on it"
        }
    };
    Some(text.to_owned())
}

/// The hint for other text instead of a frame.
fn stray_text(violation: &Violation) -> Option<&'static str> {
    Some(match violation.cause? {
        Cause::HttpChunk => {
            "the peer, or a proxy in between, uses Transfer-Encoding: chunked, which ends with the upgrade (RFC 9112 section 6.1)"
        }
        Cause::HttpRequest => {
            "after the upgrade a connection carries only frames: the client, or a proxy in between, still speaks HTTP on it"
        }
        Cause::Markup => "a page was written to the connection, by the peer or a proxy in between",
        Cause::LineEnd if violation.offset == 0 => "an extra line end follows the response head",
        Cause::LineEnd => "the peer writes a line end after its frames",
        Cause::Surrogate | Cause::CutCharacter | Cause::KeptContext | Cause::OutsideWindow => {
            return None;
        }
    })
}

/// Whether the bytes of the invalid frame are readable text, which decodes to reserved bits or a reserved
/// opcode. A first frame of a fragmented message with RSV1 also starts with a capital letter.
fn reads_as_text(violation: &Violation) -> bool {
    if !matches!(violation.rule, Rule::ReservedBits | Rule::ReservedOpcode | Rule::MisplacedRsv1) {
        return false;
    }
    let Some(frame) = violation.frame else { return false };
    let is_readable = |byte: &u8| matches!(byte, 0x20..=0x7e | b'\r' | b'\n' | b'\t');
    let bytes = frame.bytes().iter().chain(violation.payload.iter());
    frame.mask.is_none()
        && !matches!(frame.bytes().first(), Some(0x40..=0x42))
        && bytes.clone().count() >= LEAST_TEXT
        && bytes.clone().all(is_readable)
}

/// Whether the frame may be the start of a compressed message (RFC 7692 section 6.1).
fn may_be_compressed(frame: &Header) -> bool {
    frame.rsv1
        && !frame.rsv2
        && !frame.rsv3
        && matches!(frame.opcode, Opcode::Text | Opcode::Binary)
}

pub(super) fn abnormal(closed: &Closed) -> Option<String> {
    let ending = &closed.ending;
    match &ending.cause {
        _ if ending.received.is_some() => close_code(closed),
        EndCause::Transport(end, _) => transport(closed, end),
        _ => None,
    }
}

/// The hint for the peer's close code. Its meaning is left out if the peer gave a reason, or only answered
/// our Close frame.
fn close_code(closed: &Closed) -> Option<String> {
    let code = closed.ending.code();
    let pointer = pointer(code);
    if !closed.ending.reason().is_empty() || closed.ending.initiator == Initiator::Local {
        return pointer;
    }
    let application = closed.application;
    let meaning =
        application.and_then(|it| it.meaning(code).map(|meaning| format!("{it}: {meaning}")));
    if let Some(meaning) = meaning {
        return Some(meaning); // that is what the page says too
    }
    let meaning = first_sentence(code.explain().meaning);
    Some([Some(meaning), pointer].into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// Where more is known of the code than its range; only applications define those for private use.
fn pointer(code: CloseCode) -> Option<String> {
    let number = code.get();
    let has_meaning = || APPLICATIONS.iter().any(|it| it.meaning(code).is_some());
    match number {
        4000..=4999 => has_meaning()
            .then(|| format!("'wscope codes {number}' lists applications that use the code")),
        3000..=3999 if !KNOWN.contains(&number) => None,
        _ => Some(format!("'wscope codes {number}' explains the code")),
    }
}

/// The hint for an end without a Close frame.
fn transport(closed: &Closed, end: &TransportEnd) -> Option<String> {
    if matches!(end, TransportEnd::Error(_)) {
        return None; // the message of the system is sufficient
    }
    if closed.ending.sent.is_some() {
        let text = "the peer does not complete the closing handshake: with --count N or --expect PATTERN, once met, that is not a failure";
        return closed.silence_advice.goals.then(|| text.to_owned());
    }
    if closed.quiet >= LEAST_SILENCE && closed.silence_advice.ping_interval {
        let otherwise = match closed.quiet >= LEAST_IDLE {
            true => "",
            false => "; otherwise the logs there may say why",
        };
        return Some(format!(
            "nothing was sent or received for {} before: if the server or a proxy in between has an idle time limit, --ping-interval {}s keeps the connection busy{otherwise}",
            span(closed.quiet),
            closed.quiet.as_secs() / 2
        ));
    }
    if let Some(missing) = &closed.hint {
        return Some(format!("{missing}; its log may say why"));
    }
    let text = match (&closed.last, end) {
        (LastTraffic::Message(_, ago), TransportEnd::Eof) if *ago < SOON => {
            "the peer ended the connection right after that message: its log may say why"
        }
        (LastTraffic::Frame(_, ago), TransportEnd::Eof) if *ago < SOON => {
            "the peer ended the connection right after that frame: its log may say why"
        }
        (_, TransportEnd::Reset) => {
            "the peer crashed or closed the connection without reading all, or something in between reset it: the logs there may say why"
        }
        _ => {
            "the peer crashed or closed the connection without a Close frame, or something in between did: the logs there may say why"
        }
    };
    Some(text.to_owned())
}

/// The hint for a ping that was not answered.
pub(super) fn missed_pong(instead: PeerActivity, silence_advice: SilenceAdvice) -> String {
    let text = match instead {
        PeerActivity::NotReading => "the peer does not read, or the network in between fails",
        PeerActivity::Nothing => {
            "nothing else was received either: the peer hangs or ignores pings, or the network in between fails"
        }
        PeerActivity::OtherPongs => {
            return "a pong must repeat the payload of the ping that it answers (RFC 6455 section 5.5.3)"
                .to_owned();
        }
        PeerActivity::Messages(_) | PeerActivity::Other => {
            return "the peer is alive but does not answer pings, as RFC 6455 section 5.5.2 requires; --ping-timeout 0 does not wait for pongs"
                .to_owned();
        }
    };
    let reconnect = if silence_advice.reconnect { "; --reconnect connects again" } else { "" };
    format!("{text}{reconnect}")
}

/// The first sentence, to be used inside another: "An exit status. More." → "an exit status", but "AWS" is kept.
fn first_sentence(text: &str) -> String {
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(sentence.chars().skip(1)).collect()
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(rule: Rule, bytes: &[u8]) -> Violation {
        let header = Header::decode(bytes);
        Violation {
            rule,
            detail: String::new(),
            frame: header,
            offset: 0,
            payload: bytes[header.map_or(0, |header| header.len())..].into(),
            excerpt: Vec::new(),
            cause: None,
        }
    }

    #[test]
    fn text_is_recognised_only_if_it_cannot_be_a_frame() {
        for (rule, bytes, is_text) in [
            (Rule::ReservedBits, &b"debug: connected"[..], true),
            (Rule::ReservedOpcode, b"{\"a\":1, \"b\":2}", true),
            (Rule::ReservedOpcode, b"\r\n\r\n12345678", true),
            (Rule::MisplacedRsv1, b"Hello, this is text", true),
            (Rule::ReservedBits, b"debug", false),
            (Rule::ReservedBits, b"AB a compressed first fragment", false),
            (Rule::FragmentedControl, b"\x09\x20 a ping of 32 bytes, without FIN", false),
            (Rule::FragmentedControl, b"\x0a\x0a0123456789", false),
        ] {
            let given = reads_as_text(&violation(rule, bytes));
            assert_eq!(given, is_text, "{rule:?} {:?}", bytes.escape_ascii().to_string());
        }
    }
}
