//! Random runs of `wscope` between a server, a reader and a writer that stall at random: no message is lost or
//! added, and every run ends as required.
//!
//! `cargo test --test soak` does the first runs of a fixed series. `WSCOPE_SOAK_RUNS=10000` does more of them,
//! `WSCOPE_SOAK_SECONDS=3600` continues for that time from a random seed, and `WSCOPE_SOAK_SEED=42` repeats one
//! run, or is the first seed for the other two. `WSCOPE_SOAK_THREADS` is the number of concurrent runs.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a long run shows a failure at once")]

#[path = "../cli/support/mod.rs"]
mod support;

mod connect;
mod encode;
mod listen;
mod messages;
mod pauses;
mod scenario;
mod server;
mod starvation;
mod verdict;

use std::panic::{self, AssertUnwindSafe};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Runs that fit into a normal run of the tests.
const RUNS: u64 = 200;

/// More than there are processors: runs wait most of the time.
const THREADS: u64 = 12;

/// The number of failures shown; further ones are only counted.
const SHOWN: usize = 12;

#[test]
fn random_runs_lose_nothing_and_end_in_time() {
    let series = Series::from_environment();
    println!("{series:?}");
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..series.threads {
            scope.spawn(|| {
                while let Some(seed) = series.seed(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(failure) = run(seed) {
                        println!("{failure}");
                        failures.lock().expect("a lock").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("a lock");
    println!("{} runs", next.into_inner().min(series.runs));
    let shown: Vec<_> = failures.iter().take(SHOWN).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} runs failed:\n{}", failures.len(), shown.join("\n"));
}

/// Which seeds are run, and for how long.
#[derive(Debug)]
struct Series {
    first: u64,
    runs: u64,
    until: Option<Instant>,
    threads: u64,
}

impl Series {
    fn from_environment() -> Self {
        let threads = from_environment("THREADS").unwrap_or(THREADS);
        let until = from_environment("SECONDS")
            .map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let runs = from_environment("RUNS");
        match from_environment("SEED") {
            Some(first) => Self { first, runs: runs.unwrap_or(1), until, threads },
            None if until.is_some() => {
                let first = u64::from(rand::random::<u32>());
                Self { first, runs: runs.unwrap_or(u64::MAX), until, threads }
            }
            None => Self { first: 0, runs: runs.unwrap_or(RUNS), until, threads },
        }
    }

    fn seed(&self, number: u64) -> Option<u64> {
        let is_over =
            number >= self.runs || self.until.is_some_and(|until| Instant::now() >= until);
        (!is_over).then(|| self.first.wrapping_add(number))
    }
}

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    let name = format!("WSCOPE_SOAK_{name}");
    let value = env::var(&name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("bad {name}: {value:?}")))
}

/// Every fourth run is of `wscope listen`.
fn run(seed: u64) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let (scenario, run): (String, Box<dyn FnOnce() -> Result<(), String>>) = if seed % 4 == 3 {
        let scenario = listen::Scenario::random(&mut random);
        (scenario.to_string(), Box::new(move || listen::run(&scenario, seed)))
    } else {
        let scenario = scenario::Scenario::random(&mut random);
        (scenario.to_string(), Box::new(move || connect::run(&scenario, seed)))
    };
    let result = panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    });
    result.map_err(|failure| format!("\n== WSCOPE_SOAK_SEED={seed}: {scenario}\n{failure}"))
}
