//! Secrets of a recording: in a scenario they are variables.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::lines::escaped;
use super::values::{Names, Recordings};
use super::{SecretValues, UnknownValue};
use crate::protocol::counted::counted;
use crate::redact::{MASK, Redaction, masked_parts, secret_values};

/// How many warnings are shown.
const MAX_WARNINGS: usize = 20;

/// What a variable is the value of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    what: String,
    value: Option<Value>,
}

/// Identifies a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Known(String),
    /// The hash of what was masked.
    Hash(u64),
    /// Which mask of a request it is, among those that stand for the same header or parameter.
    Place(usize),
}

/// The variables of secrets, and what the user has to know about what was written.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    handling: SecretValues,
    /// Those that have no value in the scenario, by what they are the value of, with the value if it is known.
    variables: BTreeMap<Key, String>,
    /// The hashes of the masked secrets of the request that is being written, by the name of the field in lower case, of those
    /// that are not written yet.
    ids: BTreeMap<String, VecDeque<u64>>,
    /// The name of the field that is being written, in lower case; that of the URL is empty.
    field: Option<String>,
    /// How many masks of the request without a hash were written, by what they stand for.
    places: BTreeMap<String, usize>,
    unknown: Vec<UnknownValue>,
    /// The first warnings, in order.
    warnings: Vec<String>,
    /// All of them.
    warned: BTreeSet<String>,
    names: Names,
}

impl Secrets {
    pub(super) fn new(handling: SecretValues) -> Self {
        Self { handling, ..Self::default() }
    }

    /// Begins a request with the hashes of its masked secrets ([`crate::event::HeadView::secret_ids`]).
    pub(super) fn begin_request(&mut self, ids: &[(String, u64)]) {
        self.ids.clear();
        for (name, id) in ids {
            self.ids.entry(name.to_ascii_lowercase()).or_default().push_back(*id);
        }
        self.places.clear();
    }

    /// The hash of the next mask of the field that is being written.
    fn take_id(&mut self) -> Option<u64> {
        self.ids.get_mut(self.field.as_ref()?)?.pop_front()
    }

    /// A URL with variables in place of secrets.
    pub(super) fn url(&mut self, url: &str) -> String {
        self.field = Some(String::new());
        let mut written = String::new();
        let mut copied = 0;
        for value in secret_values(url) {
            let before = &url[copied..value.start];
            // What is masked there stays as it is.
            for _ in before.matches(MASK) {
                self.take_id();
            }
            written.push_str(&escaped(before));
            let parameter = before.rsplit(['?', '&', '#']).next().unwrap_or_default();
            let name = parameter.split('=').next().unwrap_or_default();
            written.push_str(&self.value(
                name,
                &format!("the query parameter {name:?}"),
                &url[value.clone()],
            ));
            copied = value.end;
        }
        let rest = &url[copied..];
        written.push_str(&match rest.contains(MASK) {
            true => self.masked("url", "a part of the URL", rest),
            false => escaped(rest),
        });
        written
    }

    /// User and password of a URL as the value of the option `user`. The name alone may be a token.
    pub(super) fn user(&mut self, name: &str, password: Option<&str>) -> String {
        self.field = Some(String::new());
        match password {
            None => self.value("user", "the user of the URL", name) + ":",
            Some(password) => {
                let password = self.value("password", "the password of the URL", password);
                format!("{}:{password}", escaped(name))
            }
        }
    }

    /// The value of a header field with variables in place of secrets.
    pub(super) fn field(&mut self, name: &str, value: &str) -> String {
        self.field = Some(name.to_ascii_lowercase());
        let what = format!("the header {name}{}", scheme(name, value));
        let masked = Redaction::Mask.value(name, value.as_bytes());
        let masked = String::from_utf8_lossy(&masked);
        if value.contains(MASK) {
            return self.masked(name, &what, value);
        }
        if !masked.contains(MASK) {
            return escaped(value);
        }
        // What is not masked stands around the secrets; subprotocols and URLs may have several.
        match masked_parts(value.as_bytes(), masked.as_bytes()) {
            Some(parts) => {
                let mut kept = masked.split(MASK);
                let mut written = escaped(kept.next().unwrap_or_default());
                for (secret, behind) in parts.into_iter().zip(kept) {
                    let secret = String::from_utf8_lossy(secret);
                    written += &self.value(name, &what, &secret);
                    written += &escaped(behind);
                }
                written
            }
            None if self.handling == SecretValues::Variables => self.masked(name, &what, &masked),
            None => escaped(value),
        }
    }

    /// The variable of a secret that an option has.
    pub(super) fn in_option(&mut self, name: &str, what: &str) -> String {
        self.field = None;
        self.variable(name, what, None, true)
    }

