//! How much memory events take.

use super::{Recorded, RecordedKind};
use crate::event::{
    Closed, Failure, HeadView, InterimView, LastTraffic, Opened, OwnedTransit, ProxyClosed,
    ProxyHeads,
};
use crate::net::tls::CertificateInfo;
use crate::protocol::Violation;
use crate::protocol::vocabulary::TransportEnd;

/// What an event, a field of a head, or an entry of a list takes beside its text, in bytes.
const OVERHEAD: usize = 64;

impl Recorded {
    /// About how much memory it takes, in bytes. All that a peer, or a file, can make long counts.
    pub(super) fn size(&self) -> usize {
        let size = match &self.what {
            RecordedKind::Open(opened) => opened_size(opened),
            RecordedKind::Message(message) => {
                message.data.len() + size_of_val(&*message.secret_ids)
            }
            RecordedKind::FileSent { path, .. } => path.len(),
            RecordedKind::Ping(_, data) | RecordedKind::Pong(_, data, _) => {
                data.len() + size_of_val(&*data.secret_ids)
            }
            RecordedKind::Frame(frame) => frame.payload.len(),
            RecordedKind::Closed(closed) => closed_size(closed),
            RecordedKind::Tolerated(_, violation) | RecordedKind::Violation(_, violation) => {
                violation_size(violation)
            }
            RecordedKind::CloseFrame(_, close) => close.reason.len(),
            RecordedKind::Omitted(_) => 0,
            RecordedKind::Decided(decided) => decided.size(),
            RecordedKind::Http(it) => it.method.len() + it.target.len() + optional(&it.note),
            RecordedKind::ProxyClosed(closed) => proxy_closed_size(closed),
            RecordedKind::Redirect(it) => {
                it.from.len()
                    + it.to.len()
                    + it.reason.len()
                    + head_size(&it.request)
                    + interim_size(&it.interim)
            }
            RecordedKind::Retry(retry) => retry.reason.len(),
            RecordedKind::Failure(failure) => failure_size(failure),
        };
        size + OVERHEAD + self.transit.as_ref().map_or(0, OwnedTransit::size)
    }
}

fn proxy_closed_size(it: &ProxyClosed) -> usize {
    let closes = [&it.client, &it.server, &it.own].into_iter().flatten();
    let ends = [&it.client_end, &it.server_end].into_iter().flatten();
    let error = |end: &TransportEnd| match end {
        TransportEnd::Error(error) => error.len(),
        TransportEnd::Eof | TransportEnd::Truncated | TransportEnd::Reset => 0,
    };
    closes.map(|close| close.reason.len()).sum::<usize>()
        + ends.map(error).sum::<usize>()
        + optional(&it.why)
}

fn opened_size(it: &Opened) -> usize {
    let proxy = it.proxy.as_ref().map_or(0, |proxy| {
        proxy.url.len() + proxy.words.len() + proxy.heads.as_ref().map_or(0, proxy_heads_size)
    });
    let tls = it.tls.as_ref().map_or(0, |tls| {
        let certificate = tls.certificate.as_ref().map_or(0, certificate_size);
        tls.version.len() + tls.cipher.len() + optional(&tls.alpn) + certificate
    });
    [&it.url, &it.remote, &it.local, &it.reason].map(String::len).iter().sum::<usize>()
        + [&it.protocol, &it.extensions, &it.compression].map(optional).iter().sum::<usize>()
        + head_size(&it.request)
        + head_size(&it.response)
        + interim_size(&it.interim)
        + list_size(&it.offered)
        + proxy
        + tls
}

fn closed_size(closed: &Closed) -> usize {
    let ending = &closed.ending;
    let closes = [&ending.sent, &ending.received];
    let reasons: usize = closes.into_iter().flatten().map(|close| close.reason.len()).sum();
    let last = match &closed.last {
        LastTraffic::Frame(words, _) => words.len(),
        LastTraffic::Handshake | LastTraffic::Message(..) | LastTraffic::Other => 0,
    };
    let ids = closed.masked.as_ref().map_or(0, |ids| size_of_val(&**ids));
    reasons
        + ids
        + ending.violation.as_ref().map_or(0, violation_size)
        + optional(&closed.hint)
        + last
}

