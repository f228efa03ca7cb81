//! Random numbers that are the same in every run with the same seed, and in every version of the program.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood: "Fast Splittable Pseudorandom Number Generators", 2014). What rules decide has
/// to look random, not to be unpredictable; the generators of `rand` may change with its version.
#[derive(Clone, Debug)]
pub(super) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The generator of one rule on one connection. It does not depend on other rules and connections.
    pub(super) fn of_rule(seed: u64, connection: u64, rule: u64) -> Self {
        let of_connection = Self::new(seed).next() ^ connection;
        Self::new(Self::new(of_connection).next() ^ rule)
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True in this share of all cases, from 0 to 1.
    pub(super) fn is_in(&mut self, share: f64) -> bool {
        // The upper 53 bits: all that a number below 1 can have.
        let number = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        number < share
    }

    /// A time up to `most`, both ends included.
    pub(super) fn time_up_to(&mut self, most: Duration) -> Duration {
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        let product = u128::from(self.next()) * (u128::from(nanos) + 1);
        Duration::from_nanos((product >> 64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the reference implementation, <https://prng.di.unimi.it/splitmix64.c>
    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let mut random = SplitMix64::new(1_234_567);
        let numbers: Vec<u64> = (0..5).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn each_rule_of_each_connection_has_numbers_of_its_own() {
        let first = |seed, connection, rule| SplitMix64::of_rule(seed, connection, rule).next();
        let mut numbers = Vec::new();
        for seed in 0..4 {
            for connection in 1..20 {
                numbers.extend((1..20).map(|rule| first(seed, connection, rule)));
            }
        }
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
        assert_eq!(first(7, 1, 2), first(7, 1, 2));
    }

    #[test]
    fn shares_and_times_have_their_bounds() {
        let mut random = SplitMix64::new(1);
        for _ in 0..1000 {
            assert!(random.is_in(1.0) && !random.is_in(0.0));
            assert!(random.time_up_to(Duration::from_nanos(2)) <= Duration::from_nanos(2));
            assert_eq!(random.time_up_to(Duration::ZERO), Duration::ZERO);
        }
        let times: Vec<u128> =
            (0..100).map(|_| random.time_up_to(Duration::from_nanos(1)).as_nanos()).collect();
        assert!(times.contains(&0) && times.contains(&1));
        assert!(random.time_up_to(Duration::MAX) < Duration::MAX);
    }
}
