//! JUnit XML against the schema, as far as schemas of this kind go.

use super::{HOSTILE, HOSTILE_TITLE, hostile, report};
use roxmltree::{Document, Node};

const SCHEMA: &str = include_str!("../../data/junit.xsd");

/// Elements of a schema, by name.
struct Schema<'a>(Document<'a>);

impl Schema<'_> {
    fn declaration(&self, name: &str) -> Node<'_, '_> {
        let root = self.0.root_element();
        let mut declarations = elements(root).filter(|it| it.attribute("name") == Some(name));
        declarations.next().unwrap_or_else(|| panic!("<{name}> is not declared"))
    }

    /// Checks an element with all that is in it.
    fn check(&self, node: Node<'_, '_>) {
        let name = node.tag_name().name();
        assert_eq!(node.tag_name().namespace(), None, "{name}");
        let declaration = self.declaration(name);
        let Some(kind) = elements(declaration).next() else {
            assert_eq!(declaration.attribute("type"), Some("xs:string"));
            assert!(elements(node).next().is_none() && node.attributes().len() == 0, "<{name}>");
            return;
        };
        let text = node.children().filter(Node::is_text).filter_map(|it| it.text());
        let is_mixed = kind.attribute("mixed") == Some("true");
        assert!(is_mixed || text.collect::<String>().trim().is_empty(), "text in <{name}>");
        check_attributes(node, kind);
        self.check_sequence(node, kind);
        elements(node).for_each(|child| self.check(child));
    }

    /// The children are those of the sequence, in its order and number.
    fn check_sequence(&self, node: Node<'_, '_>, kind: Node<'_, '_>) {
        let mut children = elements(node).map(|it| it.tag_name().name()).peekable();
        let sequence = elements(kind).find(|it| it.has_tag_name((XS, "sequence")));
        for item in sequence.into_iter().flat_map(elements) {
            let name = item.attribute("ref").expect("a reference");
            let limit = |attribute| match item.attribute(attribute) {
                Some("unbounded") => usize::MAX,
                Some(number) => number.parse().expect("a number"),
                None => 1,
            };
            let count = std::iter::from_fn(|| children.next_if_eq(&name)).count();
            assert!((limit("minOccurs")..=limit("maxOccurs")).contains(&count), "{count} <{name}>");
        }
        assert_eq!(children.next(), None, "out of order in {:?}", node.tag_name());
    }
}

const XS: &str = "http://www.w3.org/2001/XMLSchema";

