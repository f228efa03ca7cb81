//! Requests of recorded clients.

use super::*;

#[test]
fn masked_parts_of_a_url_are_left_out() {
    for (url, sent, named) in [
        ("ws://h/p?a=1", "ws://h/p?a=1", None),
        ("ws://h/p?token=***", "ws://h/p", Some("token")),
        ("ws://h/p?a=1&token=***", "ws://h/p?a=1", Some("token")),
        ("ws://h/p?token=***&key=***", "ws://h/p", Some("token, key")),
        ("ws://h/p?a=1&token=***&key=***", "ws://h/p?a=1", Some("token, key")),
        ("ws://h?n=%3Fkey%3D***%26token%3D***&a", "ws://h?a", Some("n")),
        ("ws://h/p?token=***&a=1", "ws://h/p?a=1", Some("token")),
        ("ws://h/p?a=1&token=***&key=***&b", "ws://h/p?a=1&b", Some("token, key")),
        ("ws://h/p?token=secret", "ws://h/p?token=secret", None),
        ("wss://me:***@h/p", "wss://h/p", Some("user and password")),
        ("wss://***@h?x", "wss://h?x", Some("user and password")),
        ("ws://h/a***@b", "ws://h/a***@b", None),
        ("nonsense", "nonsense", None),
    ] {
        let mut repeated = Repeated::default();
        assert_eq!(repeated.without_masked(url), sent, "{url}");
        let notice = repeated.notices.first();
        assert_eq!(notice.is_some(), named.is_some(), "{url}");
        if let (Some(notice), Some(named)) = (notice, named) {
            assert!(notice.contains(&format!("not sent: {named};")), "{notice}");
        }
    }
}

#[test]
fn a_given_url_without_path_and_query_has_those_of_the_recording() {
    const RECORDED: &str = "ws://h/chat?a=1&token=t&key=***";
    let masked = "masked in the URL of the recording and not sent: key; ";
    let foreign = "recorded in the URL of another server and not sent to this one: token; ";
    for (given, sent, notices) in [
        ("h", "h/chat?a=1", &[masked, foreign][..]), // wss
        ("ws://h:80", "ws://h:80/chat?a=1&token=t", &[masked]),
        (":8105", ":8105/chat?a=1", &[masked, foreign]),
        ("8105", "8105/chat?a=1", &[masked, foreign]),
        (" ws://me:secret@g ", "ws://me:secret@g/chat?a=1", &[masked, foreign]),
        ("ws+unix:/s", "ws+unix:/s:/chat?a=1", &[masked, foreign]),
        ("ws+unix:///s:", "ws+unix:///s:/chat?a=1", &[masked, foreign]),
        ("ws+unix:/s:/b", "ws+unix:/s:/b", &[]),
        (":8105/", ":8105/", &[]),
        ("ws://h?", "ws://h?", &[]),
        ("ws://h?b", "ws://h?b", &[]),
        ("h/b", "h/b", &[]),
        ("h#f", "h#f", &[]),
    ] {
        let mut repeated = Repeated::default();
        assert_eq!(repeated.given(given, RECORDED), sent, "{given}");
        let are_as_expected = repeated.notices.len() == notices.len()
            && repeated.notices.iter().zip(notices).all(|(it, start)| it.starts_with(start));
        assert!(are_as_expected, "{given}: {:?}", repeated.notices);
    }
    let mut repeated = Repeated::default();
    assert_eq!(repeated.given(":1", "nonsense://"), ":1");
    assert_eq!(repeated.given(":1", "ws://h"), ":1/");
}

#[test]
fn the_option_that_gives_a_header_is_named() {
    for (name, value, option) in [
        ("Authorization", "Basic ***", "--user USER:PASS"),
        ("authorization", "Bearer ***", "--bearer TOKEN"),
        ("Authorization", "***", "-H 'Authorization: …'"),
        ("Cookie", "***", "--cookie 'NAME=VALUE'"),
        ("X-Token", "***", "-H 'X-Token: …'"),
    ] {
        assert_eq!(option_for(name, value), option, "{name} {value}");
    }
}
