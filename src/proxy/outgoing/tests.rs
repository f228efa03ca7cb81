use proptest::prelude::*;

use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn jitter(time: u64, spread: u64) -> Option<Jitter> {
    Some(Jitter { time: millis(time), spread: millis(spread) })
}

/// Takes what may be written at `now`.
fn take(outgoing: &mut Outgoing, now: Instant) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = outgoing.ready(now) {
        all.extend_from_slice(bytes);
        let count = bytes.len();
        outgoing.wrote(count);
    }
    all
}

#[test]
fn without_faults_everything_may_be_written_at_once() {
    let (mut outgoing, now) = (Outgoing::new(None, None), Instant::now());
    assert!(outgoing.is_direct());
    outgoing.push(b"ab", now, || 0.5);
    outgoing.push(b"c", now, || 0.5);
    outgoing.end(SourceEnd::Fin, now, || 0.5);
    assert!(!outgoing.is_direct() && outgoing.waiting() == 3);
    assert_eq!(outgoing.take_end(now), None, "bytes come first");
    assert_eq!(take(&mut outgoing, now), b"abc");
    assert_eq!(outgoing.take_end(now), Some(SourceEnd::Fin));
    assert!(outgoing.is_empty() && outgoing.take_end(now).is_none());
}

#[test]
fn latency_delays_bytes_and_the_end_and_never_reorders() {
    let (mut outgoing, start) = (Outgoing::new(jitter(100, 50), None), Instant::now());
    outgoing.push(b"slow", start, || 1.0);
    outgoing.push(b"fast", start + millis(10), || 0.0);
    outgoing.end(SourceEnd::Fin, start + millis(20), || 0.0);
    assert_eq!(outgoing.deadline(start), Some(start + millis(150)));
    assert_eq!(take(&mut outgoing, start + millis(149)), b"");
    assert_eq!(outgoing.take_end(start + millis(149)), None);
    assert_eq!(take(&mut outgoing, start + millis(150)), b"slowfast");
    assert_eq!(outgoing.take_end(start + millis(150)), Some(SourceEnd::Fin));
}

/// The loop looks at the time again between writing and waiting: what has become due in between is not forgotten.
#[test]
fn what_became_due_since_it_was_looked_at_is_not_waited_for() {
    let (mut outgoing, start) = (Outgoing::new(jitter(2, 0), None), Instant::now());
    outgoing.push(b"due", start, || 0.5);
    assert_eq!(take(&mut outgoing, start + millis(1)), b"");
    assert_eq!(outgoing.deadline(start + millis(3)), Some(start + millis(2)));
    assert_eq!(take(&mut outgoing, start + millis(3)), b"due");
    assert_eq!(outgoing.deadline(start + millis(3)), None);
    outgoing.end(SourceEnd::Reset, start + millis(3), || 0.5);
    assert_eq!(take(&mut outgoing, start + millis(4)), b"");
    assert_eq!(outgoing.deadline(start + millis(6)), Some(start + millis(5)));
    assert_eq!(take(&mut outgoing, start + millis(6)), b"");
    assert_eq!(
        outgoing.deadline(start + millis(7)),
        None,
        "it waits for what the system has not sent"
    );
}

#[test]
fn the_end_alone_is_delayed_too() {
    let (mut outgoing, start) = (Outgoing::new(jitter(100, 0), None), Instant::now());
    outgoing.end(SourceEnd::Reset, start, || 0.5);
    assert_eq!(outgoing.deadline(start), Some(start + millis(100)));
    assert_eq!(outgoing.take_end(start + millis(99)), None);
    assert_eq!(outgoing.take_end(start + millis(100)), Some(SourceEnd::Reset));
}

#[test]
fn in_a_hurry_nothing_waits_for_its_time() {
    let mut outgoing = Outgoing::new(jitter(100, 0), NonZeroU64::new(1));
    let now = Instant::now();
    outgoing.push(b"ab", now, || 0.5);
    outgoing.end(SourceEnd::Fin, now, || 0.5);
    outgoing.hurry();
    outgoing.push(b"c", now, || 0.5);
    assert_eq!(take(&mut outgoing, now), b"abc");
    assert_eq!(outgoing.take_end(now), Some(SourceEnd::Fin));
    assert!(outgoing.is_direct());
}

#[test]
fn a_reset_waits_for_bytes_as_every_end_does() {
    let (mut outgoing, now) = (Outgoing::new(jitter(100, 0), None), Instant::now());
    outgoing.push(b"ab", now, || 0.5);
    assert!(!outgoing.has_reset());
    outgoing.end(SourceEnd::Reset, now, || 0.5);
    assert!(outgoing.has_reset() && !outgoing.resets(now + millis(100)));
    assert_eq!(outgoing.take_end(now + millis(100)), None, "bytes come first");
    assert_eq!(take(&mut outgoing, now + millis(100)), b"ab");
    assert!(!outgoing.resets(now + millis(99)) && outgoing.resets(now + millis(100)));
    assert_eq!(outgoing.take_end(now + millis(100)), Some(SourceEnd::Reset));
}

