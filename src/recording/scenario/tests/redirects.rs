//! Connections that ended with a redirect.

use super::{Settings, generate, head, now, refusal};
use crate::event::failure::AttemptView;
use crate::event::{Failure, FailureKind, Redirect};
use crate::recording::scenario::ScenarioOption;
use crate::recording::{Recorded, RecordedKind};

fn redirected(status: u16, from: &str, to: &str) -> Recorded {
    now(RecordedKind::Redirect(Box::new(Redirect {
        status,
        reason: String::new(),
        from: from.to_owned(),
        to: to.to_owned(),
        request: head(&[("Sec-WebSocket-Extensions", "x")]),
        interim: Vec::new(),
    })))
}

fn refused(status: u16, url: &str) -> Recorded {
    let mut failure = Failure::new(FailureKind::Handshake, "more redirects".to_owned());
    failure.response = Some(refusal(status));
    failure.attempt = Some(Box::new(AttemptView {
        url: url.to_owned(),
        request: Some(head(&[("Sec-WebSocket-Extensions", "x"), ("Upgrade", "websocket")])),
        ..AttemptView::default()
    }));
    now(RecordedKind::Failure(Box::new(failure)))
}

/// `check` would follow the first redirect, or report that there are too many.
#[test]
fn a_redirect_that_was_not_followed_is_expected() {
    let following = |most: &str| Settings {
        options: vec![
            ScenarioOption::new("location", "true"),
            ScenarioOption::new("max-redirs", most),
        ],
        ..Settings::default()
    };
    for (events, most, expected) in [
        (vec![refused(307, "ws://a/")], "0", "WS ws://a/\nHTTP 307\n"),
        (
            vec![redirected(302, "ws://a/", "ws://b/"), refused(307, "ws://b/")],
            "1",
            "WS ws://a/\nHTTP 302\n",
        ),
        (vec![refused(403, "ws://a/")], "0", "WS ws://a/\nHTTP 403\n"),
        (
            vec![redirected(302, "ws://a/", "ws://b/"), refused(403, "ws://b/")],
            "1",
            "WS ws://a/\n[Options]\nlocation: true\nmax-redirs: 1\nHTTP 403\n",
        ),
    ] {
        let text = generate(&events, &following(most)).text;
        assert!(text.ends_with(&format!("\n{expected}")), "{text}");
    }
}