fn check_attributes(node: Node<'_, '_>, kind: Node<'_, '_>) {
    let declared: Vec<_> = elements(kind).filter(|it| it.has_tag_name((XS, "attribute"))).collect();
    for attribute in node.attributes() {
        let name = attribute.name();
        let declaration = declared.iter().find(|it| it.attribute("name") == Some(name));
        let declaration = declaration.unwrap_or_else(|| panic!("{name} is not declared"));
        let value = attribute.value();
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let is_valid = match declaration.attribute("type") {
            Some("xs:string") => true,
            Some("xs:nonNegativeInteger") => is_number,
            Some("xs:positiveInteger") => is_number && value.bytes().any(|byte| byte != b'0'),
            Some("xs:decimal") => value.split('.').count() <= 2 && value.parse::<f64>().is_ok(),
            kind => panic!("{kind:?} is not known here"),
        };
        assert!(is_valid, "{name}={value:?}");
    }
    for attribute in declared.iter().filter(|it| it.attribute("use") == Some("required")) {
        let name = attribute.attribute("name").expect("a name");
        assert!(node.has_attribute(name), "{name} is missing in {:?}", node.tag_name());
    }
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// Checks a report, and that its numbers are those of its elements.
fn check(xml: &str) {
    let document = Document::parse(xml).expect("well-formed XML");
    Schema(Document::parse(SCHEMA).expect("a schema")).check(document.root_element());
    let count = |node: Node<'_, '_>, name: &str| {
        let is_case = |it: &Node<'_, '_>| it.has_tag_name("testcase");
        let cases = node.descendants().filter(is_case);
        cases
            .filter(|it| name == "testcase" || elements(*it).any(|child| child.has_tag_name(name)))
            .count()
    };
    let root = document.root_element();
    for node in std::iter::once(root).chain(elements(root)) {
        for (attribute, element) in [
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ] {
            let said = node.attribute(attribute).map(|it| it.parse().expect("a number"));
            assert!(said.is_none_or(|said: usize| said == count(node, element)), "{attribute}");
        }
    }
}

/// Scenario language, section 5: "valid against the common JUnit XSD (Jenkins) but for `file` and `line`".
#[test]
fn a_report_with_hostile_messages_is_valid() {
    let xml = report(&hostile(), "junit");
    check(&xml);
    let document = Document::parse(&xml).expect("XML");
    let suite = elements(document.root_element()).next().expect("a suite");
    let numbers = ["tests", "failures", "errors", "skipped"].map(|name| suite.attribute(name));
    assert_eq!(numbers, ["3", "1", "0", "1"].map(Some));
    let cases: Vec<_> = elements(suite).collect();
    let names: Vec<_> = cases.iter().filter_map(|case| case.attribute("name")).collect();
    assert_eq!(names, ["a", HOSTILE_TITLE, "c"]);
    assert_eq!(
        (cases[1].attribute("file"), cases[1].attribute("line")),
        (Some("s.wscope"), Some("5"))
    );
    let child = |case: Node<'_, '_>, name: &str| {
        elements(case)
            .find(|it| it.has_tag_name(name))
            .and_then(|it| it.text())
            .unwrap_or_default()
            .to_owned()
    };
    let failure = child(cases[1], "failure");
    assert!(
        failure.starts_with("s.wscope:10:1: nothing matched within 50 ms\n  < {\"a\":1}\n"),
        "{failure}"
    );
    assert!(failure.contains(HOSTILE[0]) && failure.contains(HOSTILE[6]), "{failure}");
    let transcript = child(cases[1], "system-out");
    assert!(transcript.contains(&format!("x < {}\n", HOSTILE[0])), "{transcript}");
    assert!(
        transcript.contains("\\e[2J\\x00\\x7f\\x9b\\u{fffe}\\u{202e}\\u{2028}"),
        "{transcript}"
    );
    assert!(elements(cases[2]).any(|it| it.has_tag_name("skipped")));
}

/// Scenario language, section 5: "the transcript in `system-out`".
#[test]
fn each_line_of_an_event_has_the_name_of_its_connection() {
    let xml = report(&hostile(), "junit");
    let document = Document::parse(&xml).expect("XML");
    let is_output = |it: &Node<'_, '_>| it.has_tag_name("system-out");
    let output = document.descendants().filter(is_output).nth(1).and_then(|it| it.text());
    let output = output.expect("the transcript of the connection x");
    assert!(output.contains("\nx > Host: 127.0.0.1:"), "{output}");
    assert!(output.lines().all(|line| line.starts_with("x ")), "{output}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_reported() {
    let xml = report(&super::interrupted(), "junit");
    check(&xml);
    assert_eq!(xml.matches("<skipped message=\"interrupted at line 3\"/>").count(), 1, "{xml}");
    assert_eq!(xml.matches("<skipped/>").count(), 1, "{xml}");
}

/// Scenario language, section 5: "characters that XML cannot hold replaced".
///
/// In a title, which is an attribute, characters stand that XML cannot hold.
#[test]
fn characters_that_xml_cannot_hold_are_replaced() {
    let xml = reported_title("a\u{1}\u{8}\u{b}\u{1f}\u{fffe}\u{ffff}b\t\"\u{e9}");
    check(&xml);
    let document = Document::parse(&xml).expect("XML");
    let case = document.descendants().find(|it| it.has_tag_name("testcase")).expect("a case");
    let expected = format!("a{}b\t\"\u{e9}", "\u{fffd}".repeat(6));
    assert_eq!(case.attribute("name"), Some(&*expected));
}

fn reported_title(title: &str) -> String {
    let title = format!("title={title}");
    let command = crate::support::wscope()
        .file("s.wscope", "### {{title}}\nWS ws://127.0.0.1:1\n< a\n")
        .args(["check", "--variable", &title, "--report-junit", "r/junit"]);
    report(&command.run().code(1), "junit")
}

#[test]
fn the_check_finds_what_is_wrong() {
    let suite = |attributes: &str, content: &str| {
        format!("<testsuites><testsuite {attributes}>{content}</testsuite></testsuites>")
    };
    let named = "name=\"a\" tests=\"1\"";
    check(&suite(named, "<testcase name=\"b\"/>"));
    for wrong in [
        suite("name=\"a\"", ""),
        suite("name=\"a\" tests=\"2\"", "<testcase name=\"b\"/>"),
        suite("name=\"a\" tests=\"1\" failures=\"1\"", "<testcase name=\"b\"/>"),
        suite(named, "<testcase/>"),
        suite(named, "<testcase name=\"b\" line=\"0\"/>"),
        suite(named, "<testcase name=\"b\" x=\"0\"/>"),
        suite(named, "<testcase name=\"b\">text</testcase>"),
        suite(named, "<testcase name=\"b\"><system-out/><failure/></testcase>"),
        suite(named, "<testcase name=\"b\"><skipped/><skipped/></testcase>"),
        suite(named, "<testcase name=\"b\"><system-out><x/></system-out></testcase>"),
    ] {
        assert!(std::panic::catch_unwind(|| check(&wrong)).is_err(), "{wrong}");
    }
}