fn failure_size(it: &Failure) -> usize {
    let response = it.response.as_ref().map_or(0, |response| {
        head_size(&response.head) + response.body.len() + list_size(&response.notes)
    });
    let attempt = it.attempt.as_ref().map_or(0, |attempt| {
        let head = attempt.request.as_ref().map_or(0, head_size);
        attempt.url.len() + optional(&attempt.method) + head
    });
    it.message.len()
        + optional(&it.hint)
        + it.excerpt.len()
        + it.request.as_ref().map_or(0, head_size)
        + interim_size(&it.interim)
        + it.certificate.as_ref().map_or(0, certificate_size)
        + response
        + attempt
}

fn violation_size(it: &Violation) -> usize {
    it.detail.len() + it.payload.len() + it.excerpt.len()
}

fn head_size(head: &HeadView) -> usize {
    let fields = head.fields.iter().map(|(name, value)| name.len() + value.len() + OVERHEAD);
    let malformed = head.malformed.iter().map(|line| line.text.len() + OVERHEAD);
    head.start_line.len() + fields.chain(malformed).sum::<usize>()
}

fn interim_size(list: &[InterimView]) -> usize {
    list.iter().map(|it| it.reason.len() + head_size(&it.head) + OVERHEAD).sum()
}

fn proxy_heads_size(heads: &ProxyHeads) -> usize {
    let response = heads.response.as_ref().map_or(0, head_size);
    head_size(&heads.request) + interim_size(&heads.interim) + response
}

fn certificate_size(it: &CertificateInfo) -> usize {
    let texts = [&it.subject, &it.issuer, &it.serial, &it.key, &it.signature, &it.fingerprint];
    texts.map(String::len).iter().sum::<usize>() + list_size(&it.names) + list_size(&it.usages)
}

fn list_size(list: &[String]) -> usize {
    list.iter().map(|text| text.len() + OVERHEAD).sum()
}

fn optional(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use crate::recording::ndjson::parse_event;

    #[test]
    fn whatever_is_long_counts() {
        let long = "a".repeat(10_000);
        for members in [
            r#""open","url":"LONG""#,
            r#""open","url":"","remote":"LONG""#,
            r#""open","url":"","proxy":"LONG""#,
            r#""open","url":"","reason":"LONG""#,
            r#""open","url":"","request_headers":[["a","LONG"]]"#,
            r#""open","url":"","response_headers":[["LONG",""]]"#,
            r#""open","url":"","malformed_headers":["LONG"]"#,
            r#""open","url":"","interim":[{"from":"server","status":103,"headers":[["a","LONG"]]}]"#,
            r#""open","url":"","extensions":"LONG""#,
            r#""open","url":"","tls":{"cipher":"LONG"}"#,
            r#""open","url":"","tls":{"certificate":{"names":["LONG"]}}"#,
            r#""message","direction":"sent","type":"text","data":"LONG""#,
            r#""ping","direction":"sent","encoding":"hex","data":"LONG""#,
            r#""close","code":1000,"reason":"LONG""#,
            r#""close","code":1000,"hint":"LONG""#,
            r#""message","direction":"client","type":"text","data":"","action":"LONG""#,
            r#""ping","direction":"server","data":"","action":"","changed_to":{"type":"ping","encoding":"hex","data":"LONG"}"#,
            r#""http","method":"GET","target":"LONG""#,
            r#""close","code":1000,"client":{"code":1000,"reason":"LONG"}"#,
            r#""redirect","status":302,"to":"LONG""#,
            r#""retry","attempt":1,"delay_ms":1,"reason":"LONG""#,
            r#""error","kind":"abnormal","message":"LONG""#,
            r#""error","kind":"abnormal","message":"","hint":"LONG""#,
            r#""error","kind":"abnormal","message":"","body":"LONG""#,
            r#""error","kind":"handshake","message":"","status":403,"body":"LONG""#,
            r#""error","kind":"handshake","message":"","status":403,"body_notes":["LONG"]"#,
            r#""error","kind":"handshake","message":"","certificate":{"key":"LONG"}"#,
            r#""error","kind":"connect","message":"","url":"LONG""#,
        ] {
            let size = |text: &str| {
                let line = format!(r#"{{"event":{}}}"#, members.replace("LONG", text));
                parse_event(line.as_bytes()).expect("an event").expect("a known one").size()
            };
            assert!(size(&long) >= size("") + 5000, "{members}");
        }
    }
}
