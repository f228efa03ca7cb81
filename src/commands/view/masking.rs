//! Secrets in recordings of other programs: ours have them masked already.

use crate::event::{HeadView, InterimView};
use crate::recording::RecordedKind;
use crate::redact::Redaction;

/// Masks the secrets in heads and URLs, unless they are to be shown. Messages are data and are not changed.
pub(in crate::commands) fn mask(event: &mut RecordedKind, redaction: Redaction) {
    if redaction == Redaction::Show {
        return;
    }
    match event {
        RecordedKind::Open(opened) => {
            url(&mut opened.url);
            head(&mut opened.request);
            head(&mut opened.response);
            interim(&mut opened.interim);
        }
        RecordedKind::Redirect(redirect) => {
            url(&mut redirect.from);
            url(&mut redirect.to);
            interim(&mut redirect.interim);
        }
        RecordedKind::Failure(failure) => {
            failure.request.iter_mut().for_each(head);
            failure.response.iter_mut().for_each(|response| head(&mut response.head));
            interim(&mut failure.interim);
            if let Some(attempt) = &mut failure.attempt {
                url(&mut attempt.url);
                attempt.request.iter_mut().for_each(head);
            }
        }
        _ => {}
    }
}

fn url(url: &mut String) {
    *url = Redaction::Mask.url(url).into_owned();
}

fn head(head: &mut HeadView) {
    head.start_line = Redaction::Mask.start_line(&head.start_line);
    for (name, value) in &mut head.fields {
        *value = Redaction::Mask.value(name, value).into_owned();
    }
    for line in &mut head.malformed {
        line.text = Redaction::Mask.malformed_line(&line.text).into_owned();
    }
}

fn interim(list: &mut [InterimView]) {
    list.iter_mut().for_each(|interim| head(&mut interim.head));
}
