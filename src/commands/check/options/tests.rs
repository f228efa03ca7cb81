use std::time::Duration;

use super::{OWN, OwnOptions};
use crate::cli::connect_command;
use crate::config::SCENARIO_OPTIONS;

/// Scenario language, section 3: "the time `timeout` (an option of the connection, default 5s)"; "memory is bounded by
/// `max-buffered` (default 256 MiB a connection […])"
#[test]
fn a_pattern_waits_for_5_s_and_256_mib_are_kept_by_default() {
    let own = OwnOptions::default();
    assert_eq!(own.timeout, Duration::from_secs(5));
    assert_eq!(own.max_buffered, 256 * 1024 * 1024);
    assert!(!own.strict);
    assert_eq!((own.max_time, own.retry), (None, None));
}

/// Scenario language, section 3: "Options are the long options of `wscope URL` without their dashes […] plus `timeout`,
/// `strict`, `ignore`, `max-time`, `max-buffered`", and `retry`
#[test]
fn options_are_long_options_of_wscope_url_and_six_more() {
    let command = connect_command();
    let long: Vec<_> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
    for name in SCENARIO_OPTIONS {
        assert!(long.contains(&name), "{name}");
        assert!(!OWN.contains(&name), "{name}");
    }
    assert_eq!(OWN, ["timeout", "strict", "ignore", "max-time", "max-buffered", "retry"]);
}
