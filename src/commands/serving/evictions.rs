//! The text about handshakes that were closed for newer connections.

use crate::protocol::counted::counted;
use crate::server::Evictions;

/// Handshakes that were closed for newer connections, and why.
pub(super) fn evictions_text(evictions: &Evictions) -> String {
    let Evictions { of_address, address, address_limit, of_all, limit, of_system } = evictions;
    let mut reasons = Vec::new();
    if let Some(address) = address {
        reasons.push(format!(
            "{of_address} over the limit of {address_limit} per address ({address})"
        ));
    }
    if *of_all > 0 {
        reasons.push(format!("{of_all} over the limit of {limit} in all"));
    }
    if *of_system > 0 {
        reasons.push(format!("{of_system} because the system has no resources left"));
    }
    let handshakes = counted(evictions.count() as u64, "unfinished handshake");
    format!("closed {handshakes} for newer connections: {}", reasons.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evictions_are_counted_by_the_exceeded_limit() {
        let evictions = Evictions { of_all: 2, limit: 4, ..Evictions::default() };
        assert_eq!(
            evictions_text(&evictions),
            "closed 2 unfinished handshakes for newer connections: 2 over the limit of 4 in all"
        );
        let evictions = Evictions { of_all: 0, of_system: 1, ..evictions };
        assert_eq!(
            evictions_text(&evictions),
            "closed 1 unfinished handshake for newer connections: \
             1 because the system has no resources left"
        );
    }
}
