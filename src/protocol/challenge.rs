//! Authentication challenges in WWW-Authenticate and Proxy-Authenticate (RFC 9110 section 11.6.1).
//!
//! One field may contain several challenges, separated by the same commas as their parameters, and there
//! may be several fields. Many servers send malformed ones: what can be parsed is used, the rest ignored.

use super::head::{Head, is_token, is_token_char, split_list};

/// The maximum number of challenges that are parsed.
const MAX_CHALLENGES: usize = 16;

/// The maximum number of parameters of a challenge that are parsed.
const MAX_PARAMETERS: usize = 32;

/// One challenge: an authentication scheme with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, as the server spells it.
    pub scheme: String,
    /// Names in lower case, and values without their quotes.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The challenges in all fields of this name.
    pub fn read(head: &Head, field: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for value in head.values(field) {
            let start = found.len(); // parameters belong to a challenge of the same field
            for element in split_list(&value) {
                match read_element(&element) {
                    Some(Element::Challenge(challenge)) if found.len() < MAX_CHALLENGES => {
                        found.push(challenge);
                    }
                    Some(Element::Parameter(name, value)) if found.len() > start => {
                        if let Some(challenge) = found.last_mut() {
                            challenge.add(name, value);
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// Whether the scheme is `scheme`, compared case-insensitively.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// A parameter's value, unless it is empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The challenge with `change` applied to the scheme and to each value.
    #[must_use]
    pub fn map(self, change: impl Fn(String) -> String) -> Self {
        let parameters = self.parameters.into_iter();
        Self {
            scheme: change(self.scheme),
            parameters: parameters.map(|(name, value)| (name, change(value))).collect(),
        }
    }

    fn add(&mut self, name: String, value: String) {
        let is_known = self.parameters.iter().any(|(known, _)| *known == name);
        if !is_known && self.parameters.len() < MAX_PARAMETERS {
            self.parameters.push((name, value));
        }
    }
}

enum Element {
    Challenge(Challenge),
    Parameter(String, String),
}

/// Parses the text between two commas: a parameter, or a scheme with its first parameter or its token68.
fn read_element(element: &str) -> Option<Element> {
    if let Some((name, value)) = read_parameter(element) {
        return Some(Element::Parameter(name, value));
    }
    let end = element.find(|c| !is_token_char(c)).unwrap_or(element.len());
    let (scheme, rest) = element.split_at(end);
    if scheme.is_empty() || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let parameters = read_parameter(rest.trim_start()).into_iter().collect();
    Some(Element::Challenge(Challenge { scheme: scheme.to_owned(), parameters }))
}

/// `name = value`, with a token or a quoted string. A token68 such as `abc==` has no value.
fn read_parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim_end_matches([' ', '\t']), value.trim_start_matches([' ', '\t']));
    let is_token68 = value.is_empty() || value.chars().all(|c| c == '=');
    if !is_token(name) || is_token68 {
        return None;
    }
    let value = match value.strip_prefix('"') {
        Some(quoted) => unquoted(quoted),
        None => value.to_owned(),
    };
    Some((name.to_ascii_lowercase(), value))
}

/// Up to the closing quote, or the end where it is missing.
fn unquoted(quoted: &str) -> String {
    let mut value = String::new();
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => value.extend(rest.next()),
            c => value.push(c),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::HeaderLine;

    fn read(values: &[&str]) -> Vec<Challenge> {
        let lines: Vec<_> =
            values.iter().map(|value| HeaderLine::new("www-AUTHENTICATE", value)).collect();
        Challenge::read(&Head::build("HTTP/1.1 401 Unauthorized", &lines), "WWW-Authenticate")
    }

    /// `Scheme(name=value, …)`, one after the other.
    fn shown(values: &[&str]) -> String {
        let shown = |challenge: &Challenge| {
            let parameters =
                challenge.parameters.iter().map(|(name, value)| format!("{name}={value}"));
            format!("{}({})", challenge.scheme, parameters.collect::<Vec<_>>().join(", "))
        };
        read(values).iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn challenges_and_their_parameters() {
        for (values, expected) in [
            // RFC 9110 section 11.6.1
            (
                &[
                    r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
                ][..],
                r#"Basic(realm=simple) Newauth(realm=apps, type=1, title=Login to "apps")"#,
            ),
            // RFC 6750 section 3
            (
                &[
                    r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
                ],
                "Bearer(realm=example, error=invalid_token, error_description=The access token expired)",
            ),
            // RFC 7616 section 3.9.1
            (
                &[
                    r#"Digest realm="a@b", qop="auth, auth-int", algorithm=SHA-256, nonce="x==", opaque="F="#,
                ],
                "Digest(realm=a@b, qop=auth, auth-int, algorithm=SHA-256, nonce=x==, opaque=F=)",
            ),
            (&["Negotiate", "NTLM", r#"Basic realm="x""#], "Negotiate() NTLM() Basic(realm=x)"),
            (&["Negotiate, NTLM"], "Negotiate() NTLM()"),
            (&["Negotiate YIIJvwY=, Basic realm=x"], "Negotiate() Basic(realm=x)"),
            (&["NTLM TlRMTVNTUAAC=="], "NTLM()"),
            (&["NTLM TlRMTVNTUAAC"], "NTLM()"),
            (&["Basic   REALM = \"x\" ,, charset=UTF-8,"], "Basic(realm=x, charset=UTF-8)"),
            (&["Basic realm=\"\""], "Basic(realm=)"),
            (
                &["Basic realm=\"a, b\", Bearer scope=\"c d\""],
                "Basic(realm=a, b) Bearer(scope=c d)",
            ),
            (&["Bearer realm=a, realm=b"], "Bearer(realm=a)"),
        ] {
            assert_eq!(shown(values), expected, "{values:?}");
        }
    }

    #[test]
    fn malformed_challenges_are_parsed_as_far_as_possible() {
        for (values, expected) in [
            (&[""][..], ""),
            (&[",, ,"], ""),
            (&["=", "=\"x\"", "\"Basic\""], ""),
            (&["realm=\"x\""], ""),
            (&["Basic", "realm=\"x\""], "Basic()"), // another field
            (&["Basic realm=\"no end"], "Basic(realm=no end)"),
            (&["Basic realm=\"no end\\"], "Basic(realm=no end)"),
            (&["Basic: realm=x"], ""),
            (&["Basic realm=\"x\"Bearer"], "Basic(realm=x)"),
            (&["Bäsic realm=x, Basic realm=ü"], "Basic(realm=ü)"),
            (&["Bearer error=invalid token"], "Bearer(error=invalid token)"),
        ] {
            assert_eq!(shown(values), expected, "{values:?}");
        }
    }

    #[test]
    fn the_number_of_challenges_and_parameters_is_limited() {
        let many = "Basic, ".repeat(1000) + &"a".repeat(5000);
        assert_eq!(read(&[&many]).len(), MAX_CHALLENGES);
        let parameters: String = (0..1000).map(|n| format!(", p{n}=x")).collect();
        let read = read(&[&format!("Basic a=b{parameters}")]);
        assert_eq!(read[0].parameters.len(), MAX_PARAMETERS);
    }

    proptest::proptest! {
        #[test]
        fn any_value_is_parsed_without_a_panic(value in "(\\PC|[\"\\\\=, \t]|Basic |realm=){0,60}") {
            let _ = read(&[&value]);
        }
    }
}
