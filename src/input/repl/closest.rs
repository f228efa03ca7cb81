//! Names that a misspelt word was probably meant as.

use strsim::osa_distance;

/// The name that differs from a word by few typing errors.
pub(crate) fn closest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let slips = if word.chars().count() > 4 { 2 } else { 1 };
    let distances = names.into_iter().map(|name| {
        let distance = osa_distance(&word.to_lowercase(), &name.to_lowercase());
        (distance, name)
    });
    distances.filter(|(distance, _)| *distance <= slips).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_close_are_found() {
        let names = ["close", "clients", "kick"];
        for (word, name) in [
            ("clsoe", Some("close")),
            ("CLOSE", Some("close")),
            ("kik", Some("kick")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(closest(word, names), name, "{word}");
        }
    }
}
