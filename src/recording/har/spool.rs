//! Parts of a recording that cannot be written yet: of connections that are open at the same time. They are kept in a
//! little memory, and beyond that in a temporary file without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::platform::private::create_temporary_file;

/// All streams together keep at most this many bytes in memory.
const MAX_MEMORY: usize = 1 << 20;

/// The size of a block in the file.
const BLOCK: usize = 4 << 10;

/// What a block begins with: the number of the next one, and how many bytes of data are in this one.
const HEADER: usize = 12;
const DATA: usize = BLOCK - HEADER;

/// Holds the bytes of streams. The memory that it takes does not depend on the number of bytes.
#[derive(Debug)]
pub(super) struct Spool {
    /// Where to make the file.
    folder: PathBuf,
    file: Option<File>,
    /// How many bytes the streams have.
    size: u64,
    /// How many of them are in memory.
    memory: usize,
    max_memory: usize,
    /// How many blocks the file has; they are numbered from 1.
    blocks: u64,
    /// The first of the blocks that are not used, which are linked as those of a stream are; 0 if there is none.
    free: u64,
    /// The file has failed: a stream may lack bytes.
    is_broken: bool,
}

/// A sequence of bytes in a spool: blocks of the file, and then what is in memory.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The first and the last block; 0 if there is none.
    first: u64,
    last: u64,
    /// How many bytes of data are in the last block.
    used: usize,
    memory: Vec<u8>,
    size: u64,
}

