//! Secrets in recordings of other programs: ours have them masked already.

use std::collections::BTreeMap;

use crate::event::mask::{ending, proxy_closed};
use crate::event::{Failure, HeadView, InterimView, Opened, REQUEST_TARGET, Redirect};
use crate::recording::{Recorded, RecordedKind};
use crate::redact::{Redaction, Secrets};

/// Of how many connections the secrets are kept, to mask them in what ends the connection.
const MAX_CONNECTIONS: usize = 1000;

/// Masks the secrets in heads and URLs, and where the server repeats them, unless they are to be shown. Messages are data
/// and are not changed.
pub(in crate::commands) struct Masking {
    redaction: Redaction,
    /// Those of the connections with the highest numbers.
    secrets: BTreeMap<Option<u64>, Secrets>,
}

impl Masking {
    /// For the events of a recording, in their order.
    pub(in crate::commands) const fn new(redaction: Redaction) -> Self {
        Self { redaction, secrets: BTreeMap::new() }
    }

    /// Masks an event.
    pub(in crate::commands) fn mask(&mut self, event: &mut Recorded) {
        if self.redaction == Redaction::Show {
            return;
        }
        let number = event.connection;
        match &mut event.what {
            RecordedKind::Open(it) => {
                let secrets = opened(it);
                self.keep(number, secrets);
            }
            RecordedKind::Redirect(it) => redirect(it),
            RecordedKind::Failure(it) => failure(it, self.secrets.get(&number)),
            RecordedKind::Closed(it) => {
                if let Some(secrets) = self.secrets.get(&number) {
                    let (ending, is_masked) = ending(it.ending.clone(), secrets);
                    it.ending = ending;
                    if is_masked {
                        it.masked.get_or_insert_default();
                    }
                }
            }
            RecordedKind::ProxyClosed(it) => {
                if let Some(secrets) = self.secrets.get(&number) {
                    **it = proxy_closed(it, secrets);
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, number: Option<u64>, secrets: Secrets) {
        self.secrets.insert(number, secrets);
        if self.secrets.len() > MAX_CONNECTIONS {
            self.secrets.pop_first();
        }
    }
}

/// Masks an opened connection, and returns its secrets.
fn opened(opened: &mut Opened) -> Secrets {
    let mask = Mask(secrets(&opened.url, [&opened.request, &opened.response]));
    mask.url(&mut opened.url);
    mask.text(&mut opened.reason);
    mask.head(&mut opened.request);
    mask.head(&mut opened.response);
    mask.interim(&mut opened.interim);
    for (name, value) in &mut opened.client_sent {
        value.iter_mut().for_each(|value| mask.named(name, value));
    }
    for name in opened.protocol.iter_mut().chain(&mut opened.offered) {
        let masked = Redaction::Mask.value("Sec-WebSocket-Protocol", name.as_bytes()).into_owned();
        *name = String::from_utf8_lossy(&masked).into_owned();
        mask.text(name);
    }
    mask.0
}

fn redirect(redirect: &mut Redirect) {
    let of_request = secrets(&redirect.from, [&redirect.request]);
    let mask = Mask(of_request.and(secrets(&redirect.to, [])));
    mask.url(&mut redirect.from);
    mask.url(&mut redirect.to);
    mask.text(&mut redirect.reason);
    mask.head(&mut redirect.request);
    mask.interim(&mut redirect.interim);
}

/// Masks a failure, also of a connection that was open and has these secrets.
fn failure(failure: &mut Failure, of_connection: Option<&Secrets>) {
    let attempt = failure.attempt.as_deref();
    let heads = attempt.and_then(|it| it.request.as_ref()).into_iter().chain(&failure.request);
    let heads = heads.chain(failure.response.as_ref().map(|it| &it.head));
    let secrets = secrets(attempt.map_or("", |it| &it.url), heads);
    let mask = Mask(secrets.and(of_connection.cloned().unwrap_or_default()));
    mask.text(&mut failure.message);
    failure.hint.iter_mut().for_each(|hint| mask.text(hint));
    failure.request.iter_mut().for_each(|head| mask.head(head));
    mask.interim(&mut failure.interim);
    if let Some(response) = &mut failure.response {
        mask.head(&mut response.head);
        response.body = match response.is_partial {
            true => mask.0.mask_cut(&response.body).into_owned(),
            false => mask.0.mask(&response.body).into_owned(),
        };
        response.notes.iter_mut().for_each(|note| mask.text(note));
    }
    failure.excerpt = mask.0.mask_cut(&failure.excerpt).into_owned();
    if let Some(attempt) = &mut failure.attempt {
        mask.url(&mut attempt.url);
        attempt.request.iter_mut().for_each(|head| mask.head(head));
    }
}

/// The secrets in a URL and in heads.
fn secrets<'a>(url: &str, heads: impl IntoIterator<Item = &'a HeadView>) -> Secrets {
    let fields = heads.into_iter().flat_map(|head| &head.fields);
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_slice()));
    Secrets::of_request(Redaction::Mask, url, fields)
}