#[test]
fn only_bytes_of_the_source_are_lost() {
    let (mut outgoing, now) = (Outgoing::new(None, NonZeroU64::new(3)), Instant::now());
    outgoing.push(b"abcd", now, || 0.5);
    outgoing.push(b"own", now, || 0.5);
    outgoing.note_own(3);
    outgoing.push(b"ef", now, || 0.5);
    assert_eq!((outgoing.waiting(), outgoing.waiting_of_source()), (9, 6));
    assert_eq!(take(&mut outgoing, now), b"abc");
    assert_eq!(take(&mut outgoing, now + millis(1000)), b"dow");
    assert_eq!((outgoing.waiting(), outgoing.waiting_of_source()), (3, 2));
    assert_eq!(outgoing.clear(), 2);
    assert_eq!(outgoing.waiting_of_source(), 0);
}

#[test]
fn a_throttle_allows_a_burst_of_a_second_then_its_rate() {
    let mut outgoing = Outgoing::new(None, NonZeroU64::new(1000));
    let start = Instant::now();
    assert!(!outgoing.is_direct());
    outgoing.push(&[0; 2500], start, || 0.5);
    assert_eq!(take(&mut outgoing, start).len(), 1000);
    let next = outgoing.deadline(start).expect("a time to look again");
    assert!(next > start && next < start + millis(50), "{:?}", next - start);
    assert_eq!(take(&mut outgoing, start + millis(5)).len(), 0, "not worth a write");
    assert_eq!(take(&mut outgoing, start + millis(500)).len(), 500);
    assert_eq!(take(&mut outgoing, start + millis(5000)).len(), 1000, "no more than a burst");
    assert_eq!(outgoing.waiting(), 0);
}

#[test]
fn a_rate_of_one_byte_a_second_is_met() {
    let mut outgoing = Outgoing::new(None, NonZeroU64::new(1));
    let start = Instant::now();
    outgoing.push(b"abc", start, || 0.5);
    assert_eq!(take(&mut outgoing, start), b"a");
    let next = outgoing.deadline(start).expect("a time to look again");
    assert_eq!(take(&mut outgoing, next), b"b");
}

proptest! {
    #[test]
    fn everything_is_written_in_order_by_its_deadlines(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..20),
        latency in proptest::option::of((0_u64..300, 0_u64..300)),
        rate in proptest::option::of(1_u64..100_000),
        random in proptest::collection::vec(0.0..1.0, 21),
    ) {
        let latency = latency.and_then(|(time, spread)| jitter(time, spread));
        let mut outgoing = Outgoing::new(latency, rate.and_then(NonZeroU64::new));
        let mut now = Instant::now();
        for (chunk, random) in chunks.iter().zip(&random) {
            outgoing.push(chunk, now, || *random);
            now += millis(3);
        }
        outgoing.end(SourceEnd::Fin, now, || random[20]);
        let (mut written, mut rounds) = (Vec::new(), 0);
        loop {
            written.extend(take(&mut outgoing, now));
            if outgoing.take_end(now).is_some() {
                break;
            }
            now = outgoing.deadline(now).expect("something waits for a time");
            rounds += 1;
            prop_assert!(rounds < 20_000, "no progress");
        }
        prop_assert_eq!(written, chunks.concat());
    }
}

#[test]
fn what_is_delayed_of_all_connections_is_bounded() {
    let (delayed, now) = (Delayed::default(), Instant::now());
    let way = || Outgoing::new(jitter(1000, 0), None).counted_in(&delayed);
    let block = vec![0; HIGH_WATER];
    let fill = |way: &mut Outgoing| {
        while way.has_room() {
            way.push(&block, now, || 0.5);
        }
        way.waiting()
    };
    let mut ways: Vec<_> = (0..100).map(|_| way()).collect();
    let waiting: Vec<_> = ways.iter_mut().map(fill).collect();
    assert_eq!(waiting[0], HIGH_WATER_DELAYED, "one may use what no other does");
    assert_eq!(waiting[99], HIGH_WATER, "each may keep as much as without latency");
    assert_eq!(waiting.iter().sum::<usize>(), (64 << 20) + 96 * HIGH_WATER);
    ways[0].clear();
    drop(ways.remove(1));
    assert_eq!(fill(&mut way()), HIGH_WATER_DELAYED);
}
