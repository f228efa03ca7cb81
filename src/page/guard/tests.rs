//! Each sentence about who gets the page, as a table of requests.

use proptest::prelude::*;

use super::*;
use crate::protocol::head::parse_request;

const TOKEN: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
const SESSION: u128 = 0xfedc_ba98_7654_3210_fedc_ba98_7654_3210;

/// A guard for `address`, which was written with these hosts.
fn guard(address: &str, hosts: &[&str]) -> Guard {
    let hosts: Vec<_> = hosts.iter().map(|host| Host::parse(host).unwrap()).collect();
    Guard::new(address.parse().unwrap(), &hosts, Secret::new(TOKEN), Secret::new(SESSION))
}

fn local() -> Guard {
    guard("127.0.0.1:4000", &["127.0.0.1"])
}

/// The status of the answer to a request; 0 if it passes.
fn status_of(guard: &Guard, local: Option<&str>, start: &str, fields: &[&str]) -> u16 {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let request = format!("{start} HTTP/1.1\r\n{fields}\r\n");
    let (line, head) = parse_request(request.as_bytes()).unwrap().unwrap();
    let local = local.map(|ip| ip.parse().unwrap());
    guard.judge(local, &line, &head).err().map_or(0, |denied| denied.status)
}

fn status(start: &str, fields: &[&str]) -> u16 {
    status_of(&local(), None, start, fields)
}

const HOST: &str = "Host: 127.0.0.1:4000";
const ORIGIN: &str = "Origin: http://127.0.0.1:4000";
const JSON: &str = "Content-Type: application/json";
const LENGTH: &str = "Content-Length: 44";

fn cookie() -> String {
    format!("Cookie: wscope-4000={SESSION:032x}")
}

#[test]
fn host_is_exactly_one_of_the_names_of_the_page() {
    let host = |value: &str| status("GET /", &[&format!("Host: {value}")]);
    for name in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000"] {
        assert_eq!(host(name), 0, "{name}");
    }
    for name in [
        "evil.example:4000",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:80",
        "127.0.0.1:40000",
        "127.0.0.1:04000",
        "127.0.0.1:4000.",
        "127.0.0.1.:4000",
        "127.1:4000",
        "2130706433:4000",
        "0x7f.0.0.1:4000",
        "127.0.0.2:4000",
        "localhost.:4000",
        "LOCALHOST:4000",
        "localhost.evil.example:4000",
        "evil.localhost:4000",
        "user@127.0.0.1:4000",
        "127.0.0.1:4000, evil.example",
        "[::]:4000",
        "[0:0:0:0:0:0:0:1]:4000",
        "[::ffff:127.0.0.1]:4000",
        "0.0.0.0:4000",
        "null",
    ] {
        assert_eq!(host(name), 403, "{name}");
    }
    assert_eq!(status("GET /", &[]), 400, "missing");
    assert_eq!(status("GET /", &[HOST, HOST]), 400, "twice");
    assert_eq!(status("GET /", &[HOST, "Host: evil.example"]), 400, "two");
    assert_eq!(status("GET /", &["X-Forwarded-Host: 127.0.0.1:4000"]), 400, "another header");
}

#[test]
fn the_user_may_name_the_address_otherwise() {
    let named = guard("192.0.2.1:4000", &["192.0.2.1", "devbox"]);
    for (host, expected) in [
        ("devbox:4000", 0),
        ("192.0.2.1:4000", 0),
        ("devbox", 403),
        ("192.0.2.2:4000", 403),
        ("devbox.evil.example:4000", 403),
    ] {
        let fields = [&*format!("Host: {host}")];
        assert_eq!(status_of(&named, Some("192.0.2.2"), "GET /", &fields), expected, "{host}");
    }
    let every = guard("0.0.0.0:4000", &["0.0.0.0"]);
    for (host, expected) in
        [("192.0.2.1:4000", 0), ("192.0.2.2:4000", 403), ("evil.example:4000", 403)]
    {
        let fields = [&*format!("Host: {host}")];
        assert_eq!(status_of(&every, Some("192.0.2.1"), "GET /", &fields), expected, "{host}");
    }
    let (six, host) = (guard("[::]:4000", &["[::]"]), ["Host: [2001:db8::1]:4000"]);
    assert_eq!(status_of(&six, Some("2001:db8::1"), "GET /", &host), 0);
    assert_eq!(status_of(&six, Some("::ffff:192.0.2.1"), "GET /", &["Host: 192.0.2.1:4000"]), 0);
}

