use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use serde_json::Value;

use super::html;
use crate::page::embedded::{Viewer, viewer};
use crate::report::Run;
use crate::report::tests::files;
use crate::scenario::outcome::{
    Failure, FileOutcome, Outcome, PartOutcome, ShownMessage, StepOutcome, Transcript,
    TranscriptEvent, Warning,
};

const HOSTILE: &str = "</script></title><script>alert(1)</script><img src=x onerror=\"alert(1)\">'\" style=x \u{202e}\u{1b}[2J\0 --> <!-- ]]> &lt; &#60;";

/// Elements without an end.
const VOID: [&str; 2] = ["meta", "input"];

/// Elements that a page has, and attributes of any of them.
const ELEMENTS: [&str; 44] = [
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "ul", "li",
    "b", "p", "time", "main", "section", "article", "a", "code", "strong", "pre", "dl", "div",
    "dt", "dd", "span", "mark", "i", "form", "label", "input", "output", "details", "summary",
    "table", "thead", "tbody", "tr", "th", "td", "script", "!doctype",
];
const ATTRIBUTES: [&str; 21] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "role",
    "hidden",
    "type",
    "autocomplete",
    "spellcheck",
    "aria-live",
    "aria-label",
    "aria-labelledby",
    "data-outcome",
    "open",
    "scope",
    "href",
    "datetime",
    "html",
];

fn page(files: &[FileOutcome]) -> String {
    let (took, ended) = (Duration::from_millis(40), SystemTime::UNIX_EPOCH);
    html(&Run { files, took, ended, is_interrupted: false })
}

/// A page in which every text that can be hostile is.
fn hostile() -> String {
    let text = HOSTILE.to_owned();
    let message = |kind| ShownMessage { kind, start: text.clone(), size: 5000, is_cut: true };
    let failure = Failure {
        kind: "timeout",
        line: 4,
        column: 1,
        message: text.clone(),
        excerpt: format!("\n  {text}\n  ^"),
        expected: Some(text.clone()),
        actual: Some(text.clone()),
        received: vec![message("text"), message("binary")],
        omitted: 3,
        closest: Some((message("text"), text.clone())),
        notes: vec![text.clone()],
    };
    let json = serde_json::json!({
        "event": "message", "direction": "received", "type": &text, "data": &text, "size": 7,
    });
    let other = serde_json::json!({"event": &text});
    let event = |json: &Value| TranscriptEvent {
        time: String::new(),
        connection: Some(text.clone()),
        at: Duration::ZERO,
        text: format!("{text}\n{text}"),
        json: json.to_string(),
    };
    let close = serde_json::json!({"event": "close", "initiator": &text, "code": &text});
    let file = serde_json::json!({"event": "message", "type": "text", "file": &text});
    let events = [&json, &other, &close, &file, &Value::Null].map(event).to_vec();
    let part = PartOutcome {
        title: text.clone(),
        line: 3,
        outcome: Outcome::Failed,
        duration: Duration::from_millis(1500),
        steps: vec![StepOutcome {
            line: 4,
            text: text.clone(),
            kind: "receive",
            outcome: Outcome::Failed,
            duration: Duration::from_micros(1234),
            passed_over: 0,
        }],
        failure: Some(failure),
        interruption: None,
        warnings: vec![Warning { line: 1, text: text.clone() }],
        transcript: Transcript { events, omitted: 2, first: 1 },
    };
    page(&[FileOutcome { file: text, parts: vec![part], duration: Duration::from_secs(3) }])
}

/// The page without the viewer, and the events that this shows.
fn parted(page: &str) -> (String, Value) {
    let Viewer { markup, style, script } = viewer();
    let page = page
        .replace(&format!("<style id=\"viewer-style\" media=\"not all\">{style}</style>\n"), "")
        .replace(&format!("<template id=\"viewer-template\">\n{markup}</template>\n"), "")
        .replace(&format!("<script>{script}</script>\n"), "");
    let start = "<script type=\"application/json\" id=\"events\">";
    let (before, rest) = page.split_once(start).expect("the events");
    let (events, after) = rest.split_once("</script>\n").expect("the end of the events");
    (format!("{before}{after}"), serde_json::from_str(events).expect("JSON"))
}

