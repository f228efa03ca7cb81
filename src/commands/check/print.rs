//! Results on standard output, errors and warnings on standard error.

use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::live::{Live, Progress};
use super::masking;
use crate::config::CheckConfig;
use crate::error::Error;
use crate::event::Level;
use crate::net::Reactor;
use crate::net::reactor::{Woken, tokens};
use crate::output::style::{Role, Style};
use crate::output::{Buffered, Drain, Outlet, OutputError, drain};
use crate::platform::stdio::Writer;
use crate::redact::Secrets;
use crate::report::{github, text};
use crate::scenario::language::{Diagnostic, Source};
use crate::scenario::outcome::{FileOutcome, Outcome, counts};

/// Where results go.
pub(super) struct Printer {
    out: Outlet,
    err: Style,
    style: Style,
    /// A report has standard output for itself: results go to standard error.
    is_report: bool,
    is_github: bool,
    verbose: bool,
    quiet: bool,
    /// The lines of the files that are running, on a terminal.
    live: Option<Live>,
}

const STANDARD_OUTPUT: &str = "standard output";

/// How long results are written after a signal.
const AFTER_SIGNAL: Duration = Duration::from_millis(500);

impl Printer {
    /// Results for people go to standard output, or to standard error if a report goes there (`is_report`).
    ///
    /// # Errors
    /// If standard output cannot be used.
    pub(super) fn new(
        config: &CheckConfig,
        is_report: bool,
        reactor: &Reactor,
    ) -> Result<Self, Error> {
        let failed = |error| Error::System(STANDARD_OUTPUT.to_owned(), error);
        let writer = Writer::stdout().map_err(failed)?;
        let style = Style::new(if is_report { config.stderr_color } else { config.color });
        let mut out = Outlet::stream(STANDARD_OUTPUT, writer);
        register(&mut out, reactor).map_err(failed)?;
        let is_live = out.is_display() && !is_report && !config.quiet && config.env.can_edit_lines;
        Ok(Self {
            out,
            err: Style::new(config.stderr_color),
            style,
            is_report,
            is_github: config.env.is_github,
            verbose: config.verbose,
            quiet: config.quiet,
            live: is_live.then(|| Live::new(style)),
        })
    }

    /// Prints a line, or several. Under GitHub Actions none of them is a command.
    pub(super) fn out(&mut self, text: &str) {
        let text = self.without_commands(text);
        self.put(&text);
    }

    fn without_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.is_github {
            true => github::without_commands(text),
            false => Cow::Borrowed(text),
        }
    }

    fn put(&mut self, text: &str) {
        if self.is_report {
            return eprint(text);
        }
        if let Some(live) = &mut self.live {
            self.out.put(live.erase().as_bytes());
        }
        self.out.put(text.as_bytes());
    }

    /// How text on standard error is painted, and results.
    pub(super) const fn styles(&self) -> (Style, Style) {
        (self.err, self.style)
    }

    /// Prints a report on standard output.
    pub(super) fn report(&mut self, text: &str) {
        self.out.put(text.as_bytes());
    }

    /// Shows what is running. Nothing is shown while the terminal takes nothing.
    pub(super) fn progress(&mut self, progress: &Progress) {
        if let Some(live) = &mut self.live
            && self.out.pending() == 0
        {
            self.out.put(live.draw(progress).as_bytes());
        }
    }

    /// Prints a notice on standard error.
    pub(super) fn notice(&mut self, level: Level, text: &str) {
        let role = if level == Level::Warning { Role::Warning } else { Role::Dim };
        let text = self.err.paint(role, &format!("wscope: {text}"));
        eprint(&format!("{}\n", self.without_commands(&text)));
    }

    /// Warns about secrets that are so short that they may be found in other text.
    pub(super) fn weak_secrets(&mut self, config: &CheckConfig) {
        for (name, value) in config.secrets.iter().filter(|_| !config.quiet) {
            if !value.is_empty() && value.chars().count() < 4 {
                let text = format!("the secret {name:?} is short: other text may be masked too");
                self.notice(Level::Warning, &text);
            }
        }
    }

    /// Shows what is wrong at a place of a file, on standard error, without secrets. With `--quiet` a warning, which
    /// is no failure, is not shown.
    pub(super) fn diagnostic(
        &mut self,
        source: &Source,
        severity: &str,
        diagnostic: &Diagnostic,
        secrets: &Secrets,
    ) {
        if self.quiet && severity == "warning" {
            return;
        }
        let text = masking::excerpt(source.render(severity, diagnostic), secrets);
        eprint(&format!("{}\n", self.without_commands(&text)));
    }

    /// Prints what came of a file. `is_shown` is whether its events were shown already.
    pub(super) fn file(&mut self, file: &FileOutcome, is_shown: bool) {
        if !self.quiet || file.outcome() != Outcome::Passed {
            if self.verbose && !is_shown {
                let transcript = text::transcript(file);
                self.out(&transcript);
            }
            let text = text::file(file, self.style);
            self.out(&text);
        }
        if self.is_github {
            self.put(&github::annotations(file));
        }
        let warnings = text::warnings(file, self.err);
        if !warnings.is_empty() && !self.quiet {
            self.out.flush(); // so that they stand below their file if both go to one terminal
            eprint(&self.without_commands(&warnings));
        }
    }

    /// Prints the last line.
    pub(super) fn summary(&mut self, files: &[FileOutcome], took: Duration) {
        if !self.quiet || counts(files).failed > 0 {
            let text = text::summary(files, took);
            self.out(&text);
        }
    }

    /// Whether so much is waiting that nothing should be added.
    pub(super) fn is_backed_up(&self) -> bool {
        self.out.is_backed_up()
    }

    /// Writes what standard output takes now. A failure is reported by [`Printer::finish`].
    pub(super) fn flush(&mut self) {
        self.out.flush();
    }

    /// Marks standard output as ready, after a wait.
    pub(super) fn set_ready(&mut self, woken: &Woken) {
        set_ready(&mut self.out, woken);
    }

    /// Waits until everything was written, unless a signal comes or `until` is reached. That the reader of standard
    /// output is gone is no error.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn finish(
        &mut self,
        reactor: &mut Reactor,
        until: Option<Instant>,
    ) -> Result<(), Error> {
        if let Some(live) = &mut self.live {
            self.out.put(live.erase().as_bytes());
        }
        match wait_for(&mut self.out, reactor, until) {
            Err(Error::Output(error)) if error.is_closed_pipe() => Ok(()),
            result => result,
        }
    }
}

