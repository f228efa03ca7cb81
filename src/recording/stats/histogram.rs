//! How often numbers of about the same size occurred.

/// Buckets for each power of two: a quantile is at most 1/32 too large.
const PARTS: u64 = 32;

/// How many numbers are kept as they are.
const MAX_FEW: usize = 64;

/// Counts numbers in buckets whose width grows with them, so that it takes little memory whatever is counted. Few numbers
/// are kept themselves too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The buckets, up to the last one that is in use.
    counts: Vec<u64>,
    /// The numbers in order, as long as they are at most [`MAX_FEW`].
    few: Vec<u64>,
    count: u64,
    min: u64,
    max: u64,
}

impl Histogram {
    /// Counts a number.
    pub fn add(&mut self, number: u64) {
        let bucket = bucket(number);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        match self.few.len() {
            kept if kept as u64 != self.count => {} // there were too many before
            MAX_FEW => self.few = Vec::new(),
            _ => self.few.insert(self.few.partition_point(|it| *it < number), number),
        }
        self.min = if self.count == 0 { number } else { self.min.min(number) };
        self.max = self.max.max(number);
        self.count += 1;
    }

    /// How many numbers were counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The smallest one; 0 without any.
    pub const fn min(&self) -> u64 {
        self.min
    }

    /// The largest one; 0 without any.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The smallest number that is not exceeded by this many of a hundred; 0 without any. Exact for few numbers, else at
    /// most 1/32 too large.
    pub fn percentile(&self, percent: u64) -> u64 {
        // In 128 bits, so that no count is too large.
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
        let exact = usize::try_from(rank - 1).ok().and_then(|index| self.few.get(index));
        if let Some(number) = exact {
            return *number;
        }
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank {
                return last_of(bucket).clamp(self.min, self.max);
            }
        }
        self.max
    }

    /// How many numbers were counted that are not larger than this one, as far as the buckets tell them apart.
    pub fn up_to(&self, number: u64) -> u64 {
        if number >= self.max {
            return self.count;
        }
        let whole = self.counts.iter().enumerate().take_while(|(at, _)| last_of(*at) <= number);
        whole.map(|(_, count)| count).sum()
    }
}

/// The bucket of a number.
fn bucket(number: u64) -> usize {
    let index = match number {
        0..PARTS => number,
        _ => {
            let shift = u64::from(number.ilog2()) - u64::from(PARTS.ilog2());
            (shift << PARTS.ilog2()) + (number >> shift)
        }
    };
    index as usize // less than 2000
}

/// The largest number of a bucket.
fn last_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PARTS {
        return bucket;
    }
    let shift = bucket / PARTS - 1;
    let first = (bucket % PARTS + PARTS) << shift;
    first + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut next = 0;
        for index in 0..bucket(u64::MAX) {
            assert_eq!(bucket(next), index, "{next}");
            assert_eq!(bucket(last_of(index)), index);
            next = last_of(index) + 1;
        }
        assert_eq!(last_of(bucket(u64::MAX)), u64::MAX);
    }

    #[test]
    fn nothing_and_single_numbers_have_percentiles() {
        let mut numbers = Histogram::default();
        assert_eq!((numbers.count(), numbers.min(), numbers.max()), (0, 0, 0));
        assert_eq!((numbers.percentile(50), numbers.up_to(9)), (0, 0));
        numbers.add(1_000_003);
        for percent in [0, 50, 100] {
            assert_eq!(numbers.percentile(percent), 1_000_003);
        }
        assert_eq!((numbers.up_to(1000), numbers.up_to(1_000_003)), (0, 1));
        numbers.add(u64::MAX);
        assert_eq!(numbers.percentile(100), u64::MAX);
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_numbers(
            mut numbers in proptest::collection::vec(
                prop_oneof![0..100u64, 0..1_000_000u64, any::<u64>()], 1..200
            ),
            percent in 0..101u64,
        ) {
            let mut histogram = Histogram::default();
            numbers.iter().for_each(|number| histogram.add(*number));
            numbers.sort_unstable();
            let rank = (numbers.len() as u64 * percent).div_ceil(100).max(1) as usize;
            let exact = numbers[rank - 1];
            let found = histogram.percentile(percent);
            let most = if numbers.len() <= MAX_FEW { 0 } else { exact / PARTS };
            prop_assert!(found >= exact && found - exact <= most, "{found} for {exact}");
            prop_assert_eq!(histogram.min(), numbers[0]);
            prop_assert_eq!(Some(&histogram.max()), numbers.last());
        }
    }
}