#[test]
fn the_default_port_is_not_written() {
    let guard = guard("127.0.0.1:80", &["127.0.0.1"]);
    assert_eq!(status_of(&guard, None, "GET /", &["Host: 127.0.0.1"]), 0);
    assert_eq!(status_of(&guard, None, "GET /", &["Host: 127.0.0.1:80"]), 403);
    let fields = ["Host: localhost", "Origin: http://localhost", JSON, LENGTH];
    assert_eq!(status_of(&guard, None, "POST /session", &fields), 0);
}

#[test]
fn a_download_is_not_given_to_another_origin() {
    let save = |origin: &[&str]| {
        let cookie = cookie();
        status("GET /save/a", &[&[HOST, &*cookie], origin].concat())
    };
    assert_eq!((save(&[]), save(&[ORIGIN])), (0, 0));
    assert_eq!(save(&["Origin: http://evil.example"]), 403);
}

#[test]
fn the_socket_and_the_login_need_the_origin_of_the_page() {
    let socket = |origins: &[&str]| {
        let cookie = cookie();
        status("GET /socket", &[&[HOST, &cookie], origins].concat())
    };
    let login =
        |origins: &[&str]| status("POST /session", &[&[HOST, JSON, LENGTH], origins].concat());
    for request in [&socket as &dyn Fn(&[&str]) -> u16, &login] {
        assert_eq!(request(&[ORIGIN]), 0);
        assert_eq!(request(&[]), 403, "absent");
        assert_eq!(request(&[ORIGIN, ORIGIN]), 403, "twice");
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://evil.example:4000",
            "http://127.0.0.1",
            "http://127.0.0.1:3000",
            "http://127.0.0.1:40000",
            "http://127.0.0.1:4000.evil.example",
            "http://127.0.0.1:4000/",
            "http://127.0.0.1:4000 ",
            "https://127.0.0.1:4000",
            "HTTP://127.0.0.1:4000",
            "ws://127.0.0.1:4000",
            "http://localhost:4000",
            "http://[::1]:4000",
            "http://2130706433:4000",
            "http://user@127.0.0.1:4000",
            "127.0.0.1:4000",
            "file://",
            "chrome-extension://127.0.0.1:4000",
            "http://127.0.0.1:4000, http://evil.example",
        ] {
            let field = format!("Origin: {origin}");
            let expected = if origin.ends_with(' ') { 0 } else { 403 }; // no part of the value
            assert_eq!(request(&[&field]), expected, "{origin:?}");
        }
    }
}

#[test]
fn the_origin_is_that_of_the_same_name_as_host() {
    for (host, origin, expected) in [
        ("localhost:4000", "http://localhost:4000", 0),
        ("[::1]:4000", "http://[::1]:4000", 0),
        ("localhost:4000", "http://127.0.0.1:4000", 403),
        ("127.0.0.1:4000", "http://localhost:4000", 403),
    ] {
        let fields = [&*format!("Host: {host}"), &format!("Origin: {origin}"), JSON, LENGTH];
        assert_eq!(status("POST /session", &fields), expected, "{host} {origin}");
    }
}

#[test]
fn the_cookie_is_compared_whole_and_by_the_name_with_the_port() {
    let other = format!("{:032x}", SESSION + 1);
    let own = format!("{SESSION:032x}");
    for (cookies, expected) in [
        (format!("wscope-4000={own}"), 0),
        (format!("a=b; wscope-4000={own}; c=d"), 0),
        (format!("wscope-4000=junk; wscope-4000={own}"), 0),
        (format!("wscope-4000={other}"), 403),
        (format!("wscope-4001={own}"), 403),
        (format!("wscope-400={own}"), 403),
        (format!("WSCOPE-4000={own}"), 403),
        (format!("wscope-4000={}", &own[..31]), 403),
        (format!("wscope-4000={own}0"), 403),
        (format!("wscope-4000={}", own.to_uppercase()), 403),
        (format!("wscope-4000=\"{own}\""), 403),
        (format!("wscope-4000={TOKEN:032x}"), 403),
        (format!("token={TOKEN:032x}"), 403),
        (format!("{}wscope-4000={own}", "wscope-4000=x; ".repeat(MAX_COOKIES)), 403),
        ("wscope-4000=".to_owned(), 403),
        ("wscope-4000".to_owned(), 403),
        (own.clone(), 403),
        (String::new(), 403),
    ] {
        let cookie = format!("Cookie: {cookies}");
        for (start, fields) in
            [("GET /socket", &[HOST, ORIGIN, &cookie][..]), ("GET /save/00ff", &[HOST, &cookie])]
        {
            assert_eq!(status(start, fields), expected, "{start} {cookies}");
        }
    }
    assert_eq!(status("GET /socket", &[HOST, ORIGIN]), 403);
    let authorization = format!("Authorization: Bearer {SESSION:032x}");
    assert_eq!(status("GET /socket", &[HOST, ORIGIN, &authorization]), 403);
}

