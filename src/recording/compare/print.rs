//! What equal messages have in common.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Ignore, json_of};
use crate::protocol::MessageKind;
use crate::scenario::number;

/// A digest that messages have in common exactly if they count as equal: JSON with the same values, whatever the
/// order of members, white space, escapes and forms of numbers; anything else with the same bytes. Text is never
/// equal to binary.
///
/// It is one of SHA-256, so that a peer cannot make different messages look equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The digest of a message, without what is ignored.
    pub fn of(kind: MessageKind, data: &[u8], ignore: &Ignore) -> Self {
        let mut hash = Sha256::new();
        hash.update([match kind {
            MessageKind::Text => b't',
            MessageKind::Binary => b'b',
        }]);
        match json_of(data, ignore) {
            Some(value) => visit(&mut hash, &value),
            None => {
                hash.update(b"=");
                hash.update(data);
            }
        }
        let digest = hash.finalize();
        let mut print = [0; 16];
        print.copy_from_slice(&digest[..16]);
        Self(print)
    }
}

/// Feeds a value so that only equal ones feed the same: everything has a letter for its type, and its length.
fn visit(hash: &mut Sha256, value: &Value) {
    let head = |hash: &mut Sha256, letter: u8, length: usize| {
        hash.update([letter]);
        hash.update((length as u64).to_be_bytes());
    };
    match value {
        Value::Null => head(hash, b'n', 0),
        Value::Bool(value) => head(hash, b'o', usize::from(*value)),
        Value::Number(value) => {
            let text = number::canonical(value);
            head(hash, b'#', text.len());
            hash.update(text);
        }
        Value::String(text) => {
            head(hash, b'"', text.len());
            hash.update(text);
        }
        Value::Array(elements) => {
            head(hash, b'[', elements.len());
            elements.iter().for_each(|element| visit(hash, element));
        }
        Value::Object(members) => {
            head(hash, b'{', members.len());
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in members {
                head(hash, b'"', name.len());
                hash.update(name);
                visit(hash, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(kind: MessageKind, data: &[u8], ignore: &[&str]) -> Fingerprint {
        let ignore = Ignore::parse(ignore.iter().copied()).expect("JSONPaths");
        Fingerprint::of(kind, data, &ignore)
    }

    #[test]
    fn json_is_compared_as_json_and_everything_else_as_bytes() {
        use MessageKind::Text;
        for (one, other, is_equal) in [
            (r#"{"a":1,"b":[true,null]}"#, r#" {"b":[ true,null ],"a":1.0}"#, true),
            (r#"{"a":"\u0041"}"#, r#"{"a":"A"}"#, true),
            (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, false),
            (r#"{"a":1e2}"#, r#"{"a":100}"#, true),
            (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false),
            (r#"{"a":null}"#, "{}", false),
            ("[1,2]", "[2,1]", false),
            ("[[1],2]", "[[1,2]]", false),
            (r#"["1"]"#, "[1]", false),
            (r#"{"a":[]}"#, r#"{"a":{}}"#, false),
            ("1", "1.0", false),
            ("hello", "hello", true),
            ("hello", "hello ", false),
            ("[1", "[1 ", false),
            ("", "", true),
        ] {
            let is_same = print(Text, one.as_bytes(), &[]) == print(Text, other.as_bytes(), &[]);
            assert_eq!(is_same, is_equal, "{one} {other}");
        }
        assert_ne!(print(Text, b"a", &[]), print(MessageKind::Binary, b"a", &[]));
    }

    #[test]
    fn what_is_ignored_makes_no_difference() {
        let of = |text: &str| print(MessageKind::Text, text.as_bytes(), &["$.ts", "$.l[*].id"]);
        let one = of(r#"{"ts":1,"l":[{"id":1,"v":2}]}"#);
        assert_eq!(one, of(r#"{"l":[{"v":2,"id":9}]}"#));
        assert_ne!(one, of(r#"{"l":[{"v":3,"id":9}]}"#));
    }
}
