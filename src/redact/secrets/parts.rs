//! Secrets of which only parts are secret.

use super::named::Named;
use super::{MIN_LENGTH, Secrets};

impl Secrets {
    /// Only these parts of each value: short ones are left out, and of a value that is masked after its name all but
    /// the first.
    #[must_use]
    pub fn parts(self, parts: impl Fn(&[u8]) -> Vec<Vec<u8>>) -> Self {
        let is_long = |part: &Vec<u8>| part.len() >= MIN_LENGTH;
        let anywhere = |value: Vec<u8>| match parts(&value) {
            found if found.len() < 2 => vec![value],
            found => found.into_iter().filter(is_long).collect(),
        };
        let named = |named: Named| match parts(&named.value) {
            found if found.len() < 2 => Some(named),
            found => {
                let value = found.into_iter().next().filter(|first| !is_name(first))?;
                Some(Named { value, ..named })
            }
        };
        let anywhere = self.anywhere.into_iter().flat_map(anywhere).collect();
        Self { anywhere, named: self.named.into_iter().filter_map(named).collect() }.in_order()
    }
}

/// Whether a part is empty, or only the name of a cookie.
fn is_name(part: &[u8]) -> bool {
    part.is_empty() || (part.ends_with(b"=") && !part.contains(&b';'))
}