impl Stream {
    /// How many bytes it has.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl Spool {
    /// A spool that makes its file in this folder, or, if that is not possible, in that for temporary files.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            file: None,
            size: 0,
            memory: 0,
            max_memory: MAX_MEMORY,
            blocks: 0,
            free: 0,
            is_broken: false,
        }
    }

    /// Adds bytes to the end of a stream.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn append(&mut self, stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
        stream.size += bytes.len() as u64;
        self.size += bytes.len() as u64;
        if bytes.len() <= self.max_memory.saturating_sub(self.memory) {
            stream.memory.extend_from_slice(bytes);
            self.memory += bytes.len();
            return Ok(());
        }
        let written = self.spill(stream).and_then(|()| self.write(stream, bytes));
        self.noted(written)
    }

    /// Moves all bytes of a stream to the end of another.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn join(&mut self, to: &mut Stream, mut from: Stream) -> io::Result<()> {
        if from.first != 0 {
            let spilled = self.spill(to);
            self.noted(spilled)?;
            match to.last {
                0 => to.first = from.first,
                last => {
                    let linked = self.write_header(last, from.first, to.used);
                    self.noted(linked)?;
                }
            }
            (to.last, to.used) = (from.last, from.used);
        }
        let memory = std::mem::take(&mut from.memory);
        self.memory -= memory.len();
        // What is in memory is counted as it is appended.
        to.size += from.size - memory.len() as u64;
        self.size -= memory.len() as u64;
        self.append(to, &memory)
    }

    /// How many bytes of the file so many bytes of a stream take.
    pub(super) fn length_of(bytes: u64) -> u64 {
        bytes.div_ceil(DATA as u64).saturating_mul(BLOCK as u64)
    }

    /// The most that so many streams leave unused in their last blocks.
    pub(super) fn rest_of_blocks(streams: u64) -> u64 {
        streams.saturating_mul(BLOCK as u64)
    }

    /// How many bytes the disk needs for what the streams have but for the rest of blocks, if all of it is written to another file: what is in memory may
    /// get into this one before.
    pub(super) fn needed(&self) -> u64 {
        self.size.saturating_add(Self::length_of(self.memory as u64))
    }

    /// Writes the bytes of a stream but for the first ones.
    ///
    /// # Errors
    /// Of either file.
    pub(super) fn copy(
        &mut self,
        stream: &Stream,
        mut skip: usize,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<()> {
        let mut put = |data: &[u8]| {
            let skipped = data.len().min(skip);
            skip -= skipped;
            out.write_all(&data[skipped..])
        };
        let mut block = stream.first;
        let mut buffer = [0; BLOCK];
        while block != 0 {
            let read = self.read(block, &mut buffer);
            let (next, length) = self.noted(read)?;
            put(&buffer[..length])?;
            block = if block == stream.last { 0 } else { next };
        }
        put(&stream.memory)
    }

    /// Removes a stream.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn release(&mut self, stream: Stream) -> io::Result<()> {
        self.size -= stream.size;
        self.memory -= stream.memory.len();
        if stream.last != 0 {
            let linked = self.write_header(stream.last, self.free, 0);
            self.noted(linked)?;
            self.free = stream.first;
        }
        Ok(())
    }

    /// Whether a stream may lack bytes.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Remembers a failure of the file.
    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.is_broken |= result.is_err();
        result
    }

    /// Reads a block. Returns the number of the next one and how long the data is.
    fn read(&mut self, block: u64, data: &mut [u8; BLOCK]) -> io::Result<(u64, usize)> {
        let (next, length) = self.read_header(block)?;
        self.file()?.read_exact(&mut data[..length])?;
        Ok((next, length))
    }

    /// Moves what a stream has in memory to the file.
    fn spill(&mut self, stream: &mut Stream) -> io::Result<()> {
        let memory = std::mem::take(&mut stream.memory);
        self.memory -= memory.len();
        self.write(stream, &memory)
    }

    fn write(&mut self, stream: &mut Stream, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if stream.last == 0 || stream.used == DATA {
                let block = self.allocate()?;
                match stream.last {
                    0 => stream.first = block,
                    last => self.write_header(last, block, stream.used)?,
                }
                (stream.last, stream.used) = (block, 0);
            }
            let (now, rest) = bytes.split_at(bytes.len().min(DATA - stream.used));
            self.seek(stream.last, HEADER + stream.used)?.write_all(now)?;
            stream.used += now.len();
            self.write_header(stream.last, 0, stream.used)?;
            bytes = rest;
        }
        Ok(())
    }

    /// The number of a block that is not used.
    fn allocate(&mut self) -> io::Result<u64> {
        if self.free == 0 {
            self.blocks += 1;
            return Ok(self.blocks);
        }
        let block = self.free;
        (self.free, _) = self.read_header(block)?;
        Ok(block)
    }

    /// The next block and the length of the data, at which the file then is.
    fn read_header(&mut self, block: u64) -> io::Result<(u64, usize)> {
        let mut header = [0; HEADER];
        self.seek(block, 0)?.read_exact(&mut header)?;
        let (next, length) = header.split_at(8);
        let next = u64::from_le_bytes(next.try_into().unwrap_or_default());
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default()) as usize;
        Ok((next, length.min(DATA)))
    }

    fn write_header(&mut self, block: u64, next: u64, length: usize) -> io::Result<()> {
        let length = u32::try_from(length).unwrap_or_default(); // at most that of a block
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&next.to_le_bytes());
        header[8..].copy_from_slice(&length.to_le_bytes());
        self.seek(block, 0)?.write_all(&header)
    }

    fn seek(&mut self, block: u64, offset: usize) -> io::Result<&mut File> {
        let start = (block - 1).saturating_mul(BLOCK as u64);
        let file = self.file()?;
        file.seek(SeekFrom::Start(start.saturating_add(offset as u64)))?;
        Ok(file)
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let file = create_temporary_file(&self.folder)
                .or_else(|error| create_temporary_file(&std::env::temp_dir()).map_err(|_| error))?;
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spool(max_memory: usize) -> Spool {
        Spool { max_memory, ..Spool::new(std::env::temp_dir()) }
    }

    fn drained(spool: &mut Spool, stream: &mut Stream) -> Vec<u8> {
        let mut bytes = Vec::new();
        spool.copy(stream, 0, &mut bytes).expect("a file");
        spool.release(std::mem::take(stream)).expect("a file");
        bytes
    }

    #[test]
    fn a_little_stays_in_memory() {
        let (mut spool, mut stream) = (spool(10), Stream::default());
        spool.append(&mut stream, b"0123456789").expect("memory");
        assert!(spool.file.is_none());
        spool.append(&mut stream, b"a").expect("a file");
        assert!(spool.file.is_some() && stream.memory.is_empty() && spool.memory == 0);
        assert_eq!(drained(&mut spool, &mut stream), b"0123456789a");
    }

    #[test]
    fn blocks_are_used_again() {
        let (mut spool, mut stream) = (spool(0), Stream::default());
        let bytes = vec![b'x'; 10 * BLOCK];
        for _ in 0..5 {
            spool.append(&mut stream, &bytes).expect("a file");
            assert_eq!(drained(&mut spool, &mut stream), bytes);
        }
        assert_eq!(spool.blocks, 11);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_not_needed() {
        let mut spool = Spool { max_memory: 0, ..Spool::new("/nonexistent/folder".into()) };
        let mut stream = Stream::default();
        spool.append(&mut stream, b"x").expect("a file");
        assert_eq!(drained(&mut spool, &mut stream), b"x");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(usize, usize),
        Drain(usize),
        Join(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let length = prop_oneof![0_usize..50, 0_usize..3 * BLOCK];
        prop_oneof![
            6 => (0_usize..4, length).prop_map(|(stream, length)| Step::Append(stream, length)),
            1 => (0_usize..4).prop_map(Step::Drain),
            2 => (0_usize..4, 0_usize..4).prop_map(|(to, from)| Step::Join(to, from)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn streams_are_what_was_appended(
            max_memory in prop_oneof![Just(0_usize), 0_usize..2000], steps in prop::collection::vec(step(), 0..60),
        ) {
            let mut spool = spool(max_memory);
            let mut streams: [Stream; 4] = Default::default();
            let mut expected: [Vec<u8>; 4] = Default::default();
            let mut next = 0_u8;
            for step in steps {
                match step {
                    Step::Append(stream, length) => {
                        next = next.wrapping_add(1);
                        let bytes = vec![next; length];
                        spool.append(&mut streams[stream], &bytes).expect("a file");
                        expected[stream].extend(bytes);
                    }
                    Step::Drain(stream) => {
                        let bytes = drained(&mut spool, &mut streams[stream]);
                        prop_assert!(bytes == std::mem::take(&mut expected[stream]));
                    }
                    Step::Join(to, from) if to != from => {
                        let stream = std::mem::take(&mut streams[from]);
                        spool.join(&mut streams[to], stream).expect("a file");
                        let bytes = std::mem::take(&mut expected[from]);
                        expected[to].extend(bytes);
                    }
                    Step::Join(..) => {}
                }
                prop_assert!(spool.memory <= max_memory);
                prop_assert!(spool.needed() >= spool.size);
                prop_assert_eq!(spool.size, streams.iter().map(Stream::size).sum::<u64>());
                prop_assert_eq!(spool.size, expected.iter().map(|it| it.len() as u64).sum::<u64>());
                prop_assert_eq!(spool.memory, streams.iter().map(|it| it.memory.len()).sum::<usize>());
            }
            for (stream, expected) in streams.iter_mut().zip(&expected) {
                prop_assert!(&drained(&mut spool, stream) == expected);
            }
        }
    }
}
