use super::{
    Generated, Settings, close, closed, generate, head, now, opened, refusal, scenario, verbatim,
};
use crate::event::failure::AttemptView;
use crate::event::{FailedResponse, Failure, FailureKind};
use crate::net::target::Target;
use crate::protocol::connection::Initiator;
use crate::recording::scenario::{OptionSecret, ScenarioOption};
use crate::recording::{Recorded, RecordedKind};

fn lines(events: &[Recorded]) -> Vec<String> {
    let text = scenario(events).text;
    text.lines().skip_while(|line| !line.starts_with("WS")).map(str::to_owned).collect()
}

fn open(url: &str, request: &[(&str, &str)]) -> Recorded {
    now(RecordedKind::Open(Box::new(opened(url, request))))
}

#[test]
fn headers_that_matter_are_kept() {
    let request = [
        ("Host", "h"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "x"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ("Sec-WebSocket-Protocol", "soap, wamp"),
        ("User-Agent", "wscope/0.1.0"),
        ("Sec-Fetch-Mode", "websocket"),
        ("Origin", "http://h"),
        ("X-A", "{{b}} 1"),
        ("$touch", "x"),
        ("#a", "x"),
        ("X-Lines", "a\n> b"),
    ];
    assert_eq!(
        lines(&[open("ws://h:80/x?a={{b}}", &request)]),
        [
            r"WS ws://h:80/x?a=\{{b}}",
            "Origin: http://h",
            r"X-A: \{{b}} 1",
            "[Options]",
            "subprotocol: soap, wamp",
            "HTTP 101"
        ]
    );
    assert_eq!(
        lines(&[open("ws://h/x", &[("Host", "other")])])[1..3],
        ["Host: other", "[Options]"]
    );
}

#[test]
fn secrets_are_variables() {
    let request = [
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ("Authorization", "Bearer ***"),
        ("Cookie", "session=abc12345; a=b"),
        ("X-Api-Key", "12345678"),
    ];
    let events = [open("wss://h/x?a=1&token=***&b=2", &request), super::sent("my key is 12345678")];
    let found = scenario(&events);
    assert_eq!(
        found.text.lines().skip(1).collect::<Vec<_>>(),
        [
            "# These variables need a value:",
            "#   the query parameter \"token\": --secret token=VALUE, or WSCOPE_SECRET_token in the environment",
            "#   the header Authorization behind \"Bearer \": --secret authorization=VALUE, or WSCOPE_SECRET_authorization in the environment",
            "#   the header Cookie: --secret cookie=VALUE, or WSCOPE_SECRET_cookie in the environment",
            "#   the header X-Api-Key: --secret x_api_key=VALUE, or WSCOPE_SECRET_x_api_key in the environment",
            "",
            "### recorded 1970-01-01T00:00:00Z",
            "WS wss://h/x?a=1&token={{token}}&b=2",
            "Authorization: Bearer {{authorization}}",
            "Cookie: {{cookie}}",
            "X-Api-Key: {{x_api_key}}",
            "HTTP 101",
            "> my key is {{x_api_key}}",
        ]
    );
    let kept = generate(&events, &verbatim());
    let names: Vec<_> = kept.unknown.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(names, ["token", "authorization"], "only what was masked");
    assert!(kept.text.contains("Cookie: session=abc12345; a=b\nX-Api-Key: 12345678\n"));
    assert!(kept.text.contains("> my key is 12345678\n"));
}

/// Each mask has a hash of its secret while it is recorded; a file does not say which are equal.
#[test]
fn different_secrets_have_different_variables() {
    let request = [
        ("Referer", "https://u:***@h/?access_token=***"),
        ("X-Api-Key", "***"),
        ("X-Api-Key", "***"),
        ("Sec-WebSocket-Protocol", "access_token.***, refresh_token.***"),
        ("Sec-WebSocket-Extensions", "x"),
    ];
    let written = |ids: &[(&str, u64)]| {
        let mut opened = opened("ws://h/?token=***&token=***", &request);
        opened.request.secret_ids =
            ids.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect();
        lines(&[now(RecordedKind::Open(Box::new(opened)))])
    };
    let different = [
        "WS ws://h/?token={{token}}&token={{token_2}}",
        "Referer: https://u:{{referer}}@h/?access_token={{referer_2}}",
        "X-Api-Key: {{x_api_key}}",
        "X-Api-Key: {{x_api_key_2}}",
        "[Options]",
        "subprotocol: access_token.{{sec_websocket_protocol}}, refresh_token.{{sec_websocket_protocol_2}}",
        "HTTP 101",
    ];
    assert_eq!(written(&[]), different);
    let mut ids: Vec<_> = ["", "Referer", "X-Api-Key", "Sec-WebSocket-Protocol"]
        .into_iter()
        .flat_map(|name| [(name, 1), (name, 2)])
        .collect();
    assert_eq!(written(&ids), different);
    ids.iter_mut().for_each(|(_, id)| *id = 7);
    assert_eq!(written(&ids), different.map(|line| line.replace("_2}}", "}}")));
}

/// A value that is taken for the whole header would be sent behind the scheme.
#[test]
fn a_variable_of_credentials_says_what_stands_before_it() {
    let value =
        |value| open("ws://h/", &[("Authorization", value), ("Sec-WebSocket-Extensions", "x")]);
    let end = || closed(Initiator::Peer, close(1000, ""), close(1000, ""));
    let events = [
        value("Bearer ***"),
        end(),
        value("Basic ***"),
        end(),
        value("Bearer ***"),
        end(),
        value("***"),
    ];
    let generated = scenario(&events);
    let whats: Vec<_> = generated.unknown.iter().map(|it| (&*it.name, &*it.what)).collect();
    assert_eq!(
        whats,
        [
            ("authorization", "the header Authorization behind \"Bearer \""),
            (
                "authorization_2",
                "the header Authorization behind \"Basic \" (USER:PASSWORD in base64)"
            ),
            ("authorization_3", "the header Authorization"),
        ]
    );
    assert_eq!(generated.text.matches("Authorization: Bearer {{authorization}}\n").count(), 2);
    assert!(generated.text.contains("Authorization: Basic {{authorization_2}}\n"));
}

#[test]
fn secrets_that_are_known_have_a_variable_each() {
    let request = [
        ("Sec-WebSocket-Extensions", "x"),
        ("Sec-WebSocket-Protocol", "access_token.AAAA1111AAAA, refresh_token.BBBB2222BBBB"),
        ("X-Api-Key", "K1K1K1K1"),
        ("X-Api-Key", "K1K1K1K1"),
    ];
    assert_eq!(
        lines(&[open("ws://h/?token=T1&token=T2", &request)]),
        [
            "WS ws://h/?token={{token}}&token={{token_2}}",
            "X-Api-Key: {{x_api_key}}",
            "X-Api-Key: {{x_api_key}}",
            "[Options]",
            "subprotocol: access_token.{{sec_websocket_protocol}}, refresh_token.{{sec_websocket_protocol_2}}",
            "HTTP 101",
        ]
    );
}

/// As `listen` records them: no scenario can make such a request.
#[test]
fn a_plain_request_is_named_and_left_out() {
    let refusal = |status, request: &[(&str, &str)]| {
        let mut failure =
            Failure::new(FailureKind::Handshake, "refused: 426 Upgrade Required".to_owned());
        failure.response = Some(refusal(status));
        failure.attempt = Some(Box::new(AttemptView {
            url: "ws://h/health?token=x".to_owned(),
            request: Some(head(request)),
            ..AttemptView::default()
        }));
        scenario(&[open("ws://h/", &[]), now(RecordedKind::Failure(Box::new(failure))).of(2)])
    };
    let plain = refusal(426, &[("Host", "h"), ("Accept", "*/*")]);
    assert!(!plain.text.contains("HTTP 426"), "{}", plain.text);
    assert!(
        plain.text.ends_with(
            "\n# Left out, as a scenario has WebSocket connections only:\n\
             #   refused: 426 Upgrade Required (http://h/health?token=***)\n"
        ),
        "{}",
        plain.text
    );
    assert_eq!(
        plain.warnings,
        ["1 plain HTTP request left out: a scenario has WebSocket connections only"]
    );
    let upgrade = [("Host", "h"), ("Upgrade", "websocket")];
    assert!(refusal(426, &upgrade).text.contains("HTTP 426"));
    for status in [302, 401, 403] {
        assert!(refusal(status, &upgrade).text.contains(&format!("HTTP {status}")));
        assert!(
            !refusal(status, &[("Host", "h")]).text.contains(&format!("HTTP {status}")),
            "{status}"
        );
        assert!(
            !refusal(status, &[("Host", "h"), ("Upgrade", "h2c")])
                .text
                .contains(&format!("HTTP {status}"))
        );
        // The file of a browser may lack fields.
        for request in [&[][..], &[("Origin", "http://h")], &[("Sec-WebSocket-Key", "k")]] {
            assert!(refusal(status, request).text.contains(&format!("HTTP {status}")));
        }
    }
}

/// `listen` gets anything as a target: one that no client can be given made the whole file unreadable.
#[test]
fn a_url_that_a_scenario_cannot_have_is_no_part() {
    for (url, method) in [
        ("ws://a:1a:1", "GET"),
        ("ws://unknown.invalid/", "GET"),
        ("ws://h/", "POST"),
        ("ws://h/", "HEAD"),
    ] {
        let upgrade = [("Upgrade", "websocket"), ("Sec-WebSocket-Key", "k")];
        let mut request = head(&upgrade);
        request.start_line = format!("{method} / HTTP/1.1").into_bytes();
        let mut failure = Failure::new(FailureKind::Handshake, "refused".to_owned());
        failure.response = Some(refusal(400));
        let attempt = AttemptView::received(url.to_owned(), request);
        failure.attempt = Some(Box::new(attempt));
        let text = scenario(&[now(RecordedKind::Failure(Box::new(failure)))]).text;
        assert!(!text.contains("\nWS ") && text.contains("\n#   refused (http://"), "{text}");
    }
    let text = scenario(&[open("ws://a:1a:1", &[])]).text;
    assert!(text.contains("\nWS {{url}}\n"), "{text}");
}

#[test]
fn options_are_those_that_the_events_or_the_recorder_tell() {
    let settings = Settings {
        options: vec![
            ScenarioOption::new("insecure", "true"),
            ScenarioOption::new("connect-to", "h:1:{{x}}:2"),
            ScenarioOption {
                secret: Some(OptionSecret {
                    variable: "proxy_login".to_owned(),
                    what: "the login".to_owned(),
                    rest: "@p:1".to_owned(),
                }),
                ..ScenarioOption::new("proxy", "http://")
            },
        ],
        ..Settings::default()
    };
    let Generated { text, unknown, .. } =
        generate(&[open("wss://h/", &[("Host", "h")])], &settings);
    assert_eq!(
        unknown[0].remark(),
        "the login is a variable: give it with --secret proxy_login=VALUE, or WSCOPE_SECRET_proxy_login in the environment"
    );
    let (_, head) = text.split_once("WS ").expect("a connection");
    assert_eq!(
        head,
        "wss://h/\n[Options]\nno-compress: true\ninsecure: true\nconnect-to: h:1:\\{{x}}:2\n\
         proxy: http://{{proxy_login}}@p:1\nHTTP 101\n"
    );
}

/// As at the prompt: a client certificate is for the server that it was given for.
#[test]
fn options_for_one_server_are_not_those_of_another() {
    let settings = Settings {
        options: vec![
            ScenarioOption::new("cert", "/c.pem").for_server(),
            ScenarioOption::new("insecure", "true"),
            ScenarioOption::new("lenient", "true"),
        ],
        server: Target::parse("wss://h/first").ok(),
        ..Settings::default()
    };
    for (url, has_it) in [("wss://h/x", true), ("wss://h:444/", false), ("wss://i/", false)] {
        let text = generate(&[open(url, &[])], &settings).text;
        assert_eq!(text.contains("cert: /c.pem\n"), has_it, "{text}");
        assert!(text.contains("insecure: true\nlenient: true\n"), "{text}");
    }
}

#[test]
fn a_refusal_is_expected_with_its_status() {
    let mut failure = Failure::new(FailureKind::Handshake, "refused".to_owned());
    failure.response = Some(FailedResponse {
        head: head(&[("WWW-Authenticate", "Bearer"), ("Date", "today")]),
        body: b"no".to_vec(),
        ..refusal(401)
    });
    let refused = |failure: &Failure| now(RecordedKind::Failure(Box::new(failure.clone())));
    let expected = ["HTTP 401", "WWW-Authenticate: Bearer"];
    assert_eq!(lines(&[refused(&failure)]), [&["WS {{url}}"][..], &expected].concat());
    failure.attempt = Some(Box::new(AttemptView {
        url: "ws://h/y".to_owned(),
        request: Some(head(&[("X-A", "1"), ("Sec-WebSocket-Extensions", "permessage-deflate")])),
        ..AttemptView::default()
    }));
    let found = lines(&[refused(&failure)]);
    assert_eq!(found, [&["WS ws://h/y", "X-A: 1"][..], &expected].concat());
}

#[test]
fn a_url_that_cannot_be_written_is_a_variable() {
    for url in ["", "ws://h/a b", "ws://h\n> evil", "ws://h as x"] {
        assert_eq!(lines(&[open(url, &[])])[0], "WS {{url}}", "{url:?}");
    }
}

/// Recordings of other programs, or those that were edited, may have it in the URL.
#[test]
fn userinfo_of_a_url_is_an_option() {
    const COMPRESSED: (&str, &str) = ("Sec-WebSocket-Extensions", "permessage-deflate");
    for (url, user) in [
        ("ws://us:***@h/x", "user: us:{{password}}"),
        ("ws://us:hunter22@h/x", "user: us:{{password}}"),
        ("ws://***@h/x", "user: {{user}}:"),
        ("ws://:***@h/x", "user: :{{password}}"),
        ("ws://u%73%7B{:***@h/x", r"user: us\{{:{{password}}"),
    ] {
        let expected = ["WS ws://h/x", "[Options]", user, "HTTP 101"];
        assert_eq!(lines(&[open(url, &[COMPRESSED])]), expected, "{url}");
    }
    let given = [COMPRESSED, ("authorization", "Basic ***")];
    let expected = ["WS ws://h/x", "authorization: Basic {{authorization}}", "HTTP 101"];
    assert_eq!(lines(&[open("ws://us:***@h/x", &given)]), expected);
    assert_eq!(lines(&[open("ws://@h/x", &[COMPRESSED])]), ["WS ws://h/x", "HTTP 101"]);
    let kept = generate(&[open("ws://us:a%20b@h/x", &[COMPRESSED])], &verbatim());
    assert!(kept.text.ends_with("WS ws://h/x\n[Options]\nuser: us:a b\nHTTP 101\n"));
    let unwritable = scenario(&[open("ws://u%0As:***@h/x", &[COMPRESSED])]);
    assert!(unwritable.text.ends_with("WS ws://h/x\nHTTP 101\n"), "{}", unwritable.text);
    let named = "the user and password of the URL cannot be written in a scenario";
    assert_eq!(unwritable.warnings, [named]);
}
