//! Filters and predicates, on values that a server sent.

use super::queries::judge;
use super::run;
use crate::support::{Peer, Server, text};

const VALUES: &str = r#"{"l":[3,1,2],"s":"a,b","n":"7","f":2.5,"t":true,"o":{},"e":"","d":"2027-01-02T03:04:05Z",
"b64":"eyJhIjoxfQ==","hex":"ff","url":"a%20b","pack":"gaFhBw=="}"#;

fn sends_values(peer: &mut Peer) {
    peer.accept_request();
    peer.send(text(VALUES));
    peer.answer_close(1000);
}

/// Scenario language, section 4: "Filters (hurl's): `count nth first last split replace regex toInt toFloat toString
/// toDate jsonpath base64Decode hexDecode urlDecode decode "msgpack"`".
#[test]
fn every_filter_changes_the_value_of_a_query() {
    let table = [
        (r#"jsonpath "$.l" count"#, "== 3", "== 2"),
        (r#"jsonpath "$.l" nth 1"#, "== 1", "== 3"),
        (r#"jsonpath "$.l" first"#, "== 3", "== 2"),
        (r#"jsonpath "$.l" last"#, "== 2", "== 3"),
        (r#"jsonpath "$.s" split "," last"#, "== \"b\"", "== \"a,b\""),
        (r#"jsonpath "$.s" replace "," ";""#, "== \"a;b\"", "== \"a,b\""),
        (r#"jsonpath "$.s" regex /,(.)/"#, "== \"b\"", "== \",b\""),
        (r#"jsonpath "$.n" toInt"#, "== 7", "== \"7\""),
        (r#"jsonpath "$.n" toFloat"#, "isFloat", "isInteger"),
        (r#"jsonpath "$.f" toString"#, "== \"2.5\"", "== 2.5"),
        (r#"jsonpath "$.d" toDate "%+""#, "< \"2028-01-01\"", "> \"2028-01-01\""),
        (r#"jsonpath "$" jsonpath "$.n""#, "== \"7\"", "== 7"),
        (r#"jsonpath "$.b64" base64Decode toString"#, "== \"{\\\"a\\\":1}\"", "isEmpty"),
        (r#"jsonpath "$.hex" hexDecode"#, "== hex:ff", "== hex:66 66"),
        (r#"jsonpath "$.url" urlDecode"#, "== \"a b\"", "== \"a%20b\""),
        (r#"jsonpath "$.pack" base64Decode decode "msgpack" jsonpath "$.a""#, "== 7", "== 1"),
    ];
    judge(sends_values, "WS {{url}}\n< {}\n", &table);
}

/// Scenario language, section 4: "Predicates (hurl's): `== != > >= < <= startsWith endsWith contains includes matches
/// exists isEmpty isInteger isFloat isBoolean isString isList isObject isNumber isIsoDate`, each with `not` before it".
#[test]
fn every_predicate_judges_a_value_and_not_judges_the_opposite() {
    const PREDICATES: [(&str, &str); 21] = [
        ("$.f", "== 2.5"),
        ("$.f", "!= 2"),
        ("$.f", "> 2"),
        ("$.f", ">= 2.5"),
        ("$.f", "< 3"),
        ("$.f", "<= 2.5"),
        ("$.s", "startsWith \"a\""),
        ("$.s", "endsWith \"b\""),
        ("$.s", "contains \",\""),
        ("$.l", "includes 3"),
        ("$.s", "matches /^a.b$/"),
        ("$.s", "exists"),
        ("$.e", "isEmpty"),
        ("$.l[0]", "isInteger"),
        ("$.f", "isFloat"),
        ("$.t", "isBoolean"),
        ("$.s", "isString"),
        ("$.l", "isList"),
        ("$.o", "isObject"),
        ("$.f", "isNumber"),
        ("$.d", "isIsoDate"),
    ];
    let lines = |not: &str| {
        let line = |(path, predicate)| format!("jsonpath \"{path}\" {not}{predicate}\n");
        PREDICATES.map(line).concat()
    };
    let server = Server::repeat(2, sends_values);
    run(&server, &format!("WS {{{{url}}}}\n< {{}}\n[Asserts]\n{}", lines(""))).code(0);
    let outcome =
        run(&server, &format!("WS {{{{url}}}}\n< {{}}\n[Asserts]\n{}", lines("not "))).code(1);
    for line in 5..4 + PREDICATES.len() {
        let also = format!("also line {line}: ");
        assert!(outcome.stdout.contains(&also), "{line}\n{}", outcome.stdout);
    }
}
