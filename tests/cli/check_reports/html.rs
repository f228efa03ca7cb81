//! The page of a run. What it is made of is tested where it is made.

use super::{hostile, report};

/// Scenario language, section 5: "HTML: one file …, to be read by people".
#[test]
fn a_page_is_written_for_people() {
    let page = report(&hostile(), "html");
    for text in [
        "<!doctype html>\n",
        "<title>1 of 3 parts failed – wscope check</title>",
        "<code>s.wscope:10:1</code> <strong>nothing matched within 50 ms</strong>",
        "<mark>at $.a expected 1, got 2</mark>",
        "<span class=\"kind\">send</span> <code>&gt; hex:00 ff 0a</code>",
        "class=\"direction\">↑ sent</td><td role=\"cell\" class=\"kind\">binary</td>",
        "<code>hex:00 ff fe 3c 62 3e</code>",
        "class=\"kind\">ping</td>",
        "&lt;/script&gt;&lt;script&gt;alert(1)",
    ] {
        assert!(page.contains(text), "{text}\nis not in\n{page}");
    }
    // The events, the script that shows them, and that of the results.
    assert_eq!(page.matches("<script").count(), 3);
    assert!(!page.contains("<img") && !page.contains('\u{202e}') && !page.contains('\0'));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_has_a_page() {
    let page = report(&super::interrupted(), "html");
    assert!(page.contains("<span class=\"skipped\">interrupted</span></h1>"), "{page}");
}
