//! The required result of a run.

use std::time::Duration;

use crate::connect::Run;
use crate::encode::{difference, shown};
use crate::scenario::{CLOSE_TIMEOUT, Ending, Output, Scenario, WAIT};
use crate::support::{NO_STATUS, Signal};

/// The time from a signal to the end: the documented second, and a margin.
pub(crate) const TIME_TO_END: Duration = Duration::from_millis(1500);

/// Compares all inputs with all outputs.
pub(crate) fn judge(scenario: &Scenario, run: &Run) -> Result<(), String> {
    let verdict = judge_streams(scenario, run).and_then(|shown| judge_end(scenario, run, shown));
    verdict.map_err(|failure| {
        let log = &run.log;
        format!(
            "{failure}\nexit status {:?} after {:?}; the server sent {} of {} messages whole, got {} of {}, \
             client's Close {:?}, own Close {}, longest pause {:?}; no processor for {:?}\n--- stderr ---\n{}",
            run.outcome.code.ok_or(run.outcome.signal),
            run.time_to_end,
            log.sent,
            scenario.received.len(),
            log.messages.len(),
            scenario.sent.len(),
            log.close,
            log.closed,
            log.longest_pause,
            run.starved,
            run.outcome.stderr
        )
    })
}

/// No message is wrong in either direction. Returns how many were written completely.
fn judge_streams(scenario: &Scenario, run: &Run) -> Result<usize, String> {
    if let Some(fault) = &run.log.fault {
        return Err(format!("the server received: {fault}"));
    }
    for (number, message) in run.log.messages.iter().enumerate() {
        match scenario.sent.get(number) {
            Some(expected) if expected == message => {}
            Some(expected) => {
                return Err(difference("sent", number, &message.data, &expected.data));
            }
            None => return Err("the server received more than stdin contained".to_owned()),
        }
    }
    let unsent = not_sent(&run.outcome.stderr);
    if run.log.messages.len() + unsent > scenario.sent.len() {
        return Err(format!("{unsent} messages are counted as not sent"));
    }
    let shown = shown(&run.stdout, &scenario.received, scenario.output)?;
    if shown > run.log.started {
        return Err(format!("{shown} messages were written, {} were sent", run.log.started));
    }
    Ok(shown)
}

fn judge_end(scenario: &Scenario, run: &Run, shown: usize) -> Result<(), String> {
    let all = scenario.received.len();
    match scenario.ending {
        Ending::PeerClose(code) => {
            expect_shown(shown, all)?;
            match code {
                1000 | 1001 | NO_STATUS => expect_end(run, 0, &[]),
                _ => expect_end(run, 6, &[&code.to_string()]),
            }
        }
        Ending::PeerFin => {
            expect_shown(shown, all).and_then(|()| expect_end(run, 6, &["1006", "FIN"]))
        }
        Ending::PeerReset => expect_end(run, 6, &["1006"]),
        Ending::InputEnd => judge_input_end(scenario, run, shown),
        Ending::Count(count) => {
            // Messages after those counted have events as well.
            if scenario.output == Output::Json && shown > count {
                return if has_slow_server(run) { Ok(()) } else { expect_end(run, 0, &[]) };
            }
            expect_shown(shown, count)?;
            if has_slow_server(run) { Ok(()) } else { expect_end(run, 0, &[]) }
        }
        Ending::ReaderCloses(_) => expect_end(run, 0, &[]),
        Ending::Signal(signal, _, _) => {
            let (status, code) = match signal {
                Signal::INT => (130, 1000_u16),
                Signal::TERM => (143, 1001),
                _ => (129, 1001),
            };
            expect_close_code(run, code)?;
            expect_end(run, status, &[])?;
            judge_interrupted(run, shown)
        }
        Ending::MaxTime(time, _) => {
            let longest = Duration::from_millis(time);
            expect_end(run, 7, &["--max-time"])?;
            judge_time(run, longest + scenario.stop.map_or(Duration::ZERO, stopped))?;
            judge_interrupted(run, shown)
        }
    }
}

fn stopped((after, length): (u64, u64)) -> Duration {
    Duration::from_millis(after + length)
}

/// The server's own pause was long enough to explain a close timeout.
fn has_slow_server(run: &Run) -> bool {
    run.outcome.code == Some(7) && run.log.longest_pause + run.starved >= CLOSE_TIMEOUT / 2
}

fn judge_input_end(scenario: &Scenario, run: &Run, shown: usize) -> Result<(), String> {
    if has_slow_server(run) {
        return Ok(());
    }
    expect_end(run, 0, &[])?;
    expect_shown(shown, run.log.sent)?;
    if run.log.messages.len() < scenario.sent.len() {
        return Err(format!(
            "{} of {} messages arrived",
            run.log.messages.len(),
            scenario.sent.len()
        ));
    }
    if run.log.sent < scenario.received.len() && run.log.longest_pause + run.starved < WAIT / 2 {
        return Err("closed before the server had been silent for the time of --wait".to_owned());
    }
    Ok(())
}

/// An interrupted run must end in time and report how many received messages it did not write.
fn judge_interrupted(run: &Run, shown: usize) -> Result<(), String> {
    if matches!(run.outcome.code, Some(129 | 130 | 143)) {
        judge_time(run, Duration::ZERO)?;
    }
    let (dropped, unseen) = (not_written(&run.outcome.stderr), run.log.started - shown);
    if dropped > unseen {
        return Err(format!("{dropped} messages are counted as dropped, of {unseen} not shown"));
    }
    // The Close frame comes after all messages: so they were received.
    let is_complete = run.log.closed && run.outcome.stderr.contains("< close ");
    if is_complete && dropped != run.log.sent - shown {
        let missing = run.log.sent - shown;
        return Err(format!("{dropped} messages are counted as dropped, {missing} were"));
    }
    Ok(())
}

fn judge_time(run: &Run, longest: Duration) -> Result<(), String> {
    if run.time_to_end > longest + TIME_TO_END + run.starved {
        return Err(format!("took {:?} to end", run.time_to_end));
    }
    Ok(())
}

/// The number before these words on stderr.
fn count_before(stderr: &str, words: [&str; 2]) -> usize {
    let line = stderr.lines().find_map(|line| {
        let (before, _) = words.iter().find_map(|words| line.split_once(words))?;
        before.rsplit(' ').next()?.replace(',', "").parse().ok()
    });
    line.unwrap_or_default()
}

fn not_written(stderr: &str) -> usize {
    count_before(
        stderr,
        [" message was received and not written", " messages were received and not written"],
    )
}

fn not_sent(stderr: &str) -> usize {
    count_before(stderr, [" message was not sent", " messages were not sent"])
}

fn expect_shown(shown: usize, expected: usize) -> Result<(), String> {
    if shown == expected {
        return Ok(());
    }
    Err(format!("{shown} of {expected} messages were written completely"))
}

fn expect_close_code(run: &Run, code: u16) -> Result<(), String> {
    match &run.log.close {
        Some(payload) if **payload != code.to_be_bytes() => {
            Err(format!("the client did not close with {code}"))
        }
        _ => Ok(()),
    }
}

fn expect_end(run: &Run, status: i32, words: &[&str]) -> Result<(), String> {
    if run.outcome.code != Some(status) {
        return Err(format!("expected exit status {status}"));
    }
    match words.iter().find(|word| !run.outcome.stderr.contains(**word)) {
        Some(word) => Err(format!("expected {word:?} on stderr")),
        None => Ok(()),
    }
}
