//! permessage-deflate (RFC 7692): the offer, the verdict on the response, messages in both directions.

mod broken;
mod messages;
mod negotiation;
