//! Patterns in words.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::pattern::{Matcher, Pattern, ReasonPattern};
use super::phrase::Phrase;
use crate::protocol::CloseCode;

/// How many bytes of a binary pattern are shown.
const MOST_BYTES: usize = 64;

impl Pattern {
    /// What is waited for, with the values of variables.
    pub fn describe(&self) -> Phrase {
        match self.matcher() {
            Matcher::Any => Phrase::new("any message"),
            Matcher::Text(text) => Phrase::new("the text ").value(quoted(text)),
            Matcher::Regex(regex) => of_regex("a text that matches /", regex.as_str()),
            Matcher::Json(value) => Phrase::new("JSON that contains ").value(value.to_string()),
            Matcher::Bytes { bytes, is_prefix } => {
                let start = &bytes[..bytes.len().min(MOST_BYTES)];
                let more = if *is_prefix || bytes.len() > start.len() { " .." } else { "" };
                Phrase::new("the bytes hex:").value(HEXLOWER.encode(start)).own(more)
            }
            Matcher::Ping(data) => of_control("a ping", data.as_deref()),
            Matcher::Pong(data) => of_control("a pong", data.as_deref()),
            Matcher::Close(close) => {
                let end = match close.code {
                    Some(CloseCode::ABNORMAL) => {
                        Phrase::new("an end of the connection without a Close frame (1006)")
                    }
                    Some(code) => Phrase::new("a Close frame with ").number(code.get().into()),
                    None => Phrase::new("a Close frame"),
                };
                match &close.reason {
                    None => end,
                    Some(ReasonPattern::Equal(reason)) => {
                        end.own(" and the reason ").value(quoted(reason))
                    }
                    Some(ReasonPattern::Regex(regex)) => {
                        end.phrase(of_regex(" and a reason that matches /", regex.as_str()))
                    }
                }
            }
        }
    }
}

fn of_regex(words: &'static str, regex: &str) -> Phrase {
    Phrase::new(words).value(regex).own("/")
}

fn of_control(words: &'static str, data: Option<&[u8]>) -> Phrase {
    match data {
        None => Phrase::new(words),
        Some(data) => Phrase::new(words).own(" ").value(quoted(&String::from_utf8_lossy(data))),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
