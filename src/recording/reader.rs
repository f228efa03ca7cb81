//! Reads a recording of any format, which is recognised by its content.

use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;

pub use super::reading::{Incomplete, Limits, ReadError, Summary};

use super::looks::{Looks, START, looks};
use super::{Recorded, har, ndjson};

/// Reads a recording. `sink` gets each event and says whether to go on; `name` is what the file is called in messages.
///
/// # Errors
/// If the file cannot be read, is not a recording, or is invalid. The events before the invalid place were given to
/// `sink`; of lines of events also those behind it.
pub fn read(
    name: &str,
    mut file: impl Read,
    limits: &Limits,
    sink: &mut dyn FnMut(Recorded) -> ControlFlow<()>,
) -> Result<Summary, ReadError> {
    let mut start = Vec::new();
    let looks = recognise(&mut file, &mut start).map_err(|error| match error.kind() {
        ErrorKind::IsADirectory => {
            let looks = "it is a directory".to_owned();
            ReadError::NotRecording { name: name.to_owned(), looks, hint: None }
        }
        _ => ReadError::Io { name: name.to_owned(), offset: start.len() as u64, error },
    })?;
    match looks {
        Looks::Har => {
            let summary = har::read(name, start.chain(file), limits, sink)?;
            Ok(Summary { is_har: true, ..summary })
        }
        Looks::Events => ndjson::read(name, start.chain(file), limits, sink),
        Looks::Other(looks, hint) => {
            let hint = hint.map(|hint| hint.replace("FILE", name));
            Err(ReadError::NotRecording { name: name.to_owned(), looks: looks.to_owned(), hint })
        }
    }
}

/// What a file looks like, as soon as that is known: its events may be shown while they are being recorded.
fn recognise(file: &mut impl Read, start: &mut Vec<u8>) -> io::Result<Looks> {
    loop {
        let known = start.len();
        start.resize(START, 0);
        let read = file.read(&mut start[known..]);
        start.truncate(known + read.as_ref().map_or(0, |count| *count));
        match read {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
            Ok(0) => return Ok(looks(start)),
            Ok(_) => {}
        }
        let has_line = start[known..].contains(&b'\n') && looks(start) == Looks::Events;
        if has_line || start.len() == START {
            return Ok(looks(start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives each part in a read of its own, and panics after the last one.
    struct Parts(Vec<&'static str>);

    impl Read for Parts {
        fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
            let part = self.0.remove(0);
            space[..part.len()].copy_from_slice(part.as_bytes());
            Ok(part.len())
        }
    }

    #[test]
    fn a_file_is_recognised_by_its_first_line() {
        for parts in [
            &["{\"event\":\"x\"}\n"][..],
            &["{\"ev", "ent\":\"x\"", "}\n{"],
            &["text\n", "{\"event\":1}", "\n"],
        ] {
            let mut start = Vec::new();
            let looks = recognise(&mut Parts(parts.to_vec()), &mut start).expect("no error");
            assert_eq!((looks, start), (Looks::Events, parts.concat().into_bytes()));
        }
        let mut start = Vec::new();
        let looks = recognise(&mut Parts(vec!["text\n", ""]), &mut start).expect("no error");
        assert_eq!((looks, start.len()), (Looks::Other("it is plain text", None), 5));
    }
}