/// Masks what is a secret by its place, and these secrets wherever they are.
struct Mask(Secrets);

impl Mask {
    fn text(&self, text: &mut String) {
        *text = self.0.mask_text(std::mem::take(text));
    }

    fn url(&self, url: &mut String) {
        *url = Redaction::Mask.url(url).into_owned();
        self.text(url);
    }

    /// The value of a header field, or the request target.
    fn named(&self, name: &str, value: &mut String) {
        if name == REQUEST_TARGET {
            return self.url(value);
        }
        let masked = Redaction::Mask.value(name, value.as_bytes()).into_owned();
        *value = self.0.mask_text(String::from_utf8_lossy(&masked).into_owned());
    }

    fn head(&self, head: &mut HeadView) {
        let bytes = |bytes: &[u8]| self.0.mask(bytes).into_owned();
        head.start_line = bytes(&Redaction::Mask.start_line(&head.start_line));
        for (name, value) in &mut head.fields {
            *value = bytes(&Redaction::Mask.value(name, value));
        }
        for line in &mut head.malformed {
            line.text = bytes(&Redaction::Mask.malformed_line(&line.text));
        }
    }

    fn interim(&self, list: &mut [InterimView]) {
        for interim in list {
            self.text(&mut interim.reason);
            self.head(&mut interim.head);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::recording::reader::{Limits, read};

    fn masked(redaction: Redaction, lines: &str) -> String {
        let mut masking = Masking::new(redaction);
        let mut shown = String::new();
        let result = read("x", lines.as_bytes(), &Limits::default(), &mut |mut event| {
            masking.mask(&mut event);
            shown += &event.with_event(|event| {
                String::from_utf8_lossy(&crate::output::json::line(event)).into_owned()
            });
            ControlFlow::Continue(())
        });
        assert!(result.is_ok(), "{result:?}");
        shown
    }

    #[test]
    fn what_ends_a_connection_has_none_of_its_secrets() {
        let lines = r#"{"event":"open","connection":1,"url":"ws://h/?token=hunter2"}
{"event":"open","connection":2,"url":"ws://h/?token=other2"}
{"event":"close","connection":1,"code":4001,"reason":"no hunter2","received":{"code":4001,"reason":"no hunter2"}}
{"event":"error","connection":1,"kind":"abnormal","message":"lost hunter2"}
{"event":"error","connection":2,"kind":"abnormal","message":"lost hunter2"}
"#;
        let shown = masked(Redaction::Mask, lines);
        assert!(shown.contains("\"no ***\"") && shown.contains("\"lost ***\""), "{shown}");
        assert_eq!(shown.matches("hunter2").count(), 1, "that of another connection: {shown}");
        assert!(masked(Redaction::Show, lines).contains("no hunter2"));
    }

    #[test]
    fn secrets_of_a_limited_number_of_connections_are_kept() {
        let open = |number: usize| {
            format!(
                "{{\"event\":\"open\",\"connection\":{number},\"url\":\"ws://h/?token=secret{number}\"}}\n"
            )
        };
        let mut masking = Masking::new(Redaction::Mask);
        let lines: String = (0..MAX_CONNECTIONS + 5).map(open).collect();
        let result = read("x", lines.as_bytes(), &Limits::default(), &mut |mut event| {
            masking.mask(&mut event);
            ControlFlow::Continue(())
        });
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(masking.secrets.len(), MAX_CONNECTIONS);
    }
}
