//! The first and the last of many things, in bounded memory.

use std::collections::VecDeque;

/// Keeps the first things and the last ones; how many there were between is counted.
#[derive(Debug)]
pub(super) struct Ends<T> {
    limits: Limits,
    first: Vec<T>,
    first_bytes: usize,
    /// The first ones are full: what follows is among the last.
    is_full: bool,
    /// With the bytes of each.
    last: VecDeque<(T, usize)>,
    last_bytes: usize,
    omitted: u64,
}

/// How much is kept, of the first and of the last things each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

impl<T> Ends<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            first: Vec::new(),
            first_bytes: 0,
            is_full: false,
            last: VecDeque::new(),
            last_bytes: 0,
            omitted: 0,
        }
    }

    /// Whether the next thing is likely to be replaced by later ones.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Keeps a thing that has so many bytes.
    pub(super) fn push(&mut self, thing: T, bytes: usize) {
        let Limits { count, bytes: most } = self.limits;
        // The very first thing is kept, whatever its size.
        if !self.is_full && (self.first.is_empty() || self.first_bytes + bytes <= most) {
            self.first.push(thing);
            self.first_bytes += bytes;
            self.is_full = self.first.len() >= count || self.first_bytes >= most;
            return;
        }
        self.is_full = true;
        self.last.push_back((thing, bytes));
        self.last_bytes += bytes;
        // What is left out is in one place: before what is larger than all that is kept, nothing is kept.
        while self.last.len() > count || self.last_bytes > most {
            let Some((_, bytes)) = self.last.pop_front() else { break };
            self.last_bytes -= bytes;
            self.omitted += 1;
        }
    }

    /// The things that are kept, how many of them come before those that are left out, and how many these are.
    pub(super) fn take(&mut self) -> (Vec<T>, usize, u64) {
        let taken = std::mem::replace(self, Self::new(self.limits));
        let mut things = taken.first;
        let first = things.len();
        things.extend(taken.last.into_iter().map(|(thing, _)| thing));
        (things, first, taken.omitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(limits: Limits, sizes: &[usize]) -> (Vec<usize>, usize, u64) {
        let mut ends = Ends::new(limits);
        for (number, size) in sizes.iter().enumerate() {
            ends.push(number, *size);
        }
        ends.take()
    }

    #[test]
    fn the_first_and_the_last_are_kept() {
        let limits = Limits { count: 2, bytes: 100 };
        assert_eq!(kept(limits, &[]), (vec![], 0, 0));
        assert_eq!(kept(limits, &[1; 2]), (vec![0, 1], 2, 0));
        assert_eq!(kept(limits, &[1; 4]), (vec![0, 1, 2, 3], 2, 0));
        assert_eq!(kept(limits, &[1; 9]), (vec![0, 1, 7, 8], 2, 5));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let limits = Limits { count: 10, bytes: 100 };
        assert_eq!(kept(limits, &[60, 60, 60]), (vec![0, 2], 1, 1));
        assert_eq!(kept(limits, &[500, 1, 1]), (vec![0, 1, 2], 1, 0), "the first is kept");
        assert_eq!(kept(limits, &[60, 60, 1, 500, 1]), (vec![0, 4], 1, 3), "one place");
    }
}