#[test]
fn no_secret_is_taken_from_the_query() {
    for secret in [TOKEN, SESSION] {
        for name in ["token", "wscope-4000", "cookie"] {
            let start = format!("GET /socket?{name}={secret:032x}");
            assert_eq!(status(&start, &[HOST, ORIGIN]), 403, "{start}");
        }
    }
    assert_eq!(status("GET /?x=1", &[HOST]), 0);
}

#[test]
fn only_the_token_is_traded_for_the_cookie() {
    let guard = local();
    let body = |token: &str| format!("{{\"token\":\"{token}\"}}");
    let own = format!("{TOKEN:032x}");
    assert!(guard.accepts(body(&own).as_bytes()));
    assert!(guard.accepts(format!("{{\"v\":1,\"token\":\"{own}\"}}").as_bytes()));
    for wrong in [
        body(""),
        body(&own[..31]),
        body(&format!("{own}0")),
        body(&own.to_uppercase()),
        body(&format!("{:032x}", TOKEN + 1)),
        body(&format!("{SESSION:032x}")),
        format!("\"{own}\""),
        format!("token={own}"),
        own.clone(),
        format!("{{\"token\":[\"{own}\"]}}"),
        String::new(),
        "[".repeat(MAX_BODY),
    ] {
        assert!(!guard.accepts(wrong.as_bytes()), "{wrong}");
    }
    assert_eq!(
        guard.cookie(),
        format!("wscope-4000={SESSION:032x}; HttpOnly; SameSite=Strict; Path=/")
    );
    assert!(!format!("{guard:?}").contains(&own), "it may be logged");
}

#[test]
fn a_login_is_a_short_body_of_json() {
    let login = |fields: &[&str]| status("POST /session", &[&[HOST, ORIGIN], fields].concat());
    for (fields, expected) in [
        (&[JSON, LENGTH][..], 0),
        (&["Content-Type: application/json; charset=utf-8", LENGTH], 0),
        (&[LENGTH], 415),
        (&["Content-Type: text/plain", LENGTH], 415),
        (&["Content-Type: application/x-www-form-urlencoded", LENGTH], 415),
        (&["Content-Type: text/plain; application/json", LENGTH], 415),
        (&[JSON, JSON, LENGTH], 415),
        (&[JSON], 411),
        (&[JSON, "Transfer-Encoding: chunked"], 411),
        (&[JSON, LENGTH, "Transfer-Encoding: chunked"], 411),
        (&[JSON, LENGTH, LENGTH], 411),
        (&[JSON, "Content-Length: 256"], 0),
        (&[JSON, "Content-Length: 257"], 413),
        (&[JSON, "Content-Length: 99999999999999999999999"], 413),
        (&[JSON, "Content-Length: +4"], 400),
        (&[JSON, "Content-Length: -1"], 400),
        (&[JSON, "Content-Length:"], 400),
    ] {
        assert_eq!(login(fields), expected, "{fields:?}");
    }
}

#[test]
fn a_request_that_another_page_has_made_gets_only_the_page() {
    for site in ["cross-site", "same-site", "", "Same-Origin"] {
        let field = format!("Sec-Fetch-Site: {site}");
        let cookie = cookie();
        for (start, fields) in [
            ("GET /style.css", &[HOST, &*field][..]),
            ("GET /save/00", &[HOST, &field, &cookie]),
            ("GET /socket", &[HOST, &field, &cookie, ORIGIN]),
            ("POST /session", &[HOST, &field, ORIGIN, JSON, LENGTH]),
        ] {
            assert_eq!(status(start, fields), 403, "{start} {site}");
        }
        assert_eq!(status("GET /", &[HOST, &field]), 0, "a link to the page");
    }
    for site in ["same-origin", "none"] {
        let field = format!("Sec-Fetch-Site: {site}");
        assert_eq!(status("GET /style.css", &[HOST, &field]), 0, "{site}");
    }
}

#[test]
fn targets_are_paths_and_have_one_method_each() {
    for target in [
        "http://127.0.0.1:4000/",
        "http://evil.example/",
        "ws://127.0.0.1:4000/socket",
        "*",
        "127.0.0.1:4000",
        "session",
    ] {
        assert_eq!(status(&format!("GET {target}"), &[HOST]), 400, "{target}");
    }
    let allowed = |start: &str| {
        let request = format!("{start} HTTP/1.1\r\n{HOST}\r\n\r\n");
        let (line, head) = parse_request(request.as_bytes()).unwrap().unwrap();
        let denied = local().judge(None, &line, &head).unwrap_err();
        assert_eq!(denied.status, 405, "{start}");
        denied.field().unwrap().value
    };
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        assert_eq!(allowed(&format!("{method} /")), "GET");
        assert_eq!(allowed(&format!("{method} /main.js")), "GET");
        assert_eq!(allowed(&format!("{method} /socket")), "GET");
        assert_eq!(allowed(&format!("{method} /save/00")), "GET");
    }
    assert_eq!(allowed("GET /session"), "POST");
    assert_eq!(allowed("OPTIONS /session"), "POST");
    assert_eq!(status("CONNECT 127.0.0.1:4000", &[HOST]), 400);
    assert_eq!(status("OPTIONS *", &[HOST]), 400);
}

