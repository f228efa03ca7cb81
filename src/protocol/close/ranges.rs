//! The ranges of close codes (RFC 6455 section 7.4.2).

use super::registry::{EITHER, NEITHER};
use super::{CodeRange, Explanation};

const RANGE_SECTION: &str = "RFC 6455, section 7.4.2";

/// All 16-bit numbers, in order and without gaps (RFC 6455 section 7.4.2).
pub const RANGES: &[CodeRange] = &[
    CodeRange {
        first: 0,
        last: 999,
        name: "Unused",
        explanation: Explanation {
            summary: "Not used.",
            meaning: "Numbers below 1000 are not used.",
            sender: NEITHER,
            causes: &[
                "An exit status, an HTTP status or a byte-swapped number used as a close code.",
            ],
            section: RANGE_SECTION,
        },
    },
    CodeRange {
        first: 1000,
        last: 2999,
        name: "Reserved",
        explanation: Explanation {
            summary: "Reserved for the protocol and its extensions.",
            meaning: "Reserved for the WebSocket protocol, its future revisions and public extensions. No \
                      meaning is registered for this number.",
            sender: NEITHER,
            causes: &["A server that uses a code of its own; 4000 to 4999 are reserved for that."],
            section: RANGE_SECTION,
        },
    },
    CodeRange {
        first: 3000,
        last: 3999,
        name: "Registered Code",
        explanation: Explanation {
            summary: "For libraries and frameworks.",
            meaning: "For use by libraries, frameworks and applications, registered with IANA. wscope \
                      has no name for this number.",
            sender: EITHER,
            causes: &["A library or framework defines it: see its documentation."],
            section: RANGE_SECTION,
        },
    },
    CodeRange {
        first: 4000,
        last: 4999,
        name: "Private Use",
        explanation: Explanation {
            summary: "Defined by the application.",
            meaning: "For private use: only the application defines what it means.",
            sender: EITHER,
            causes: &[
                "The application defines it: see the reason beside the code and the documentation of the \
                 application.",
                "Some applications add 4000 to an HTTP status code: 4401 for 401 Unauthorized, 4404 for \
                 404 Not Found.",
            ],
            section: RANGE_SECTION,
        },
    },
    CodeRange {
        first: 5000,
        last: u16::MAX,
        name: "Invalid",
        explanation: Explanation {
            summary: "Not a close code.",
            meaning: "Close codes end at 4999.",
            sender: NEITHER,
            causes: &["A broken or byte-swapped Close frame."],
            section: RANGE_SECTION,
        },
    },
];
