use super::*;

/// Scenario language, section 4: the filters `count nth first last`.
#[test]
fn filters_of_lists() {
    for (json, filters, value) in [
        ("[1,2]", "count", "an integer: 2"),
        ("[]", "count", "an integer: 0"),
        ("\"a\"", "count", "count: a list is expected, got a string: \"a\""),
        ("{}", "count", "count: a list is expected, got an object: {}"),
        ("[1,2,3]", "nth 0", "an integer: 1"),
        ("[1,2,3]", "nth -1", "an integer: 3"),
        ("[1,2,3]", "nth {{n}}", "an integer: 2"),
        ("[1]", "nth 1", "nth: there is no value at index 1 of a list of 1 value"),
        ("[1,2]", "nth -3", "nth: there is no value at index -3 of a list of 2 values"),
        (
            "[]",
            "nth -9223372036854775808",
            "nth: there is no value at index -9223372036854775808 of a list of 0 values",
        ),
        ("[1]", "nth {{x}}", "the variable \"x\" has no value"),
        ("[1]", "nth {{text}}", "nth: an index is expected, got a string: \"a.b\""),
        ("[1]", "nth {{float}}", "nth: an index is expected, got a float: 1.5"),
        ("5", "nth 0", "nth: a list is expected, got an integer: 5"),
        ("[1,2]", "first", "an integer: 1"),
        ("[1,2]", "last", "an integer: 2"),
        ("[]", "first", "first: the list is empty"),
        ("[]", "last", "last: the list is empty"),
        ("null", "first", "first: a list is expected, got null"),
        ("true", "last", "last: a list is expected, got a boolean: true"),
        (r#""a,b""#, r#"split "," last count"#, "count: a list is expected, got a string: \"b\""),
    ] {
        assert_eq!(filtered(json, filters), value, "{json} {filters}");
    }
}

/// Scenario language, section 4: the filters `split replace regex hexDecode urlDecode` and others of text.
#[test]
fn filters_of_text() {
    for (json, filters, value) in [
        (r#""a, b""#, r#"split ", ""#, r#"a list: ["a","b"]"#),
        (r#""aa.bc""#, r#"split "{{text}}""#, r#"a list: ["a","c"]"#),
        ("[]", r#"split ",""#, "split: a string is expected, got a list: []"),
        (r#""1234 [0-9]""#, r#"replace "[0-9]" "x""#, r#"a string: "1234 x""#),
        (r#""a1b22""#, r#"replace /\d+/ "<$0>""#, r#"a string: "a<1>b<22>""#),
        (r#""ab""#, r#"replace /(a)(b)/ "$2$1""#, r#"a string: "ba""#),
        (r#""ab""#, r#"replace /(a)/ "{{dollar}}""#, r#"a string: "$1b""#),
        (r#""xa.b""#, r#"replace /{{text}}/ "y""#, r#"a string: "xy""#),
        (r#""xaXb""#, r#"replace /{{text}}/ "y""#, r#"a string: "xaXb""#),
        ("1", r#"replace "a" "b""#, "replace: a string is expected, got an integer: 1"),
        (r#""a""#, r#"replace "{{x}}" "b""#, "the variable \"x\" has no value"),
        (r#""id-7""#, r"regex /id-(\d)/", r#"a string: "7""#),
        (r#""id-7""#, r"regex /\d/", r#"a string: "7""#),
        (r#""id""#, r"regex /\d/", "nothing"),
        ("7", r"regex /\d/", "regex: a string is expected, got an integer: 7"),
        (r#""https://a/?x=%D1%88+%zz%""#, "urlDecode", r#"a string: "https://a/?x=ш+%zz%""#),
        (r#""%ff""#, "urlDecode", "urlDecode: \"%ff\" is not UTF-8 when it is decoded"),
        ("1", "urlDecode", "urlDecode: a string is expected, got an integer: 1"),
        (r#""AQAK""#, "base64Decode", "bytes: hex:01 00 0a"),
        (
            r#""A""#,
            "base64Decode",
            "base64Decode: \"A\" cannot be decoded: not base64: 1 character, but the last group of four has to have 2 or more",
        ),
        ("1", "base64Decode", "base64Decode: a string is expected, got an integer: 1"),
        (r#""01 00 0A""#, "hexDecode count", "an integer: 3"),
        (
            r#""0x""#,
            "hexDecode",
            "hexDecode: \"0x\" cannot be decoded: 'x' is not a hexadecimal digit",
        ),
        ("1", "hexDecode", "hexDecode: a string is expected, got an integer: 1"),
        (r#""81a16101""#, r#"hexDecode decode "msgpack""#, "an object: {\"a\":1}"),
        (r#""81a16101""#, r#"hexDecode decode "msgpack" jsonpath "$.a""#, "an integer: 1"),
        (
            r#""92c0""#,
            r#"hexDecode decode "msgpack""#,
            "decode: not MessagePack: truncated: 1 more byte expected at byte 2",
        ),
        (r#""a""#, r#"decode "msgpack""#, "decode: bytes are expected, got a string: \"a\""),
    ] {
        assert_eq!(filtered(json, filters), value, "{json} {filters}");
    }
}

/// Scenario language, section 4: the filters `toInt toFloat toString toDate jsonpath base64Decode`.
#[test]
fn filters_that_convert() {
    for (json, filters, value) in [
        (r#""123""#, "toInt", "an integer: 123"),
        (r#""18446744073709551615""#, "toInt", "an integer: 18446744073709551615"),
        ("9007199254740993", "toInt", "an integer: 9007199254740993"),
        ("1.6", "toInt", "an integer: 1"),
        ("-1.6", "toInt", "an integer: -1"),
        ("1e19", "toInt", "an integer: 10000000000000000000"),
        ("1e20", "toInt", "toInt: 1e20 is too large for an integer"),
        (r#""18446744073709551617""#, "toInt", "an integer: 18446744073709551617"),
        ("18446744073709551617", "toInt", "an integer: 18446744073709551617"),
        ("1e400", "toInt", "toInt: 1e400 is too large for an integer"),
        (r#""12x""#, "toInt", "toInt: \"12x\" is not an integer"),
        ("true", "toInt", "toInt: a number or a string is expected, got a boolean: true"),
        (r#""3.14""#, "toFloat", "a float: 3.14"),
        ("3", "toFloat", "a float: 3.0"),
        (r#""inf""#, "toFloat", "toFloat: \"inf\" is not a number"),
        ("null", "toFloat", "toFloat: a number or a string is expected, got null"),
        ("100", "toString", "a string: \"100\""),
        ("true", "toString", "a string: \"true\""),
        (r#""AQ==""#, "base64Decode toString", "a string: \"\\u0001\""),
        (r#""/w==""#, "base64Decode toString", "toString: bytes: hex:ff are not UTF-8"),
        ("[]", "toString", "toString: a list cannot be a string"),
        (r#""2027-01-02""#, r#"toDate "%Y-%m-%d""#, "a date: 2027-01-02T00:00:00Z"),
        (
            r#""2020-08-27 09:07:46 +02:00""#,
            r#"toDate "%Y-%m-%d %H:%M:%S %:z""#,
            "a date: 2020-08-27T07:07:46Z",
        ),
        (
            r#""Wed, 13 Jan 2021 22:23:01 GMT""#,
            r#"toDate "%a, %d %b %Y %H:%M:%S GMT""#,
            "a date: 2021-01-13T22:23:01Z",
        ),
        (r#""2023-01-23T18:25:43.511Z""#, r#"toDate "%+""#, "a date: 2023-01-23T18:25:43.511Z"),
        (
            r#""today""#,
            r#"toDate "%+""#,
            "toDate: \"today\" is not a date of the format \"%+\": not RFC 3339",
        ),
        ("1", r#"toDate "%+""#, "toDate: a string is expected, got an integer: 1"),
        (r#""{\"a\":[1]}""#, r#"jsonpath "$.a[0]""#, "an integer: 1"),
        (r#"{"a":[1]}"#, r#"jsonpath "$.a" jsonpath "$[0]""#, "an integer: 1"),
        (r#""eyJhIjoxfQ==""#, r#"base64Decode jsonpath "$.a""#, "an integer: 1"),
        (r#"{"a":1}"#, r#"jsonpath "$.b" jsonpath "$.c" count"#, "nothing"),
        (
            "\"x\"",
            r#"jsonpath "$""#,
            "jsonpath: \"x\" is not JSON: expected value at line 1 column 1",
        ),
        (
            "1",
            r#"jsonpath "$""#,
            "jsonpath: an object, a list or JSON is expected, got an integer: 1",
        ),
    ] {
        assert_eq!(filtered(json, filters), value, "{json} {filters}");
    }
    let refused = filtered(r#""27.1.""#, r#"toDate "%Y""#);
    assert!(
        refused.starts_with("toDate: \"27.1.\" is not a date of the format \"%Y\": "),
        "{refused}"
    );
}
