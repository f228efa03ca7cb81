//! How far the references of DEFLATE data (RFC 1951) lead back. The decoder keeps a window of 32 KiB whatever was
//! negotiated, so with a smaller one the data is read a second time, without being inflated.

/// Reads the messages of a connection, in pieces of any size. Data that is not valid is left to the decoder.
#[derive(Debug)]
pub(super) struct Distances {
    /// The longest distance that is allowed.
    limit: u32,
    bits: Bits,
    state: State,
    /// The block is the last one of its stream.
    is_final: bool,
    lengths: Lengths,
    literals: Code,
    distances: Code,
    /// Bytes of the message that the data so far inflates to.
    made: u64,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    StoredLength,
    Stored(u32),
    TableSizes,
    CodeLengths {
        literals: usize,
        distances: usize,
        codes: usize,
    },
    Lengths {
        literals: usize,
        distances: usize,
    },
    Symbols,
    /// It is not valid DEFLATE data.
    Invalid,
}

/// Why there is no next state.
enum Halt {
    NeedsMore,
    TooFar,
    Invalid,
}

impl Distances {
    /// For references that lead back at most `1 << window` bytes.
    pub(super) fn new(window: u8) -> Self {
        Self {
            limit: 1 << window,
            bits: Bits::default(),
            state: State::Header,
            is_final: false,
            lengths: Lengths::default(),
            literals: Code::default(),
            distances: Code::default(),
            made: 0,
        }
    }

    /// Ends the message. The next one begins with a block, at a whole byte.
    pub(super) fn end_message(&mut self) {
        (self.bits, self.state, self.made) = (Bits::default(), State::Header, 0);
    }

    /// Reads the next bytes of the message. Returns how many bytes of it are before the first reference that leads too
    /// far back, if there is one: nothing may follow then.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Option<u64> {
        loop {
            self.bits.refill(&mut bytes);
            match self.step() {
                Ok(state) => self.state = state,
                Err(Halt::NeedsMore) => return None, // as many bits as a step takes were there, or all
                Err(Halt::TooFar) => return Some(self.made),
                Err(Halt::Invalid) => {
                    self.state = State::Invalid;
                    return None;
                }
            }
        }
    }

    /// One step, which takes all of its bits or none.
    fn step(&mut self) -> Result<State, Halt> {
        match self.state {
            State::Header => self.header(),
            State::StoredLength => Ok(State::Stored(self.bits.take(32)? & 0xffff)),
            State::Stored(0) => Ok(self.end_block()),
            State::Stored(left) => {
                self.bits.take(8)?;
                self.made += 1;
                Ok(State::Stored(left - 1))
            }
            State::TableSizes => {
                let sizes = self.bits.take(14)? as usize;
                self.lengths = Lengths::default();
                let (literals, distances) = (257 + (sizes & 31), 1 + ((sizes >> 5) & 31));
                Ok(State::CodeLengths { literals, distances, codes: 4 + (sizes >> 10) })
            }
            State::CodeLengths { literals, distances, codes } => {
                if self.lengths.count < codes {
                    let length = self.bits.take(3)? as u8; // at most 7
                    self.lengths.all[usize::from(CODE_ORDER[self.lengths.count])] = length;
                    self.lengths.count += 1;
                    return Ok(self.state);
                }
                self.literals = Code::new(&self.lengths.all[..CODE_ORDER.len()])?;
                self.lengths = Lengths::default();
                Ok(State::Lengths { literals, distances })
            }
            State::Lengths { literals, distances } => self.code_lengths(literals, distances),
            State::Symbols => self.symbol(),
            State::Invalid => Err(Halt::Invalid),
        }
    }

    fn header(&mut self) -> Result<State, Halt> {
        let header = self.bits.take(3)?;
        self.is_final = header & 1 == 1;
        match header >> 1 {
            0 => {
                self.bits.align();
                Ok(State::StoredLength)
            }
            1 => {
                let literals: Vec<u8> = (0..288).map(fixed_length).collect();
                (self.literals, self.distances) = (Code::new(&literals)?, Code::new(&[5; 30])?);
                Ok(State::Symbols)
            }
            2 => Ok(State::TableSizes),
            _ => Err(Halt::Invalid),
        }
    }

    /// The decoder begins a new stream behind a final block, at the next byte.
    fn end_block(&mut self) -> State {
        if self.is_final {
            self.bits.align();
        }
        State::Header
    }

    /// The next length of a dynamic table, or a run of them (RFC 1951 section 3.2.7).
    fn code_lengths(&mut self, literals: usize, distances: usize) -> Result<State, Halt> {
        let total = literals + distances;
        if self.lengths.count == total {
            self.distances = Code::new(&self.lengths.all[literals..total])?;
            self.literals = Code::new(&self.lengths.all[..literals])?;
            return Ok(State::Symbols);
        }
        let mut bits = self.bits;
        let symbol = self.literals.decode(&mut bits)?;
        let last = self.lengths.count.checked_sub(1).map(|last| self.lengths.all[last]);
        let (length, times) = match symbol {
            0..16 => (symbol as u8, 1),
            16 => (last.ok_or(Halt::Invalid)?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        let end = self.lengths.count + times as usize;
        if end > total {
            return Err(Halt::Invalid);
        }
        self.lengths.all[self.lengths.count..end].fill(length);
        (self.lengths.count, self.bits) = (end, bits);
        Ok(self.state)
    }

    /// A literal, the end of the block, or a reference (RFC 1951 section 3.2.5).
    fn symbol(&mut self) -> Result<State, Halt> {
        let mut bits = self.bits;
        let symbol = usize::from(self.literals.decode(&mut bits)?);
        let length = match symbol {
            ..256 => 1,
            256 => {
                self.bits = bits;
                return Ok(self.end_block());
            }
            _ => {
                let (base, extra) = *LENGTHS.get(symbol - 257).ok_or(Halt::Invalid)?;
                let length = u32::from(base) + bits.take(extra.into())?;
                let symbol = usize::from(self.distances.decode(&mut bits)?);
                let (base, extra) = *DISTANCES.get(symbol).ok_or(Halt::Invalid)?;
                if u32::from(base) + bits.take(extra.into())? > self.limit {
                    return Err(Halt::TooFar);
                }
                length
            }
        };
        self.made += u64::from(length);
        self.bits = bits;
        Ok(State::Symbols)
    }
}

/// Bits that were read and not used.
#[derive(Clone, Copy, Debug, Default)]
struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    fn refill(&mut self, bytes: &mut &[u8]) {
        while self.count <= 56
            && let Some((byte, rest)) = bytes.split_first()
        {
            self.value |= u64::from(*byte) << self.count;
            self.count += 8;
            *bytes = rest;
        }
    }

    /// The next bits, at most 32.
    fn take(&mut self, count: u32) -> Result<u32, Halt> {
        if count > self.count {
            return Err(Halt::NeedsMore);
        }
        let taken = self.value & ((1 << count) - 1);
        self.value >>= count;
        self.count -= count;
        Ok(taken as u32) // at most 32 bits
    }

    /// Drops the rest of a byte.
    fn align(&mut self) {
        let rest = self.count % 8;
        self.value >>= rest;
        self.count -= rest;
    }
}

