//! Validation of frames (RFC 6455 section 5): each violation with the rule that was broken.

use super::{Inbound, InboundState, Tolerance};
use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::counted::counted;
use crate::protocol::frame::{Header, MAX_CONTROL_PAYLOAD, Opcode, apply_mask};
use crate::protocol::utf8;
use crate::protocol::violation::{Cause, MAX_SHOWN, Rule, Violation};
use crate::protocol::vocabulary::Role;

/// The maximum payload of a control frame where violations are tolerated, in bytes.
pub(super) const MAX_TOLERATED_CONTROL: u64 = 4 << 10;

type Problem = Option<(Rule, String)>;

impl Inbound {
    /// Validates a frame by its header.
    pub(super) fn validate(&mut self, header: &Header) -> Result<(), Violation> {
        // This is called again for the same frame when more of it has been received.
        if self.tolerated_at == Some(self.offset) {
            return Ok(());
        }
        let checks = [
            check_opcode,
            Self::check_reserved_bits,
            Self::check_masking,
            Self::check_control,
            Self::check_close,
            Self::check_sequence,
            Self::check_length,
            Self::check_size,
        ];
        for check in checks {
            if let Some((rule, detail)) = check(self, header) {
                let violation = self.violation_of(rule, detail, header);
                if rule == Rule::MessageInsideMessage && !self.can_abandon_message() {
                    return Err(violation);
                }
                self.tolerate(violation)?;
                self.tolerated_at = Some(self.offset);
                if rule == Rule::MessageInsideMessage {
                    self.abandon_message();
                }
            }
        }
        Ok(())
    }

    /// A violation by the frame at the start of the input.
    pub(super) fn violation_of(&self, rule: Rule, detail: String, header: &Header) -> Violation {
        let payload = self.input.bytes().get(header.len()..).unwrap_or_default();
        let shown = MAX_SHOWN.min(usize::try_from(header.length).unwrap_or(usize::MAX));
        let mut payload = payload[..payload.len().min(shown)].to_vec();
        if let Some(key) = header.mask {
            apply_mask(&mut payload, key, 0);
        }
        Violation::by_frame(*header, self.offset, rule, detail, &payload)
    }

    /// After an incomplete compressed message the inflater cannot continue.
    fn can_abandon_message(&self) -> bool {
        self.limits.tolerance == Tolerance::Passive
            || self.message.is_none_or(|message| !message.compressed)
    }

    /// Discards the received part of an incomplete message.
    fn abandon_message(&mut self) {
        if self.message.take().is_some_and(|message| message.compressed)
            && let Some(inflater) = &mut self.inflater
        {
            inflater.recover();
        }
        self.utf8 = Default::default();
    }

    fn check_reserved_bits(&self, header: &Header) -> Problem {
        let is_any = header.rsv1 || header.rsv2 || header.rsv3;
        if !is_any || self.limits.has_other_extensions {
            return None;
        }
        let (opcode, reserved) = (header.opcode, header.reserved_bits());
        if self.inflater.is_none() {
            let detail =
                format!("{reserved} set on a {opcode} frame, but no extension was negotiated");
            return Some((Rule::ReservedBits, detail));
        }
        if header.rsv2 || header.rsv3 {
            let detail = format!("{reserved} set on a {opcode} frame; only RSV1 is defined");
            return Some((Rule::ReservedBits, detail));
        }
        let can_start = matches!(opcode, Opcode::Text | Opcode::Binary);
        (!can_start).then(|| (Rule::MisplacedRsv1, format!("{opcode} frame")))
    }

    fn check_masking(&self, header: &Header) -> Problem {
        match (self.limits.role, header.mask) {
            (Role::Client, Some([a, b, c, d])) => {
                let detail = format!(
                    "{} frame with masking key {a:02x}{b:02x}{c:02x}{d:02x}",
                    header.opcode
                );
                Some((Rule::MaskedByServer, detail))
            }
            (Role::Server, None) => {
                Some((Rule::UnmaskedByClient, format!("{} frame", header.opcode)))
            }
            _ => None,
        }
    }

    fn check_control(&self, header: &Header) -> Problem {
        let opcode = header.opcode;
        if !opcode.is_control() {
            return None;
        }
        if !header.fin {
            return Some((Rule::FragmentedControl, format!("{opcode} frame without FIN")));
        }
        let rule = match header.length {
            length if length <= MAX_CONTROL_PAYLOAD as u64 => return None,
            length
                if length > MAX_TOLERATED_CONTROL
                    && self.limits.tolerance == Tolerance::Lenient =>
            {
                Rule::ControlOverTolerance
            }
            _ => Rule::ControlTooLong,
        };
        Some((rule, format!("{opcode} frame with {} bytes of payload", header.length)))
    }

    /// RFC 6455 section 5.5.1, where decoding continues after a Close frame.
    fn check_close(&self, header: &Header) -> Problem {
        let is_late = !header.opcode.is_control() || header.opcode == Opcode::Close;
        (self.state == InboundState::AfterClose && is_late)
            .then(|| (Rule::FrameAfterClose, header.to_string()))
    }

