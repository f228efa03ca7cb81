//! Payloads of pings and pongs.

use std::ops::Deref;

/// The payload of a ping or pong. It is its data: few need to know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlPayload<'a> {
    /// The data.
    pub data: &'a [u8],
    /// `***` stands in it for a secret (`check --secret`).
    pub masked: bool,
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for ControlPayload<'a> {
    fn from(data: &'a T) -> Self {
        Self { data: data.as_ref(), masked: false }
    }
}

impl Deref for ControlPayload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.data
    }
}
