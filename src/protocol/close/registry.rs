//! The close codes with a name: their meaning by RFC 6455 and the IANA registry, and usual causes.

use super::Explanation;

pub(super) const EITHER: &str = "either endpoint";
pub(super) const NEITHER: &str = "neither endpoint";
const LOCAL: &str =
    "neither endpoint: it is never on the wire, an endpoint reports it to its own application";

const CODE_SECTION: &str = "RFC 6455, section 7.4.1";
const REGISTRY: &str = "IANA WebSocket Close Code Number Registry";

/// A close code with a registered name.
pub(super) struct RegisteredCode {
    pub(super) code: u16,
    pub(super) name: &'static str,
    pub(super) explanation: Explanation,
}

/// The registered codes, in order.
pub(super) const REGISTERED: &[RegisteredCode] = &[
    RegisteredCode {
        code: 1000,
        name: "Normal Closure",
        explanation: Explanation {
            summary: "The connection ended normally.",
            meaning: "The purpose of the connection has been fulfilled.",
            sender: EITHER,
            causes: &[
                "The application called close() because it was finished.",
                "The server ended the session on purpose: see its reason or its last message.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1001,
        name: "Going Away",
        explanation: Explanation {
            summary: "The endpoint is going away.",
            meaning: "The endpoint is going away: a server shuts down, or a browser has left the page.",
            sender: EITHER,
            causes: &[
                "The server was stopped or a new version of it was deployed.",
                "The browser tab was closed, reloaded or navigated to another page.",
                "An idle or lifetime limit: AWS API Gateway after 10 minutes of silence or 2 hours in all, \
                 Jetty after its idle timeout.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1002,
        name: "Protocol Error",
        explanation: Explanation {
            summary: "The peer violated the protocol.",
            meaning: "The endpoint received something that the WebSocket protocol does not allow.",
            sender: EITHER,
            causes: &[
                "A client frame without a mask, or a server frame with one.",
                "A reserved bit or opcode in use: often a compressed frame where no compression was \
                 negotiated.",
                "A ping, pong or close that is fragmented or longer than 125 bytes.",
                "Bytes that are not frames: a proxy or debug output wrote to the connection.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1003,
        name: "Unsupported Data",
        explanation: Explanation {
            summary: "This type of data is not accepted.",
            meaning: "The endpoint received a type of data that it does not accept, such as a binary \
                      message where only text is understood.",
            sender: EITHER,
            causes: &[
                "A binary message to a text-only server, or the other way round.",
                "AWS API Gateway: any binary message.",
                "Some servers: text that is not the JSON they expect.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1004,
        name: "Reserved",
        explanation: Explanation {
            summary: "Reserved, no meaning yet.",
            meaning: "Reserved. A meaning might be defined in the future.",
            sender: NEITHER,
            causes: &["A server that uses a code of its own; 4000 to 4999 are reserved for that."],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1005,
        name: "No Status Received",
        explanation: Explanation {
            summary: "The Close frame carried no code.",
            meaning: "The peer sent a Close frame without a code. The connection ended cleanly.",
            sender: LOCAL,
            causes: &[
                "The peer called close() without a code: the default in browsers and in Node's ws.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1006,
        name: "Abnormal Closure",
        explanation: Explanation {
            summary: "The connection ended with no Close frame.",
            meaning: "The connection ended without a Close frame: the TCP connection was closed or reset, \
                      or TLS was truncated.",
            sender: LOCAL,
            causes: &[
                "The server crashed, was killed, or closes sockets without the closing handshake.",
                "A proxy closed an idle connection: nginx (proxy_read_timeout) and AWS ALB after 60 seconds \
                 of silence, Heroku after 55, Cloudflare after 100. Pings at a shorter interval keep it \
                 alive.",
                "A proxy or load balancer was reloaded.",
                "The network was interrupted: Wi-Fi, VPN, a suspended laptop.",
                "In a browser, also any failed handshake: pages do not get the reason.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1007,
        name: "Invalid Payload Data",
        explanation: Explanation {
            summary: "The data does not fit the message's type.",
            meaning: "The endpoint received data that does not fit the type of the message, such as text \
                      that is not valid UTF-8.",
            sender: EITHER,
            causes: &[
                "Binary data, or text in Latin-1 or UTF-16, sent as a text message.",
                "A string cut in the middle of a UTF-8 character.",
                "Compressed data that does not decompress.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1008,
        name: "Policy Violation",
        explanation: Explanation {
            summary: "The endpoint's policy was violated.",
            meaning: "The endpoint received a message that violates its policy. It is used where no other \
                      code is more suitable, or to hide the details of the policy.",
            sender: EITHER,
            causes: &[
                "A missing, wrong or expired token or cookie.",
                "An Origin that the server does not allow.",
                "Too many messages or connections: a rate limit.",
                "FastAPI: a path, query, header or cookie parameter that is missing or invalid.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1009,
        name: "Message Too Big",
        explanation: Explanation {
            summary: "The message is larger than allowed.",
            meaning: "The endpoint received a message that is too big for it to process.",
            sender: EITHER,
            causes: &[
                "A message over the receiver's limit. Defaults: Tomcat 8 KiB, coder/websocket (Go) 32 KiB, \
                 Python websockets 1 MiB, uvicorn 16 MiB, ws (Node) 100 MiB.",
                "AWS API Gateway: a frame over 32 KiB or a message over 128 KiB.",
                "A compressed message that is small on the wire and large when inflated.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1010,
        name: "Mandatory Extension",
        explanation: Explanation {
            summary: "An extension that the client needs is missing.",
            meaning: "The client needs an extension that the server's handshake response did not include. \
                      The reason should list it.",
            sender: "the client; a server can fail the handshake instead",
            causes: &[
                "The server does not support the extension, or has it turned off.",
                "A proxy removed the Sec-WebSocket-Extensions header.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1011,
        name: "Internal Error",
        explanation: Explanation {
            summary: "An internal error of the endpoint.",
            meaning: "The endpoint encountered an unexpected condition that prevented it from continuing.",
            sender: "the server, by RFC 6455; in practice either endpoint",
            causes: &[
                "An exception in the server's handler: see the server's log.",
                "Python websockets, on either side: no pong within 20 seconds (reason \"keepalive ping \
                 timeout\").",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 1012,
        name: "Service Restart",
        explanation: Explanation {
            summary: "The service restarts: reconnect.",
            meaning: "The service is restarting, or shutting down: a client may reconnect, after a random \
                      delay of 5 to 30 seconds.",
            sender: "the server",
            causes: &["A deployment or a restart; uvicorn sends it when it shuts down."],
            section: REGISTRY,
        },
    },
    RegisteredCode {
        code: 1013,
        name: "Try Again Later",
        explanation: Explanation {
            summary: "Overloaded: try again later.",
            meaning: "The service is overloaded: a client should connect to another address of it, or \
                      reconnect only when the user asks for it.",
            sender: "the server",
            causes: &[
                "Too many connections or too little memory.",
                "A client that reads too slowly.",
            ],
            section: REGISTRY,
        },
    },
    RegisteredCode {
        code: 1014,
        name: "Bad Gateway",
        explanation: Explanation {
            summary: "A gateway got an invalid upstream response.",
            meaning: "A server acting as a gateway or proxy received an invalid response from the server \
                      behind it; similar to HTTP status 502.",
            sender: "the server",
            causes: &[
                "The server behind the gateway is down, restarting, or has no WebSocket at that path.",
            ],
            section: REGISTRY,
        },
    },
    RegisteredCode {
        code: 1015,
        name: "TLS Handshake",
        explanation: Explanation {
            summary: "The TLS handshake failed.",
            meaning: "The TLS handshake failed, for example because the certificate could not be verified.",
            sender: LOCAL,
            causes: &[
                "A certificate that is expired, self-signed, or for another host name.",
                "No TLS version or cipher in common, or a server port that does not speak TLS.",
            ],
            section: CODE_SECTION,
        },
    },
    RegisteredCode {
        code: 3000,
        name: "Unauthorized",
        explanation: Explanation {
            summary: "Not logged in; like HTTP 401.",
            meaning: "The endpoint must be authorized to perform the request; equivalent to HTTP status 401.",
            sender: EITHER,
            causes: &[
                "A missing, wrong or expired token.",
                "SockJS, which uses the code for its own purposes: \"Go away!\" when the server closes, \
                 \"Broken framing.\" for a message that is not JSON.",
            ],
            section: REGISTRY,
        },
    },
    RegisteredCode {
        code: 3003,
        name: "Forbidden",
        explanation: Explanation {
            summary: "Logged in, not permitted; like HTTP 403.",
            meaning: "The endpoint is authorized but has no permission for the request; equivalent to HTTP \
                      status 403.",
            sender: EITHER,
            causes: &["The account lacks the permission, role or subscription."],
            section: REGISTRY,
        },
    },
    RegisteredCode {
        code: 3008,
        name: "Timeout",
        explanation: Explanation {
            summary: "A response took too long; like HTTP 408.",
            meaning: "The endpoint took too long to respond; equivalent to HTTP status 408.",
            sender: EITHER,
            causes: &["No login, pong or answer was received within the server's limit."],
            section: REGISTRY,
        },
    },
];
