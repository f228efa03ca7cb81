//! The response of a failed handshake, with secrets masked.

use std::borrow::Cow;

use super::Error;
use super::words::{is_binary, of_page};
use crate::event::{FailedResponse, HeadView, Mask};
use crate::net::DialError;
use crate::net::dial::ProxyCause;
use crate::net::tunnel::ProxyFault;
use crate::net::upgrade::{ServerResponse, UpgradeError};
use crate::protocol::counted::counted;
use crate::redact::{Redaction, Secrets};

/// A response of the server or of a proxy, with the secrets to mask in it.
pub(super) struct Answer<'a> {
    response: &'a ServerResponse,
    redaction: Redaction,
    secrets: &'a Secrets,
}

impl<'a> Answer<'a> {
    /// The response that caused this failure.
    pub(super) fn of(error: &'a Error) -> Option<Self> {
        let (response, redaction, secrets) = match error.cause() {
            Error::Upgrade(rejected) | Error::Redirect(rejected, _) => match &rejected.error {
                UpgradeError::Refused(response) | UpgradeError::Invalid(response, _) => {
                    (response, rejected.redaction, &rejected.secrets)
                }
                _ => return None,
            },
            Error::Dial(DialError::Proxy(proxy), _) => match &proxy.cause {
                ProxyCause::Fault(
                    ProxyFault::Refused(response) | ProxyFault::Invalid(response),
                ) => (response, proxy.redaction, &proxy.secrets),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { response, redaction, secrets })
    }

    /// Status, head and body.
    pub(super) fn view(&self) -> FailedResponse {
        FailedResponse {
            status: self.response.line.status,
            head: self.head(),
            body: self.body().into_owned(),
            is_partial: self.response.body.is_partial(),
            notes: self.notes(),
        }
    }

    /// The head.
    pub(super) fn head(&self) -> HeadView {
        Mask::new(self.redaction, self.secrets).head(&self.response.head)
    }

    /// The received part of the body.
    pub(super) fn body(&self) -> Cow<'_, [u8]> {
        self.masked(&self.response.body.bytes)
    }

    /// The text of a body that is an HTML page.
    pub(super) fn page(&self) -> Option<String> {
        // Markup may interrupt a secret.
        let text = of_page(self.response)?;
        Some(String::from_utf8_lossy(&self.masked(text.as_bytes())).into_owned())
    }

    /// What is missing of the body, and why. A body that is not decoded is not shown without -v, and its length is in
    /// the note about that.
    pub(super) fn notes(&self) -> Vec<String> {
        let undecoded = self.undecoded().filter(|_| is_binary(&self.body()));
        let defect = self.defect().filter(|_| undecoded.is_none() || !self.is_cut());
        undecoded.into_iter().chain(defect).collect()
    }

    /// Why the body is incomplete.
    pub(super) fn defect(&self) -> Option<String> {
        let body = &self.response.body;
        match &body.defect {
            None if body.is_cut => {
                Some("the body is longer: only its first 4 KiB were read".to_owned())
            }
            defect => defect.as_ref().map(|defect| self.secrets.mask_text(defect.to_string())),
        }
    }

    /// Whether the body is longer than what was kept.
    pub(super) fn is_cut(&self) -> bool {
        self.response.body.is_cut
    }

    /// A note that the body is encoded, if it was not decoded.
    pub(super) fn undecoded(&self) -> Option<String> {
        let body = &self.response.body;
        let codings = body.undecoded.as_ref().filter(|_| !body.bytes.is_empty())?;
        let codings = self.secrets.mask_text(codings.clone());
        let more = if body.is_cut { "more than " } else { "" };
        let bytes = counted(body.received, "byte");
        Some(format!("the body is {codings}-encoded, {more}{bytes}, not decoded"))
    }

    fn masked<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        match self.response.body.is_partial() {
            true => self.secrets.mask_cut(bytes),
            false => self.secrets.mask(bytes),
        }
    }
}
