//! Reading and writing at a place in a file, without the position that its users share.

use std::fs::File;
use std::io;

/// Reads as many bytes as there is room for.
///
/// # Errors
/// Of the system, or if the file ends before.
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset);
    #[cfg(windows)]
    {
        let (mut buffer, mut offset) = (buffer, offset);
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => {
                    buffer = &mut buffer[count..];
                    offset += count as u64;
                }
            }
        }
        Ok(())
    }
}

/// Writes all bytes.
///
/// # Errors
/// Of the system.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let (mut bytes, mut offset) = (bytes, offset);
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(file, bytes, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => {
                    bytes = &bytes[count..];
                    offset += count as u64;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_where_they_were_written() {
        let file = tempfile::tempfile().expect("a file");
        write_all_at(&file, b"world", 6)
            .and_then(|()| write_all_at(&file, b"hello ", 0))
            .expect("room");
        let mut found = [0; 8];
        read_exact_at(&file, &mut found, 3).expect("that much");
        assert_eq!(&found, b"lo world");
        let error = read_exact_at(&file, &mut found, 4).expect_err("too much");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