    fn check_sequence(&self, header: &Header) -> Problem {
        let opcode = header.opcode;
        match (opcode, self.message) {
            (Opcode::Continuation, None) if !self.skips_continuations => {
                Some((Rule::ContinuationWithoutStart, "no message has been started".to_owned()))
            }
            (Opcode::Text | Opcode::Binary, Some(message)) => {
                let (kind, frames) = (message.kind, message.frames);
                let detail = format!(
                    "{opcode} frame after {} of an unfinished {kind} message",
                    counted(frames, "frame")
                );
                Some((Rule::MessageInsideMessage, detail))
            }
            _ => None,
        }
    }

    fn check_length(&self, header: &Header) -> Problem {
        let length = header.length;
        if length >> 63 != 0 {
            return Some((Rule::LengthTooLarge, format!("declared length {length}")));
        }
        if !header.is_minimal() {
            let detail = format!("length {length} encoded in {} bits", header.length_bits());
            return Some((Rule::LengthNotMinimal, detail));
        }
        None
    }

    fn check_size(&self, header: &Header) -> Problem {
        let (opcode, length) = (header.opcode, header.length);
        let is_passive = self.limits.tolerance == Tolerance::Passive;
        let is_skipped = match opcode {
            Opcode::Reserved(_) => true,
            Opcode::Continuation => self.is_skipping_message(),
            opcode => opcode.is_control(),
        };
        if is_passive || is_skipped {
            return None;
        }
        let (before, compressed) = match self.message {
            Some(message) if opcode == Opcode::Continuation => {
                (message.payload_size, message.compressed)
            }
            _ => (0, self.starts_compressed(header)),
        };
        let limit = self.limits.max_message_size;
        let total = before.saturating_add(length);
        if compressed {
            let detail = || format!("{total} compressed bytes, over the limit of {limit}");
            return self.is_over_limit(total, true).then(|| (Rule::MessageTooBig, detail()));
        }
        let detail = || format!("{total} bytes, over the limit of {limit}");
        self.is_over_limit(total, false).then(|| (Rule::MessageTooBig, detail()))
    }

    /// Whether a message of which the payload on the wire has this size is too big.
    pub(super) fn is_over_limit(&self, size: u64, compressed: bool) -> bool {
        let limit = self.limits.max_message_size;
        size > if compressed { compressed_limit(limit) } else { limit }
    }
}

fn check_opcode(inbound: &Inbound, header: &Header) -> Problem {
    match header.opcode {
        Opcode::Reserved(bits) if !inbound.limits.has_other_extensions => {
            Some((Rule::ReservedOpcode, format!("opcode {bits} (0x{bits:x})")))
        }
        _ => None,
    }
}

/// The maximum compressed size of a message within the limit: incompressible data becomes slightly longer.
fn compressed_limit(limit: u64) -> u64 {
    limit.saturating_add(limit / 16).saturating_add(1024)
}

/// RFC 6455 section 5.5.1: a code and a reason, or nothing.
///
/// # Errors
/// The violated rule, what was received, and the cause if it is known.
pub(in crate::protocol) fn read_close(
    payload: &[u8],
) -> Result<ClosePayload, (Rule, String, Option<Cause>)> {
    let (high, low, reason) = match payload {
        [] => return Ok(ClosePayload::default()),
        [byte] => {
            return Err((
                Rule::CloseTooShort,
                format!("payload 0x{byte:02x}, but a close code has two bytes"),
                None,
            ));
        }
        [high, low, reason @ ..] => (*high, *low, reason),
    };
    let code = CloseCode::new(u16::from_be_bytes([high, low]));
    if !code.may_be_sent() {
        return Err((Rule::InvalidCloseCode, format!("close code {code} must not be sent"), None));
    }
    match std::str::from_utf8(reason) {
        Ok(reason) => Ok(ClosePayload { code: Some(code), reason: reason.to_owned() }),
        Err(error) => {
            let at = error.valid_up_to();
            let is_cut = reason.len() == ClosePayload::MAX_REASON || utf8::is_cut(reason, at);
            let cause = match error.error_len() {
                None => is_cut.then_some(Cause::CutCharacter),
                Some(_) => utf8::is_surrogate(&reason[at..]).then_some(Cause::Surrogate),
            };
            let what = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
            let detail = format!("close code {code}, byte {at} of the reason{what}");
            Err((Rule::InvalidUtf8InReason, detail, cause))
        }
    }
}

/// Parses a payload that [`read_close`] rejects as far as possible.
pub(super) fn read_close_leniently(payload: &[u8]) -> ClosePayload {
    match payload.split_first_chunk() {
        Some((code, reason)) => ClosePayload {
            code: Some(CloseCode::new(u16::from_be_bytes(*code))),
            reason: String::from_utf8_lossy(reason).into_owned(),
        },
        None => ClosePayload::default(),
    }
}
