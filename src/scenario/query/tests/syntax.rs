use super::super::tree::PredicateKind;
use super::*;

/// Scenario language, section 4: "Queries: …".
#[test]
fn every_query_is_read() {
    for line in [
        r#"jsonpath "$.a""#,
        "regex /a/",
        "text",
        "bytes",
        "type",
        "size",
        "wire_size",
        "frames",
        "compressed",
        "duration",
        r#"variable "x""#,
        "status",
        r#"header "A""#,
        "subprotocol",
        "extensions",
        "body",
        r#"timing "dns""#,
        "tls_version",
        r#"certificate "issuer""#,
        "code",
        "reason",
        "clean",
        "initiator",
        "rtt",
        "count",
        "rate",
        "gap",
        "stdout",
        "exit",
    ] {
        let query = parse_capture(line, 10).expect(line).query;
        let word = line.split(' ').next().expect("a word");
        assert_eq!((query.kind.name(), query.at), (word, 10..10 + line.len()));
        assert!(is_query_word(word));
    }
    assert!(["each", "any", "none"].into_iter().all(is_query_word));
    assert!(!is_query_word("alice") && !is_query_word(""));
}

/// Scenario language, section 4: "Filters (hurl's): …".
#[test]
fn every_filter_is_read() {
    let filters = [
        "count",
        "nth 0",
        "nth {{n}}",
        "first",
        "last",
        r#"split ",""#,
        r#"replace "a" "b""#,
        r#"replace /a/ "b""#,
        "regex /a/",
        "toInt",
        "toFloat",
        "toString",
        r#"toDate "%+""#,
        r#"jsonpath "$""#,
        "base64Decode",
        "hexDecode",
        "urlDecode",
        r#"decode "msgpack""#,
    ];
    let line = format!("text {}", filters.join(" \t "));
    let expression = parse_capture(&line, 0).expect("a capture");
    assert_eq!(expression.filters.len(), filters.len());
    for (filter, text) in expression.filters.iter().zip(filters) {
        assert_eq!(filter.kind.name(), text.split(' ').next().expect("a word"));
        assert_eq!(&line[filter.at.clone()], text);
    }
}

/// Scenario language, section 4: "Predicates (hurl's): …, each with `not` before it".
#[test]
fn every_predicate_is_read() {
    for predicate in [
        "== 1",
        "!= \"a\"",
        "> 1",
        ">= 5s",
        "< 4K",
        "<= {{x}}",
        "startsWith \"a\"",
        "endsWith hex:01",
        "contains \"a\"",
        "includes null",
        "matches /a/",
        "exists",
        "isEmpty",
        "isInteger",
        "isFloat",
        "isBoolean",
        "isString",
        "isList",
        "isObject",
        "isNumber",
        "isIsoDate",
    ] {
        for (not, is_negated) in [("", false), ("not ", true)] {
            let line = format!("text {not}{predicate}");
            let read = parse_assertion(&line, 2).expect(&line).predicate;
            assert_eq!(read.at, 7..2 + line.len(), "{line}");
            assert_eq!(read.is_negated, is_negated, "{line}");
            if let PredicateKind::Relation(relation, _) = read.kind {
                assert_eq!(relation.name(), predicate.split(' ').next().expect("a word"));
            }
        }
    }
}

#[test]
fn spaces_are_free() {
    for line in ["status==101", "  status  ==  101  ", "\tstatus\t==\t101\t", "each status == 101"]
    {
        assert!(parse_assertion(line, 0).is_ok(), "{line}");
    }
}

#[test]
fn escapes_of_a_text() {
    for (written, value) in [
        (r"\u{e9}\u{1F600}", "é😀"),
        (r#"\"\\\n\r\t\b\f"#, "\"\\\n\r\t\u{8}\u{c}"),
        (r"\{{n}}", "{{n}}"),
        (r"\\{{n}}", r"\1"),
        ("{{n}}{{ n }}", "11"),
        ("{n}", "{n}"),
        ("/é #", "/é #"),
        ("", ""),
    ] {
        let line = format!(r#"text == "{written}""#);
        assert_eq!(checked(&line, &Facts::Message(&text(value))), "holds", "{line}");
    }
}

#[test]
fn the_examples_of_hurl_are_read() {
    for line in [
        r#"jsonpath "$.books" count == 12"#,
        r#"header "x-servers" split "," nth 1 == "rec3""#,
        r#"jsonpath "$.ips" replace ", " "|" == "192.168.2.1|10.0.0.20""#,
        r#"jsonpath "$.published" toDate "%Y-%m-%dT%H:%M:%S%.fZ" exists"#,
        r#"variable "books" jsonpath "$[0].name" == "Dune""#,
        r#"jsonpath "$.text" matches /^hi [0-9a-f-]{36}$/"#,
        r#"body contains "token""#,
        r#"each jsonpath "$.price" > 0"#,
        "duration < 500ms",
        "size == 4096",
        "bytes startsWith hex:ef bb bf",
        r#"jsonpath "$.count" == {{count}}"#,
    ] {
        assert!(parse_assertion(line, 0).is_ok(), "{line}: {:?}", parse_assertion(line, 0));
    }
}
