//! Outputs that end: their formats finish, and their files are written.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::event::{EventKind, Level};
use crate::net::Reactor;
use crate::net::reactor::tokens;

/// Writes a line for each event, and one at the end.
struct Lines(Arc<Mutex<Vec<&'static str>>>);

impl Lines {
    fn put(&self, line: &'static str, out: &mut Outlet) {
        self.0.lock().expect("no panic").push(line);
        out.put(line.as_bytes());
        out.put(b"\n");
    }
}

impl Format for Lines {
    fn event(&mut self, _: &Event<'_>, out: &mut Outlet) {
        self.put("event", out);
    }

    fn finish(&mut self, out: &mut Outlet) {
        self.put("end", out);
    }
}

/// An output to this outlet, and what its format was called for.
fn outputs(outlet: Outlet) -> (Outputs, Arc<Mutex<Vec<&'static str>>>) {
    let (calls, mut outputs) = (Arc::default(), Outputs::default());
    outputs.push(Output::new(Box::new(Lines(Arc::clone(&calls))), outlet));
    (outputs, calls)
}

fn emit(outputs: &mut Outputs, count: usize) {
    let at = crate::event::Clock::start().now();
    for _ in 0..count {
        outputs.event(&Event {
            at,
            connection: None,
            mark: None,
            transit: None,
            what: EventKind::Notice(Level::Info, "x"),
        });
    }
}

fn file(path: &Path) -> Outlet {
    Outlet::file(path).expect("a file")
}

/// Waits for the outputs for a limited time, and keeps the first error.
struct Limited<'a> {
    outputs: &'a mut Outputs,
    reactor: Reactor,
    until: Instant,
    error: Option<OutputError>,
}

impl Drain for Limited<'_> {
    fn outputs(&mut self) -> &mut impl Buffered {
        self.outputs
    }

    fn on_output_error(&mut self, error: OutputError) -> ControlFlow<()> {
        self.error.get_or_insert(error);
        ControlFlow::Continue(())
    }

    fn wait(&mut self) -> ControlFlow<()> {
        let woken = self.reactor.wait(Some(self.until)).expect("a wait");
        self.outputs.set_ready(&woken);
        let is_late = Instant::now() >= self.until;
        if is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn drain_for(outputs: &mut Outputs, limit: Duration) -> Option<OutputError> {
    let reactor = Reactor::new(None).expect("a reactor");
    outputs.register(reactor.registry(), tokens::OUTPUTS, &reactor.waker()).expect("registered");
    outputs.set_all_ready();
    let until = Instant::now() + limit;
    let mut limited = Limited { outputs, reactor, until, error: None };
    drain(&mut limited);
    limited.error
}

#[test]
fn a_file_has_all_events_and_the_end_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record");
    fs::write(&path, "what was there before").expect("a file");
    let (mut outputs, calls) = outputs(file(&path));
    emit(&mut outputs, 100_000);
    let mut reactor = Reactor::new(None).expect("a reactor");
    finish_and_drain(&mut outputs, &mut reactor);
    outputs.finish();
    let text = fs::read_to_string(&path).expect("the file");
    assert!(text == "event\n".repeat(100_000) + "end\n");
    let calls = calls.lock().expect("no panic");
    assert_eq!((calls.len(), calls.last()), (100_001, Some(&"end")));
}

#[test]
fn joined_formats_finish_both() {
    let calls: Arc<Mutex<Vec<_>>> = Arc::default();
    let remarks = human::Human::new(human::tests::options());
    let mut outlet = Outlet::memory();
    Joined::new(remarks, Box::new(Lines(Arc::clone(&calls)))).finish(&mut outlet);
    assert_eq!((&calls.lock().expect("no panic")[..], &*outlet.text()), (&["end"][..], "end\n"));
}

#[test]
fn an_error_names_a_file_in_a_folder_that_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none/record");
    let error = Outlet::file(&path).expect_err("no folder");
    assert_eq!(error.name, path.display().to_string());
    assert_eq!(error.error.kind(), io::ErrorKind::NotFound);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_and_the_format_still_finishes_once() {
    for events in [1, 100_000] {
        let (mut outputs, calls) = outputs(file(Path::new("/dev/full")));
        emit(&mut outputs, events);
        let error = drain_for(&mut outputs, Duration::from_secs(10)).expect("it is full");
        assert_eq!((&*error.name, error.error.raw_os_error()), ("/dev/full", Some(28)));
        outputs.finish();
        outputs.finish();
        assert!(outputs.are_drained() && drain_for(&mut outputs, Duration::ZERO).is_none());
        let calls = calls.lock().expect("no panic");
        assert_eq!((calls.len(), calls.last()), (events + 1, Some(&"end")));
    }
}

#[cfg(unix)]
#[test]
fn a_fifo_holds_up_nothing_until_it_has_a_reader() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("a FIFO");
    let (mut outputs, calls) = outputs(file(&path));
    emit(&mut outputs, 10);
    assert!(drain_for(&mut outputs, Duration::from_millis(20)).is_none());
    assert!(!outputs.are_drained(), "there is no reader");
    outputs.finish();
    let reader = std::thread::spawn(move || fs::read_to_string(path));
    assert!(drain_for(&mut outputs, Duration::from_secs(10)).is_none());
    drop(outputs);
    let text = reader.join().expect("no panic").expect("text");
    assert_eq!(text, "event\n".repeat(10) + "end\n");
    assert_eq!(calls.lock().expect("no panic").last(), Some(&"end"));
}

#[cfg(unix)]
#[test]
fn a_format_finishes_also_when_its_output_was_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("a FIFO");
    let (mut outputs, calls) = outputs(file(&path));
    emit(&mut outputs, 1);
    outputs.end(false);
    let (messages, bytes) = outputs.give_up();
    assert_eq!((messages, bytes), (0, 6), "what was given up is counted");
    outputs.finish();
    assert!(outputs.are_drained());
    assert_eq!(calls.lock().expect("no panic")[..], ["event", "end"]);
}