/// The lengths of codes that a dynamic block begins with.
#[derive(Debug)]
struct Lengths {
    all: [u8; 32 + 288],
    count: usize,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { all: [0; 32 + 288], count: 0 }
    }
}

/// A Huffman code (RFC 1951 section 3.2.2).
#[derive(Debug, Default)]
struct Code {
    /// How many codes have each length.
    counts: [u16; 16],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    /// The code in which the symbols have these lengths; 0: they do not occur.
    fn new(lengths: &[u8]) -> Result<Self, Halt> {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[usize::from(*length)] += 1);
        counts[0] = 0;
        let mut left = 1_i32;
        for count in &counts[1..] {
            left = 2 * left - i32::from(*count);
            if left < 0 {
                return Err(Halt::Invalid); // more codes than there are
            }
        }
        let mut symbols: Vec<u16> = (0..).take(lengths.len()).collect();
        symbols.retain(|symbol| lengths[usize::from(*symbol)] > 0);
        symbols.sort_by_key(|symbol| lengths[usize::from(*symbol)]);
        Ok(Self { counts, symbols })
    }

    fn decode(&self, bits: &mut Bits) -> Result<u16, Halt> {
        let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in &self.counts[1..] {
            code |= bits.take(1)?;
            let count = u32::from(*count);
            if code < first + count {
                let symbol = self.symbols.get((index + code - first) as usize);
                return symbol.copied().ok_or(Halt::Invalid);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Halt::Invalid)
    }
}

/// The lengths of the codes of a block without a table (RFC 1951 section 3.2.6).
fn fixed_length(symbol: u16) -> u8 {
    match symbol {
        0..144 => 8,
        144..256 => 9,
        256..280 => 7,
        _ => 8,
    }
}

/// The order of the code lengths of a table.
const CODE_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The least length of each symbol from 257 on, and how many bits are added to it (RFC 1951 section 3.2.5).
const LENGTHS: [(u16, u8); 29] = {
    let mut table = ranges(3, 4);
    table[28] = (258, 0);
    table
};

/// The least distance of each symbol, and how many bits are added to it.
const DISTANCES: [(u16, u8); 30] = ranges(1, 2);

/// Ranges that follow each other from `first` on: the first `2 * group` have one value each, then every `group` of them have one
/// bit more than those before.
const fn ranges<const N: usize>(first: u16, group: usize) -> [(u16, u8); N] {
    let mut table = [(first, 0); N];
    let mut at = 1;
    while at < N {
        let (least, extra) = table[at - 1];
        let bits = if at < 2 * group { 0 } else { (at - group) / group };
        table[at] = (least + (1 << extra), bits as u8);
        at += 1;
    }
    table
}
