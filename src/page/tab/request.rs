//! Requests as they come, and answers as they go.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A request. Its other members depend on the method.
pub(super) struct Request<'a> {
    pub(super) id: u64,
    pub(super) method: Cow<'a, str>,
    text: &'a str,
}

/// Why a request was refused, for the user.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) text: String,
    /// The place in the text of the request that is meant, in units of UTF-16.
    pub(super) at: Option<usize>,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, at: None }
    }
}

impl<'a> Request<'a> {
    /// # Errors
    /// Why it is not a request.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(expecting = "an object")]
        struct Head<'a> {
            id: u64,
            #[serde(borrow)]
            method: Cow<'a, str>,
        }

        let Head { id, method } = parse(text)?;
        Ok(Self { id, method, text })
    }

    /// Its other members.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn members<T: Deserialize<'a>>(&self) -> Result<T, Failure> {
        parse(self.text).map_err(Failure::from)
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    // A sequence would be taken for the members in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err("the request is not a JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| format!("the request is invalid: {error}"))
}

/// The answer to a request that was carried out.
pub(super) fn succeeded(id: u64, result: &str) -> String {
    format!("{{\"id\":{id},\"result\":{result}}}")
}

/// The answer to a request that was not.
pub(super) fn failed(id: Option<u64>, failure: &Failure) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        id: Option<u64>,
        error: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<usize>,
    }

    json(&Answer { id, error: &failure.text, at: failure.at })
}

/// A value as JSON.
pub(super) fn json(value: &impl Serialize) -> String {
    // It fails only for maps whose keys are not strings, which these values do not have.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
