//! What can be said against a frame (RFC 6455 section 5), each objection with the rule it rests on.

use super::{ClosePayload, Connection, Role};
use crate::protocol::close::CloseCode;
use crate::protocol::frame::{Header, MAX_CONTROL_PAYLOAD, Opcode};
use crate::protocol::violation::{Rule, Violation};

/// What a server says that has gone back to HTTP.
const HTTP: &[u8] = b"HTTP/";

/// How much of its first line is waited for and shown.
const MAX_STATUS_LINE: usize = 120;

/// How much of it is kept to be shown.
pub(super) const MAX_EXCERPT: usize = 4 << 10;

impl Connection {
    /// Everything that can be said against a frame from its header alone.
    pub(super) fn judge(&self, header: &Header) -> Result<(), Violation> {
        let Some((rule, detail)) = self.objection(header) else { return Ok(()) };
        Err(Violation {
            rule,
            detail,
            frame: Some(*header),
            offset: self.offset,
            excerpt: Vec::new(),
        })
    }

    fn objection(&self, header: &Header) -> Option<(Rule, String)> {
        let opcode = header.opcode;
        if let Opcode::Reserved(bits) = opcode {
            return Some((Rule::ReservedOpcode, format!("opcode {bits} (0x{bits:x})")));
        }
        let reserved = header.reserved_bits();
        if !reserved.is_empty() {
            let detail =
                format!("{reserved} set on a {opcode} frame, but no extension was negotiated");
            return Some((Rule::ReservedBits, detail));
        }
        if let Some(objection) = self.masking_objection(header) {
            return Some(objection);
        }
        if opcode.is_control() {
            if let Some(objection) = control_objection(header) {
                return Some(objection);
            }
        } else if let Some(objection) = self.sequence_objection(opcode) {
            return Some(objection);
        }
        self.length_objection(header)
    }

    fn masking_objection(&self, header: &Header) -> Option<(Rule, String)> {
        match (self.options.role, header.mask) {
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

    fn sequence_objection(&self, opcode: Opcode) -> Option<(Rule, String)> {
        match (opcode, self.message) {
            (Opcode::Continuation, None) => {
                Some((Rule::ContinuationWithoutStart, "no message has been started".to_owned()))
            }
            (Opcode::Text | Opcode::Binary, Some(message)) => {
                let (kind, frames) = (message.kind, message.frames);
                let detail = format!(
                    "{opcode} frame after {frames} frame(s) of an unfinished {kind} message"
                );
                Some((Rule::MessageInsideMessage, detail))
            }
            _ => None,
        }
    }

    fn length_objection(&self, header: &Header) -> Option<(Rule, String)> {
        let length = header.length;
        if length >> 63 != 0 {
            return Some((Rule::LengthTooLarge, format!("declared length {length}")));
        }
        if !header.is_minimal() {
            let detail = format!("length {length} encoded in {} bits", header.length_bits());
            return Some((Rule::LengthNotMinimal, detail));
        }
        let before = if self.message.is_some() { self.payload.len() as u64 } else { 0 };
        let total = before.saturating_add(if header.opcode.is_control() { 0 } else { length });
        (total > self.options.max_message_size).then(|| {
            let detail =
                format!("{total} bytes, over the limit of {}", self.options.max_message_size);
            (Rule::MessageTooBig, detail)
        })
    }

    /// Some servers answer 101 and then fall back to an HTTP error. `true`: too little to tell.
    pub(super) fn may_be_http(&self) -> Result<bool, Violation> {
        let bytes = self.input.bytes();
        let compared = bytes.len().min(HTTP.len());
        if compared == 0 || bytes[..compared] != HTTP[..compared] {
            return Ok(false);
        }
        let line = bytes.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default();
        if line.len() == bytes.len() && line.len() < MAX_STATUS_LINE {
            return Ok(true);
        }
        Err(Violation {
            rule: Rule::HttpAfterUpgrade,
            detail: String::from_utf8_lossy(&line[..line.len().min(MAX_STATUS_LINE)]).into_owned(),
            frame: None,
            offset: 0,
            excerpt: bytes[..bytes.len().min(MAX_EXCERPT)].to_vec(),
        })
    }
}

fn control_objection(header: &Header) -> Option<(Rule, String)> {
    let opcode = header.opcode;
    if !header.fin {
        return Some((Rule::FragmentedControl, format!("{opcode} frame without FIN")));
    }
    (header.length > MAX_CONTROL_PAYLOAD as u64).then(|| {
        (Rule::ControlTooLong, format!("{opcode} frame with {} bytes of payload", header.length))
    })
}

/// RFC 6455 section 5.5.1: a code and a reason, or nothing.
pub(super) fn read_close(payload: &[u8]) -> Result<ClosePayload, (Rule, String)> {
    let (high, low, reason) = match payload {
        [] => return Ok(ClosePayload::default()),
        [byte] => {
            return Err((
                Rule::CloseTooShort,
                format!("payload 0x{byte:02x}, a code takes two bytes"),
            ));
        }
        [high, low, reason @ ..] => (*high, *low, reason),
    };
    let code = CloseCode::new(u16::from_be_bytes([high, low]));
    if !code.may_be_sent() {
        return Err((Rule::InvalidCloseCode, format!("close code {code} must not be sent")));
    }
    match std::str::from_utf8(reason) {
        Ok(reason) => Ok(ClosePayload { code: Some(code), reason: reason.to_owned() }),
        Err(error) => {
            let at = error.valid_up_to();
            Err((Rule::InvalidUtf8InReason, format!("close code {code}, byte {at} of the reason")))
        }
    }
}