/// When the wait for outputs ends that follows a signal.
pub(super) fn after_signal() -> Instant {
    Instant::now() + AFTER_SIGNAL
}

/// Writes what waits in an outlet that is not registered yet; see [`Printer::finish`].
///
/// # Errors
/// If it cannot be written.
pub(super) fn deliver(
    outlet: &mut Outlet,
    reactor: &mut Reactor,
    until: Option<Instant>,
) -> Result<(), Error> {
    register(outlet, reactor)
        .map_err(|error| Error::Output(OutputError { name: outlet.name(), error }))?;
    wait_for(outlet, reactor, until)
}

fn register(outlet: &mut Outlet, reactor: &Reactor) -> std::io::Result<()> {
    outlet.register(reactor.registry(), mio::Token(tokens::OUTPUTS), &reactor.waker())
}

fn wait_for(
    outlet: &mut Outlet,
    reactor: &mut Reactor,
    until: Option<Instant>,
) -> Result<(), Error> {
    outlet.set_ready(false); // readiness may have been announced to another wait
    let mut delivery = Delivery { outlet, reactor, until, result: Ok(()) };
    drain(&mut delivery);
    delivery.result
}

fn set_ready(outlet: &mut Outlet, woken: &Woken) {
    if woken.is_woken {
        outlet.set_ready(false); // also after a wake-up that is not about it
    }
    for (_, reader_gone) in woken.outputs() {
        outlet.set_ready(reader_gone);
    }
}

/// The wait for the last bytes of an outlet.
struct Delivery<'a> {
    outlet: &'a mut Outlet,
    reactor: &'a mut Reactor,
    until: Option<Instant>,
    result: Result<(), Error>,
}

impl Drain for Delivery<'_> {
    fn outputs(&mut self) -> &mut impl Buffered {
        self.outlet
    }

    fn on_output_error(&mut self, error: OutputError) -> ControlFlow<()> {
        self.result = Err(Error::Output(error));
        ControlFlow::Break(())
    }

    fn wait(&mut self) -> ControlFlow<()> {
        let Ok(woken) = self.reactor.wait(self.until) else { return ControlFlow::Break(()) };
        set_ready(self.outlet, &woken);
        let is_late = self.until.is_some_and(|until| Instant::now() >= until);
        match self.reactor.take_signal() {
            None if !is_late => return ControlFlow::Continue(()),
            Some(signal) if self.until.is_none() => self.result = Err(Error::Signal(signal)),
            _ => {}
        }
        ControlFlow::Break(())
    }
}

/// Prints text on standard error as it is.
pub(super) fn eprint(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes()); // an error on standard error cannot be reported
}