    /// The variable of a masked secret of a request with this hash.
    pub(super) fn with_id(&self, id: u64) -> Option<String> {
        let is_it = |(key, _): &(&Key, &String)| key.value == Some(Value::Hash(id));
        self.variables.iter().find(is_it).map(|(_, name)| name.clone())
    }

    /// A secret that was masked in messages, behind this word; `place` counts those that a message has behind it. Returns the
    /// name of its variable.
    pub(super) fn masked_in_messages(&mut self, word: &str, place: usize) -> String {
        self.field = None;
        let number = if place == 0 { String::new() } else { format!("number {} ", place + 1) };
        let (name, what) = match (word, place) {
            ("", 0) => ("secret", "a secret in messages".to_owned()),
            ("", _) => ("secret", format!("secret {number}in messages")),
            (word, 0) => (word, format!("the secret behind {word:?} in messages")),
            (word, _) => (word, format!("secret {number}behind {word:?} in messages")),
        };
        let variable = self.variable(name, &what, None, true);
        variable.trim_matches(['{', '}']).to_owned()
    }

    /// A URL that the recording does not have.
    pub(super) fn unknown_url(&mut self) -> String {
        const WHAT: &str = "the URL, which the recording does not have";
        self.variable("url", WHAT, None, false)
    }

    /// Notes what the user has to know.
    pub(super) fn warn(&mut self, warning: String) {
        if self.warned.insert(warning.clone()) && self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(warning);
        }
    }

    /// The names that variables of secrets do not have.
    pub(super) fn names(&mut self) -> &mut Names {
        &mut self.names
    }

    /// The values of secrets that the recording has, by their variables.
    pub(super) fn values(&self) -> Recordings {
        let known = |(key, name): (&Key, &String)| match &key.value {
            Some(Value::Known(value)) => Some((name.clone(), value.clone())),
            _ => None,
        };
        self.variables.iter().filter_map(known).collect()
    }

    /// The values that the scenario needs, and the warnings; the last one is the number of those left out.
    pub(super) fn into_unknown(self) -> (Vec<UnknownValue>, Vec<String>) {
        let mut warnings = self.warnings;
        let others = self.warned.len() - warnings.len();
        if others > 0 {
            warnings.push(counted(others as u64, "more warning"));
        }
        (self.unknown, warnings)
    }

    /// A secret, which may have been masked.
    fn value(&mut self, name: &str, what: &str, value: &str) -> String {
        match self.handling {
            _ if value.contains(MASK) => self.masked(name, what, value),
            SecretValues::Verbatim => escaped(value),
            SecretValues::Variables => self.variable(name, what, Some(value), true),
        }
    }

    /// A text with a variable in place of each part that was masked.
    fn masked(&mut self, name: &str, what: &str, text: &str) -> String {
        let mut parts = text.split(MASK);
        let mut written = escaped(parts.next().unwrap_or_default());
        for part in parts {
            written += &self.variable(name, what, None, true);
            written += &escaped(part);
        }
        written
    }

    fn variable(&mut self, name: &str, what: &str, value: Option<&str>, is_secret: bool) -> String {
        let value = match value {
            Some(value) => Some(Value::Known(value.to_owned())),
            None if is_secret && self.field.is_some() => Some(self.masked_value(what)),
            None => None,
        };
        let key = Key { what: what.to_owned(), value };
        let known = self.variables.get(&key).cloned();
        let variable = known.unwrap_or_else(|| {
            let new = self.names.new_like(&name.to_ascii_lowercase());
            self.variables.insert(key, new.clone());
            let what = what.to_owned();
            self.unknown.push(UnknownValue { name: new.clone(), what, is_secret });
            new
        });
        format!("{{{{{variable}}}}}")
    }

    /// Identifies the next masked value of the request.
    fn masked_value(&mut self, what: &str) -> Value {
        if let Some(id) = self.take_id() {
            return Value::Hash(id);
        }
        let place = self.places.entry(what.to_owned()).or_default();
        *place += 1;
        Value::Place(*place)
    }
}

/// Where in a header with credentials the secret stands, if it is not all of it.
fn scheme(name: &str, value: &str) -> String {
    let has_credentials =
        ["authorization", "proxy-authorization"].iter().any(|it| name.eq_ignore_ascii_case(it));
    match value.split_once(' ').filter(|_| has_credentials) {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("basic") => {
            format!(" behind \"{scheme} \" (USER:PASSWORD in base64)")
        }
        Some((scheme, _))
            if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            format!(" behind \"{scheme} \"")
        }
        _ => String::new(),
    }
}
