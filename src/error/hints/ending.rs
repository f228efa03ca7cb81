//! What to do about the end of a connection that was open. What is said follows from what came.

use super::{ENGINE_IO, is_engine_io};
use crate::error::text::EARLY;
use crate::event::{Closed, LastTraffic};
use crate::protocol::connection::{EndCause, TransportEnd};
use crate::protocol::keepalive::Instead;
use crate::protocol::violation::{Cause, Rule, Violation};
use crate::protocol::{CloseCode, Header, Opcode};

/// Proxies and load balancers cut idle connections after a minute or more.
const IDLE_CUT: u64 = 28;

/// Fewer bytes may read as text by chance.
const LEAST_TEXT: usize = 8;

pub(super) fn protocol(closed: &Closed) -> Option<String> {
    let violation = closed.ending.violation.as_ref()?;
    let text = match violation.rule {
        Rule::HttpAfterUpgrade => return http(violation),
        Rule::TextInsteadOfFrame => foreign(violation)?,
        _ if reads_as_text(violation) => {
            "these bytes read as text, not as a frame: something was written to the connection beside the WebSocket, such as an error page or the output of a print"
        }
        Rule::OverMemory => "listen --max-memory SIZE allows more for all clients together",
        Rule::MessageTooBig => "--max-message-size SIZE allows more",
        Rule::InvalidUtf8 | Rule::InvalidUtf8InReason
            if violation.cause == Some(Cause::Surrogate) =>
        {
            "that is a UTF-16 surrogate, which UTF-8 does not have: the peer cut a text between the two halves of a UTF-16 pair, or encodes each half on its own (CESU-8)"
        }
        Rule::InvalidUtf8 if violation.cause == Some(Cause::CutCharacter) => {
            "the peer cut a text at a number of bytes: it has to cut between characters, or to send the parts as fragments of one message"
        }
        Rule::InvalidUtf8InReason if violation.cause == Some(Cause::CutCharacter) => {
            "a reason has at most 123 bytes: one that is cut has to end with a whole character"
        }
        Rule::InvalidUtf8 => {
            "the peer sends bytes that are not UTF-8 as text; it has to send them as binary"
        }
        // With compression agreed on, RSV1 alone is no objection.
        Rule::ReservedBits if violation.frame.is_some_and(|it| may_be_compressed(&it)) => {
            "RSV1 is used by compression (permessage-deflate), which was not negotiated"
        }
        Rule::ReservedBits | Rule::ReservedOpcode if violation.offset > 0 => {
            "if the frame before declared a wrong length, this is no frame header at all"
        }
        Rule::MaskedByServer => "only clients mask their frames",
        Rule::UnmaskedByClient => "clients mask every frame they send",
        Rule::CorruptDeflate if violation.cause == Some(Cause::KeptContext) => {
            "the sender has to compress each message on its own, as was agreed (RFC 7692 section 7.1.1); --no-compress does without compression"
        }
        Rule::CorruptDeflate => "--no-compress does without compression",
        Rule::MisplacedRsv1 => "RSV1 marks the first frame of a compressed message, no other",
        Rule::LengthNotMinimal => {
            "up to 125 bytes the length has 7 bits, up to 65535 it has 16, and above 64"
        }
        Rule::FrameAfterClose => "a Close frame is the last frame: what follows it is lost",
        Rule::ControlTooLong | Rule::FragmentedControl => {
            "Close, ping and pong frames carry at most 125 bytes, and are never fragmented"
        }
        Rule::ContinuationWithoutStart | Rule::MessageInsideMessage => {
            "a message's first frame has the opcode 1 or 2, each further one has 0, and the last has FIN"
        }
        Rule::InvalidCloseCode => {
            "1000 to 1003, 1007 to 1014 and 3000 to 4999 may be sent; 'wscope codes' tells more"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// An HTTP response instead of frames.
fn http(violation: &Violation) -> Option<String> {
    if is_engine_io(&String::from_utf8_lossy(&violation.excerpt)) {
        return Some(ENGINE_IO.to_owned());
    }
    let status = violation.detail.split(' ').nth(1).and_then(|status| status.parse().ok());
    let text = match status {
        // RFC 9110 sections 15.6.3 and 15.6.5.
        Some(502 | 504) => {
            "a gateway or proxy answers so when the server behind it has failed or does not answer"
        }
        Some(400..=599_u16) if violation.offset == 0 => {
            "the server accepted the upgrade and then answered with a plain HTTP error; socket.io does so for a wrong path or query"
        }
        _ => {
            "an upgraded connection carries nothing but frames: the server, or a proxy in between, has gone back to HTTP"
        }
    };
    Some(text.to_owned())
}

/// Another text instead of a frame.
fn foreign(violation: &Violation) -> Option<&'static str> {
    Some(match violation.cause? {
        Cause::HttpChunk => {
            "the peer, or a proxy in between, sends as with Transfer-Encoding: chunked, which ends with the upgrade (RFC 9112 section 6.1)"
        }
        Cause::HttpRequest => {
            "an upgraded connection carries nothing but frames: the client, or a proxy in between, has gone back to HTTP"
        }
        Cause::Markup => {
            "a page was written to the connection, by the server or a proxy in between"
        }
        Cause::LineEnd if violation.offset == 0 => "a line end too many follows the response head",
        Cause::LineEnd => "the peer writes a line end behind its frames",
        Cause::Surrogate | Cause::CutCharacter | Cause::KeptContext => return None,
    })
}

/// Whether the header and payload of the frame in question are text. RSV1 on the first frame of a
/// fragmented message is a capital letter too.
fn reads_as_text(violation: &Violation) -> bool {
    let Some(frame) = violation.frame else { return false };
    let is_readable = |byte: &u8| matches!(byte, 0x20..=0x7e | b'\r' | b'\n' | b'\t');
    let bytes = frame.bytes().iter().chain(violation.payload.iter());
    frame.mask.is_none()
        && !matches!(frame.bytes().first(), Some(0x40..=0x42))
        && bytes.clone().count() >= LEAST_TEXT
        && bytes.clone().all(is_readable)
}

/// Whether RSV1 may say that it starts a compressed message (RFC 7692 section 6.1).
fn may_be_compressed(frame: &Header) -> bool {
    frame.rsv1
        && !frame.rsv2
        && !frame.rsv3
        && matches!(frame.opcode, Opcode::Text | Opcode::Binary)
}

pub(super) fn abnormal(closed: &Closed) -> Option<String> {
    let ending = &closed.ending;
    if ending.received.is_some() {
        let code = ending.code();
        let explanation = code.explain();
        // What usually makes a peer say so is what we do not: our frames are in order, and masked as our
        // role has it.
        let is_known = code != CloseCode::PROTOCOL_ERROR;
        let cause = explanation
            .causes
            .first()
            .filter(|_| is_known)
            .map(|cause| format!("often: {}; ", inner_sentence(cause)));
        return Some(format!(
            "{}'wscope codes {}' tells more",
            cause.unwrap_or_default(),
            code.get()
        ));
    }
    match &ending.cause {
        EndCause::Transport(..) if ending.sent.is_some() => {
            Some("the peer ends TCP without completing the closing handshake".to_owned())
        }
        EndCause::Transport(..) if closed.quiet.as_secs() >= IDLE_CUT => Some(format!(
            "after {} s without traffic: the idle time limit of a proxy or load balancer? --ping-interval TIME keeps a connection busy",
            closed.quiet.as_secs()
        )),
        EndCause::Transport(end, _) => {
            let text = match (closed.last, end) {
                (LastTraffic::Handshake, TransportEnd::Eof) if closed.quiet < EARLY => {
                    "nothing came after the handshake: the log of the peer may say why"
                }
                (LastTraffic::Message(_, ago), TransportEnd::Eof) if ago < EARLY => {
                    "nothing came after that message: the log of the peer may say why"
                }
                _ => {
                    "the peer hung up or crashed, or something in between cut the connection: its log may say why"
                }
            };
            Some(text.to_owned())
        }
        _ => None,
    }
}

/// A ping that was not answered.
pub(super) fn missed_pong(instead: Instead) -> &'static str {
    match instead {
        Instead::TookNothing | Instead::Nothing => {
            "the peer hangs, or something in between lost the connection; --reconnect connects again"
        }
        Instead::OtherPongs => {
            "a pong has to repeat the payload of the ping that it answers (RFC 6455 section 5.5.3)"
        }
        Instead::Messages(_) | Instead::Other => {
            "the peer is there, but does not answer pings as RFC 6455 section 5.5.2 has it; --idle-timeout TIME needs no pongs"
        }
    }
}

/// A sentence as part of another: "An exit status." → "an exit status", but "AWS" stays.
fn inner_sentence(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(sentence.chars().skip(1)).collect()
        }
        _ => sentence.to_owned(),
    }
}
