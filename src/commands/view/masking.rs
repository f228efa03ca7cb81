//! Secrets in recordings of other programs: ours have them masked already.

use crate::event::{Failure, HeadView, InterimView, Opened, Redirect};
use crate::recording::RecordedKind;
use crate::redact::{Redaction, Secrets};

/// Masks the secrets in heads and URLs, and where the server repeats them, unless they are to be shown. Messages are data
/// and are not changed.
pub(in crate::commands) fn mask(event: &mut RecordedKind, redaction: Redaction) {
    if redaction == Redaction::Show {
        return;
    }
    match event {
        RecordedKind::Open(it) => opened(it),
        RecordedKind::Redirect(it) => redirect(it),
        RecordedKind::Failure(it) => failure(it),
        _ => {}
    }
}

fn opened(opened: &mut Opened) {
    let mask = Mask(secrets(&opened.url, [&opened.request, &opened.response]));
    mask.url(&mut opened.url);
    mask.text(&mut opened.reason);
    mask.head(&mut opened.request);
    mask.head(&mut opened.response);
    mask.interim(&mut opened.interim);
    for name in opened.protocol.iter_mut().chain(&mut opened.offered) {
        let masked = Redaction::Mask.value("Sec-WebSocket-Protocol", name.as_bytes()).into_owned();
        *name = String::from_utf8_lossy(&masked).into_owned();
        mask.text(name);
    }
}

fn redirect(redirect: &mut Redirect) {
    let mask = Mask(secrets(&redirect.from, []).and(secrets(&redirect.to, [])));
    mask.url(&mut redirect.from);
    mask.url(&mut redirect.to);
    mask.text(&mut redirect.reason);
    mask.interim(&mut redirect.interim);
}

fn failure(failure: &mut Failure) {
    let attempt = failure.attempt.as_deref();
    let heads = attempt.and_then(|it| it.request.as_ref()).into_iter().chain(&failure.request);
    let heads = heads.chain(failure.response.as_ref().map(|it| &it.head));
    let mask = Mask(secrets(attempt.map_or("", |it| &it.url), heads));
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