#[test]
fn paths_lead_to_what_they_say() {
    let guard = local();
    let cookie = cookie();
    for (target, expected) in [
        ("/", Route::Index),
        ("/?token=x", Route::Index),
        ("/style.css", Route::Asset("style.css")),
        ("/favicon.ico?1", Route::Asset("favicon.ico")),
        ("//", Route::Asset("/")),
        ("/../session", Route::Asset("../session")),
        ("/%2e%2e/etc", Route::Asset("%2e%2e/etc")),
        ("/save", Route::Asset("save")),
        ("/save/", Route::Save("")),
        ("/save/a/b", Route::Save("a/b")),
        ("/socket/", Route::Asset("socket/")),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{HOST}\r\n{cookie}\r\n\r\n");
        let (line, head) = parse_request(request.as_bytes()).unwrap().unwrap();
        let admitted = guard.judge(None, &line, &head).unwrap();
        assert_eq!(admitted.route, expected, "{target}");
        assert_eq!(admitted.host, "127.0.0.1:4000");
    }
}

#[test]
fn lines_that_are_no_fields_are_refused() {
    assert_eq!(status("GET /", &[HOST, "Host : evil.example"]), 400);
    assert_eq!(status("GET /", &[HOST, "no colon"]), 400);
}

#[test]
fn all_answers_have_a_policy_and_none_allows_other_origins() {
    let fields = headers(Some("127.0.0.1:4000"));
    let policy = &fields.iter().find(|field| field.is("Content-Security-Policy")).unwrap().value;
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self' ws://127.0.0.1:4000",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.split("; ").any(|it| it == directive), "{directive} in {policy}");
    }
    assert!(!headers(None)[0].value.contains("ws://"));
    for field in &fields {
        assert!(!field.name.starts_with("Access-Control-"), "{field}");
    }
}

/// Fields of requests, right and wrong ones.
fn pool() -> Vec<String> {
    let own = [HOST, ORIGIN, JSON, LENGTH, &cookie()].map(str::to_owned);
    let other = [
        "Host: evil.example",
        "Host: localhost:4000",
        "Origin: null",
        "Origin: http://localhost:4000",
        "Cookie: wscope-4000=00",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: same-origin",
        "Transfer-Encoding: chunked",
        "Upgrade: websocket",
        "no field",
    ];
    own.into_iter().chain(other.map(str::to_owned)).collect()
}

proptest! {
    /// Whatever else a request has, only one with exactly the right Host, Origin and cookie opens the socket.
    #[test]
    fn the_socket_needs_all_of_them(chosen in proptest::collection::vec(0_usize..15, 0..8)) {
        let pool = pool();
        let fields: Vec<_> = chosen.iter().map(|at| pool[*at].as_str()).collect();
        let count = |field: &str| fields.iter().filter(|it| **it == field).count();
        let of = |name: &str| fields.iter().filter(|it| it.starts_with(name)).count();
        let is_one = |host, origin| count(host) == 1 && count(origin) == 1;
        let expected = of("Host: ") == 1
            && of("Origin: ") == 1
            && (is_one(HOST, ORIGIN)
                || is_one("Host: localhost:4000", "Origin: http://localhost:4000"))
            && count(&cookie()) > 0
            && count("Sec-Fetch-Site: same-site") == 0
            && count("no field") == 0;
        prop_assert_eq!(status("GET /socket", &fields) == 0, expected, "{:?}", fields);
    }

    /// No request makes it panic.
    #[test]
    fn any_target_and_fields_are_judged(target in "[!-~]{1,40}", value in "[ -~]{0,40}") {
        for name in ["Host", "Origin", "Cookie", "Content-Length", "Content-Type", "X"] {
            let request = format!("GET {target} HTTP/1.1\r\n{HOST}\r\n{name}: {value}\r\n\r\n");
            if let Ok(Some((line, head))) = parse_request(request.as_bytes()) {
                let _ = local().judge(None, &line, &head); // it returns
            }
        }
        let _ = local().accepts(value.as_bytes());
    }
}
