//! permessage-deflate (RFC 7692): what is offered, what is made of the answer, messages both ways.

mod broken;
mod messages;
mod negotiation;