/// The content of an element that is there once.
fn content<'a>(page: &'a str, name: &str) -> &'a str {
    let (start, end) = (format!("<{name}"), format!("</{name}>"));
    assert_eq!((page.matches(&start).count(), page.matches(&end).count()), (1, 1), "{name}");
    let (_, rest) = page.split_once(&start).and_then(|(_, rest)| rest.split_once('>')).expect("it");
    rest.split_once(&end).expect("its end").0
}

/// The names and values of the attributes in a tag.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest).trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            (value, rest) = quoted.split_once('"').expect("a quoted value");
        }
        assert!(rest.is_empty() || rest.starts_with(' '), "<{tag}>");
        found.push((name, value.to_owned()));
        rest = rest.trim_start();
    }
    found
}

/// Checks that the page has known elements only, each of which ends where it has to, and known attributes with
/// values of the program alone.
fn assert_sound(page: &str) {
    let (page, _) = parted(page);
    let page = page.replace(content(&page, "script"), "").replace(content(&page, "style"), "");
    let mut open: Vec<&str> = Vec::new();
    for after in page.split('<').skip(1) {
        let (tag, text) = after.split_once('>').expect("the end of a tag");
        assert!(!text.contains(['"', '\'', '>', '\u{1b}', '\0', '\u{202e}']), "{text}");
        let name = tag.split(' ').next().unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        assert!(ELEMENTS.contains(&name), "<{tag}>");
        for (attribute, value) in attributes(tag) {
            assert!(ATTRIBUTES.contains(&attribute.as_str()), "{attribute} in <{tag}>");
            assert!(!value.contains("alert"), "{value}");
            assert!(attribute != "href" || value.starts_with('#'), "{value}");
        }
        if !VOID.contains(&name) && name != "!doctype" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn nothing_that_is_shown_is_markup() {
    let page = hostile();
    assert_sound(&page);
    assert!(page.contains("<b>&lt;/script&gt;&lt;/title&gt;&lt;script&gt;alert(1)"), "{page}");
    assert!(page.contains("<i>\\u{202e}\\e</i>[2J<i>\\x00</i>"), "{page}");
    assert_sound(&self::page(&files()));
    assert_sound(&self::page(&[]));
}

/// Scenario language, section 5: "HTML: … scripts and styles inline, allowed by hash".
#[test]
fn only_the_style_and_the_script_of_the_page_are_allowed() {
    for page in [page(&files()), hostile()] {
        let (own, _) = parted(&page);
        let hash = |text: &str| BASE64.encode(&Sha256::digest(text));
        let expected = format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-{}' 'sha256-{}'; script-src 'sha256-{}' 'sha256-{}'; base-uri 'none'; form-action 'none'\">",
            hash(content(&own, "style")),
            hash(&viewer().style),
            hash(content(&own, "script")),
            hash(&viewer().script),
        );
        assert!(page.contains(&expected), "{expected}");
        let policy = page.find("Content-Security-Policy").expect("a policy");
        assert!(policy < page.find("<style").expect("a style"), "it precedes what it is for");
    }
}

/// Scenario language, section 5: "HTML: one file without anything from outside".
#[test]
fn nothing_is_requested_from_anywhere() {
    let (page, _) = parted(&page(&files()));
    assert!(!viewer().style.contains("url(") && !viewer().style.contains("@import"));
    for word in
        ["http:", "https:", "//fonts", "url(", "@import", "src=", "<link", "fetch(", "innerHTML"]
    {
        assert!(!page.contains(word), "{word}");
    }
}

/// Scenario language, section 5: "HTML: … summary, failures first, transcripts".
#[test]
fn the_summary_comes_first_then_failures_then_all_parts() {
    let page = page(&files());
    let mut rest = &page[..];
    for text in [
        "<title>1 of 3 parts failed – wscope check</title>",
        "<h1>wscope check: <span class=\"failed\">failed</span></h1>",
        "<li>1 file</li>\n<li>3 parts</li>\n<li class=\"passed\"><b>1</b> passed</li>\n\
         <li class=\"failed\"><b>1</b> failed</li>\n<li class=\"skipped\"><b>1</b> skipped</li>\n<li>40 ms</li>",
        "<time datetime=\"1970-01-01T00:00:00Z\">",
        "Failures</h2>",
        "<h3><a href=\"#part-2\">b &lt;&amp;&gt; #1</a></h3>",
        "<code>x.wscope:4:1</code> <strong>no match within 5s</strong>",
        "<pre>  &lt; {&quot;a&quot;:1}&#10;  ^^^^^^^^^</pre>",
        "<dt>Expected</dt><dd><code>a message that contains {&quot;a&quot;:1}</code></dd>",
        "<dt>Closest</dt><dd><code>{&quot;a&quot;:2}</code></dd>",
        "<dt>Difference</dt><dd><mark>at $.a expected 1, got 2</mark></dd>",
        "3 earlier messages</li><li><code>{&quot;a&quot;:2}</code></li>",
        "Warnings</h2>",
        "<a href=\"#part-2\"><code>x.wscope:4</code></a> <span class=\"warning\">the peer did not",
        "All parts</h2>",
        "<details class=\"part\" id=\"part-1\" data-outcome=\"passed\">",
        "<details class=\"part\" id=\"part-2\" data-outcome=\"failed\" open>",
        "<span class=\"kind\">receive</span> <code>&lt; {&quot;a&quot;:1}</code>",
        "class=\"name\">alice</td>",
        "class=\"gap\"><td role=\"cell\"></td>",
        "2 events left out here",
        "<details class=\"part\" id=\"part-3\" data-outcome=\"skipped\">",
    ] {
        let at = rest.find(text).unwrap_or_else(|| panic!("{text}\nis not in\n{rest}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn headings_are_in_order() {
    for page in [page(&files()), hostile(), page(&[])] {
        let (page, _) = parted(&page);
        let levels = page
            .match_indices("<h")
            .filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10));
        levels.fold(0, |before, level| {
            assert!(level <= before + 1, "h{level} follows h{before}");
            level
        });
    }
}

fn transcript(json: Value) -> String {
    let mut files = files();
    files[0].parts[1].transcript.events[0].json = json.to_string();
    let page = page(&files);
    assert_sound(&page);
    let (_, row) =
        page.split_once("<tbody role=\"rowgroup\">\n<tr role=\"row\" class=\"in").expect("a row");
    row.split_once("</tr>").expect("its end").0.to_owned()
}

#[test]
fn long_payloads_are_cut() {
    let message = |data: &str, size: usize| {
        transcript(serde_json::json!({
            "event": "message", "direction": "received", "type": "text", "data": data, "size": size,
        }))
    };
    let row = message(&"<é>".repeat(2000), 8000);
    assert!(row.len() < 20_000 && row.ends_with("… (8000 bytes)</span></td>"), "{row}");
    assert!(!message("short", 5).contains('…'));
}

#[test]
fn binary_messages_are_shown_in_hex() {
    let message = |bytes: &[u8]| {
        transcript(serde_json::json!({
            "event": "message", "direction": "received", "type": "binary", "encoding": "base64",
            "data": BASE64.encode(bytes), "size": bytes.len(),
        }))
    };
    assert!(message(b"\0\xff<").ends_with("<code>hex:00 ff 3c</code></td>"));
    let row = message(&[0xff; 9000]);
    assert!(
        row.contains("<code>hex:ff ff")
            && row.ends_with("ff</code><span class=\"dim\">… (9000 bytes)</span></td>"),
        "{row}"
    );
    assert!(message(b"a<b").ends_with("<code>a&lt;b</code></td>"));
    assert!(message(b"").contains("empty"));
}

#[test]
fn an_interrupted_run_says_so() {
    let files = files();
    let (took, ended) = (Duration::ZERO, SystemTime::UNIX_EPOCH);
    let run = |files| html(&Run { files, took, ended, is_interrupted: true });
    assert!(run(&files).contains("<p>The run was interrupted: "));
    let passed = [FileOutcome { parts: files[0].parts[..1].to_vec(), ..files[0].clone() }];
    assert!(
        run(&passed).contains("<h1>wscope check: <span class=\"skipped\">interrupted</span></h1>")
    );
}

/// Scenario language, section 5: "HTML: … transcripts with filter".
#[test]
fn the_transcripts_have_a_filter() {
    let (page, _) = parted(&page(&files()));
    for text in [
        "id=\"controls\"",
        "<label>Filter <input type=\"search\" id=\"part-filter\" ",
        "<input type=\"checkbox\" id=\"failed-only\">",
        "<output id=\"found\"",
    ] {
        assert_eq!(page.matches(text).count(), 1, "{text}\nis not in\n{page}");
    }
    let script = content(&page, "script");
    for text in [
        "['controls', 'part-filter', 'failed-only', 'found'].map(byId)",
        "filter.addEventListener('input'",
        "failedOnly.addEventListener('change'",
        "row.hidden = ",
        "controls.hidden = false",
    ] {
        assert!(script.contains(text), "{text}");
    }
}

/// CONTRACT, section 8: "a report (`check --report-html`)". Parts run side by side, each from a time of its own.
#[test]
fn the_viewer_has_the_events_of_all_parts_in_order_of_time() {
    let event = |name: Option<&str>, time: &str, data: &str| TranscriptEvent {
        time: String::new(),
        connection: name.map(str::to_owned),
        at: Duration::ZERO,
        text: String::new(),
        json: serde_json::json!({
            "event": "message", "time": format!("2026-01-02T03:04:{time}Z"), "elapsed_ms": 1.0,
            "direction": "sent", "type": "text", "data": data,
        })
        .to_string(),
    };
    let mut files = files();
    files[0].parts.truncate(2);
    let [first, second] = &mut files[0].parts[..] else { panic!("two parts") };
    first.title = "one".to_owned();
    let events =
        vec![event(None, "05.000001", "</script>##[x\u{202e}\u{e0041}"), event(None, "05.5", "c")];
    first.transcript = Transcript { events, omitted: 7, first: 1 };
    second.title = "two".to_owned();
    let events = vec![event(Some("a"), "05.25", "b"), event(Some("b"), "06", "d")];
    second.transcript = Transcript { events, omitted: 0, first: 2 };
    let text = page(&files);
    let (page, shown) = parted(&text);
    assert!(!text.contains("##[") && !text.contains(['\u{202e}', '\u{e0041}']));
    let names = serde_json::json!({"1": "one", "2": "failed: two (a)", "3": "failed: two (b)"});
    assert_eq!(shown["names"], names);
    let events = shown["events"].as_array().expect("events");
    let rows: Vec<_> = events
        .iter()
        .map(|event| (event["connection"].as_u64(), event["elapsed_ms"].as_f64(), &event["data"]))
        .collect();
    let data = ["</script>##[x\u{202e}\u{e0041}", "b", "c", "d"].map(Value::from);
    assert_eq!(rows[0], (Some(1), Some(0.0), &data[0]));
    assert_eq!(
        (&events[1]["event"], &events[1]["message"]),
        (&"omitted".into(), &"7 events left out here".into())
    );
    assert_eq!(rows[2], (Some(2), Some(249.999), &data[1]));
    assert_eq!(rows[3], (Some(1), Some(499.999), &data[2]));
    assert_eq!(rows[4], (Some(3), Some(999.999), &data[3]));
    let failed = (&events[5]["event"], &events[5]["connection"], &events[5]["message"]);
    let message = Value::from("part failed in line 4: no match within 5s");
    assert_eq!(failed, (&"error".into(), &3.into(), &message), "where the part failed");
    for link in ["#messages\"", "#messages=conn:1\"", "#messages=conn:2..3\""] {
        assert_eq!(page.matches(link).count(), 1, "{link}");
    }
}
