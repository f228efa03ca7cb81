//! Detection of servers of other protocols by their first bytes.

/// The kind of server that sends these bytes first, or in response to an HTTP request or a TLS ClientHello. Only
/// bytes that are specific to the protocol, and that no HTTP or TLS server sends, are used.
pub(in crate::error) fn protocol(bytes: &[u8]) -> Option<&'static str> {
    let has = |words: &str| memchr::memmem::find(bytes, words.as_bytes()).is_some();
    let starts = |words: &str| bytes.starts_with(words.as_bytes());
    let rules = [
        (starts("SSH-"), "an SSH server"),
        (starts("INFO {"), "the client port of a NATS server"),
        (
            starts("<") && (has("<stream:stream") || has("etherx.jabber.org")),
            "an XMPP (Jabber) server",
        ),
        (starts("220") && has("FTP"), "an FTP server"),
        (starts("220") && has("SMTP"), "a mail server (SMTP)"),
        (starts("220 ") || starts("220-"), "an SMTP or FTP server"),
        (starts("+OK "), "a mail server (POP3)"),
        (starts("* OK") || starts("* PREAUTH") || starts("* BYE"), "a mail server (IMAP)"),
        (
            starts("-ERR unknown command")
                || starts("-ERR wrong number of arguments")
                || starts("-ERR Protocol error")
                || starts("-NOAUTH ")
                || starts("-DENIED Redis"),
            "a Redis server",
        ),
        (starts("RFB 0"), "a VNC server"),
        (is_mysql(bytes), "a MySQL or MariaDB server"),
        (is_postgresql(bytes), "a PostgreSQL server"),
        (starts("AMQP"), "an AMQP server, such as RabbitMQ"),
        (starts("RTSP/"), "an RTSP server"),
        (starts("SIP/2.0"), "a SIP server"),
        (starts("@RSYNCD:"), "an rsync server"),
        (matches!(bytes, [0xff, 0xfb..=0xfe, ..]), "a Telnet server"),
    ];
    rules.iter().find(|(holds, _)| *holds).map(|(_, name)| *name)
}

/// A SOCKS server's response to another protocol (RFC 1928 section 3; SOCKS4 has no RFC).
pub(in crate::error) fn socks(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [5] | [5, 0..=2 | 0xff, ..] => Some("a SOCKS5 proxy (socks5h://)"),
        [0, 0x5a..=0x5d, ..] => Some("a SOCKS4 proxy, which wscope does not support"),
        _ => None,
    }
}

/// The greeting: a packet with the sequence number 0, the protocol version 10, and the server's version.
fn is_mysql(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, 0, 0, 10, version, ..] if version.is_ascii_digit())
}

/// An ErrorResponse, whose first field is its severity.
fn is_postgresql(bytes: &[u8]) -> bool {
    matches!(bytes, [b'E', 0, 0, _, _, rest @ ..] if rest.starts_with(b"SFATAL\0"))
}

#[cfg(test)]
mod tests {
    use super::{protocol, socks};

    #[test]
    fn socks_is_recognised_by_its_response() {
        for (bytes, is_socks) in [
            (&b"\x05\xff"[..], true),
            (b"\0\x5b\0\0", true),
            (b"\0\0\x12\x04", false),
            (b"\x05\x20", false),
            (b"", false),
        ] {
            assert_eq!(socks(bytes).is_some(), is_socks, "{bytes:?}");
        }
    }

    #[test]
    fn servers_are_recognised_by_their_first_bytes() {
        for (bytes, name) in [
            (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], Some("SSH")),
            (b"INFO {\"server_id\":\"NB\",\"version\":\"2.10\"}\r\n", Some("NATS")),
            (b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'", Some("XMPP")),
            (b"<?xml version='1.0'?><error/>", None),
            (b"220 mail.example ESMTP Postfix\r\n", Some("SMTP)")),
            (b"220 (vsFTPd 3.0.3)\r\n", Some("an FTP")),
            (b"220 example.org ready\r\n", Some("SMTP or FTP")),
            (b"+OK Dovecot ready.\r\n", Some("POP3")),
            (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", Some("IMAP")),
            (b"-ERR wrong number of arguments for 'get' command\r\n", Some("Redis")),
            (b"-ERR Protocol error: unbalanced quotes in request\r\n", Some("Redis")),
            (b"-ERR unknown", None),
            (b"RFB 003.008\n", Some("VNC")),
            (b"\x4a\0\0\0\x0a8.0.36\0", Some("MySQL")),
            (b"E\0\0\0\x90SFATAL\0VFATAL\0", Some("PostgreSQL")),
            (b"AMQP\0\0\x09\x01", Some("AMQP")),
            (b"RTSP/1.0 400 Bad Request\r\n", Some("RTSP")),
            (b"\xff\xfd\x18\xff\xfd\x20", Some("Telnet")),
            (b"HTTP/1.1 400 Bad Request\r\n", None),
            (b"hello", None),
            (b"\0\0\x12\x04\0", None),
            (b"", None),
        ] {
            let given = protocol(bytes);
            let is_so = match name {
                Some(name) => given.is_some_and(|given| given.contains(name)),
                None => given.is_none(),
            };
            assert!(is_so, "{:?}: {given:?}", bytes.escape_ascii().to_string());
        }
    }
}
