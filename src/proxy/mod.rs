//! Between a client and a server: bytes pass as they come, and what they are is shown. Only what a rule or the operator asks
//! for is changed.
//!
//! [`Relay`] relays one HTTP exchange, the opening handshake among them. After a 101 a [`Cable`] passes on the WebSocket
//! connection. Both run in the thread of their client.

mod cable;
mod counts;
mod delayed;
mod end;
mod exchange;
mod hold;
mod outgoing;
mod payload;
mod queue;
mod stall;

pub use cable::{Cable, CableControl, CableOptions, Ends, Report};
pub use counts::MessageCounts;
pub use delayed::Delayed;
pub use end::End;
pub use exchange::{
    CutOff, Exchanged, LostParts, NoResponse, Outbound, PassedResponse, Relay, Unanswered,
};
pub use hold::{Backlog, Held, Holding};
pub use outgoing::{Outgoing, SourceEnd};
pub use payload::Payload;
pub use queue::{MAX_UNSENT, Order, Orders};
pub use stall::Lost;
