//! Results on standard output, errors and warnings on standard error.

use std::borrow::Cow;
use std::io::Write;
use std::time::{Duration, Instant};

use mio::Token;

use super::files;
use super::live::{Live, Progress};
use super::masking;
use super::streams::Streams;
use crate::commands::delivery::Delivery;
use crate::config::CheckConfig;
use crate::error::{Error, report};
use crate::event::Level;
use crate::net::Reactor;
use crate::net::reactor::{Woken, tokens};
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, wrap};
use crate::output::{Buffered, Outlet, OutputError};
use crate::platform::signals::Signal;
use crate::platform::stdio::are_one_stream;
use crate::platform::terminal;
use crate::redact::Secrets;
use crate::report::{github, text};
use crate::scenario::language::{Diagnostic, Source};
use crate::scenario::outcome::{FileOutcome, Outcome, counts};

/// Where results go.
pub(super) struct Printer {
    streams: Streams,
    err: Style,
    style: Style,
    /// A report has standard output for itself: results go to standard error.
    is_report: bool,
    is_github: bool,
    escapes_commands: bool,
    verbose: bool,
    quiet: bool,
    /// The width of standard error, if it is a terminal.
    columns: Option<usize>,
    /// The same of where results go.
    result_columns: Option<usize>,
    /// The lines of the files that are running, on a terminal.
    live: Option<Live>,
}

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
        let streams = Streams::open(reactor)
            .map_err(|error| Error::System("standard output".to_owned(), error))?;
        let style = Style::new(if is_report { config.stderr_color } else { config.color });
        let is_terminal = streams.out.is_display() && config.env.can_edit_lines;
        // A command of GitHub has to be at the start of its line.
        let is_live = is_terminal && !is_report && !config.quiet && !config.env.is_github;
        Ok(Self {
            streams,
            err: Style::new(config.stderr_color),
            style,
            is_report,
            is_github: config.env.is_github,
            escapes_commands: config.env.is_github || config.env.is_azure,
            verbose: config.verbose,
            quiet: config.quiet,
            columns: config.env.stderr_is_terminal.then(terminal::width),
            result_columns: match is_report {
                true => config.env.stderr_is_terminal.then(terminal::width),
                false => config.env.stdout_is_terminal.then(terminal::width),
            },
            live: is_live.then(|| Live::start(style)),
        })
    }

    /// Prints a line, or several. Under GitHub Actions and Azure Pipelines none of them is a command.
    pub(super) fn out(&mut self, text: &str) {
        let text = self.without_commands(text);
        self.put(&text);
    }

    fn without_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.escapes_commands {
            true => github::without_commands(text),
            false => Cow::Borrowed(text),
        }
    }

    fn put(&mut self, text: &str) {
        if self.is_report {
            return self.streams.put_err(text);
        }
        self.erase();
        self.streams.out.put(text.as_bytes());
    }

    fn erase(&mut self) {
        if let Some(live) = &self.live {
            live.erase(&mut self.streams.out);
        }
    }

    /// How text on standard error is painted, and results.
    pub(super) const fn styles(&self) -> (Style, Style) {
        (self.err, self.style)
    }

    /// Prints a report on standard output.
    pub(super) fn report(&mut self, text: &str) {
        self.streams.out.put(text.as_bytes());
    }

    /// Shows what is running. Nothing is shown while the terminal takes nothing.
    pub(super) fn progress(&mut self, progress: &Progress) {
        if let Some(live) = &self.live
            && self.streams.out.pending() == 0
        {
            live.show(&mut self.streams.out, progress);
        }
    }

    /// A signal was received. Of Ctrl-C the terminal shows an echo, and a new line was begun after it.
    pub(super) fn note_signal(&self, signal: Signal) {
        if let Some(live) = &self.live
            && signal == Signal::Interrupt
            && terminal::echoes_interrupt()
            && are_one_stream()
        {
            live.note_echo();
        }
    }

    /// Prints a notice on standard error.
    pub(super) fn notice(&mut self, level: Level, text: &str) {
        let role = if level == Level::Warning { Role::Warning } else { Role::Dim };
        let text = format!("wscope: {text}");
        let text = self.err.paint_lines(role, &wrap(&text, self.columns, 0, HANGING));
        eprint(&format!("{}\n", self.without_commands(&text)));
    }

    /// Says on standard error why nothing was run.
    pub(super) fn failure(&mut self, text: &str) {
        let label = self.err.paint(Role::Error, "wscope:");
        eprint(&self.without_commands(&format!("{label} {text}\n")));
    }

    /// Says on standard error what may help. With `--quiet` nothing is shown.
    pub(super) fn hint(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        const LABEL: &str = "hint:";
        let text = wrap(text, self.columns, LABEL.len() + 1, HANGING);
        let text = format!("{} {text}\n", self.err.paint(Role::Hint, LABEL));
        eprint(&self.without_commands(&text));
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

    /// Shows why a file cannot be read, on standard error.
    pub(super) fn error(&mut self, error: &Error) {
        let text = report(error, self.err, self.columns);
        eprint(&self.without_commands(&text));
        if self.is_github {
            let file = match error {
                Error::System(name, _) if name != files::STANDARD_INPUT => Some(name.as_str()),
                _ => None,
            };
            eprint(&github::unreadable(file, &error.message()));
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
        let text = wrapped(&text, self.columns);
        eprint(&format!("{}\n", self.without_commands(&text)));
        if self.is_github {
            let help = diagnostic.help.iter().map(|help| format!("; {help}"));
            let text = std::iter::once(diagnostic.message.clone()).chain(help).collect();
            let (text, at) = (secrets.mask_text(text), source.place(diagnostic.at.start));
            eprint(&github::diagnostic(severity, &source.name, at, &text));
        }
    }

    /// Says how many more errors and warnings a file has than are shown.
    pub(super) fn more(&mut self, source: &Source, count: usize) {
        let text = format!("{}: {count} more errors and warnings\n", source.name);
        eprint(&self.without_commands(&text));
    }

    /// Prints what came of a file. `is_shown` is whether its events were shown already.
    pub(super) fn file(&mut self, file: &FileOutcome, is_shown: bool) {
        if !self.quiet || file.outcome() != Outcome::Passed {
            if self.verbose && !is_shown {
                let transcript = text::transcript(file);
                self.out(&transcript);
            }
            let text = text::file(file, self.style, self.result_columns);
            self.out(&text);
        }
        if self.is_github {
            self.put(&github::annotations(file));
        }
        let warnings = text::warnings(file, self.err, self.columns);
        if !warnings.is_empty() && !self.quiet {
            self.erase();
            self.streams.out.flush(); // so that they stand below their file if both are seen together
            let warnings = self.without_commands(&warnings).into_owned();
            self.streams.put_err(&warnings);
            if self.is_github {
                self.streams.put_err(&github::warnings(file));
            }
        }
    }

    /// Prints the last line.
    pub(super) fn summary(&mut self, files: &[FileOutcome], took: Duration) {
        if !self.quiet || counts(files).failed > 0 {
            let text = text::summary(files, took, self.result_columns);
            self.out(&text);
        }
    }

    /// Whether so much is waiting that nothing should be added.
    pub(super) fn is_backed_up(&self) -> bool {
        self.streams.are_backed_up()
    }

    /// Writes what the streams take now. A failure is reported by [`Printer::finish`].
    pub(super) fn flush(&mut self) {
        self.streams.flush();
    }

    /// Records which streams take bytes again, after a wait.
    pub(super) fn set_ready(&mut self, woken: &Woken) {
        self.streams.set_ready(woken);
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
        self.erase();
        Delivery { needs_reader: false, ..delivery(&mut self.streams, reactor, until) }.run()
    }
}

/// A diagnostic, whose lines are wrapped but for that of the file, which has carets below it.
fn wrapped(text: &str, columns: Option<usize>) -> String {
    let lines: Vec<_> = text.lines().collect();
    let is_of_file = |index: usize| {
        let next = lines.get(index + 1).map_or("", |line| line.trim());
        index > 0 && !next.is_empty() && next.bytes().all(|byte| byte == b'^')
    };
    let wrapped = lines.iter().enumerate().map(|(index, line)| match is_of_file(index) {
        true => Cow::Borrowed(*line),
        false => wrap(line, columns, 0, HANGING),
    });
    wrapped.collect::<Vec<_>>().join("\n")
}

/// When the wait for outputs ends that follows a signal.
pub(super) fn after_signal() -> Instant {
    Instant::now() + AFTER_SIGNAL
}

/// Writes what waits in an outlet to a file; see [`Printer::finish`].
///
/// # Errors
/// If it cannot be written.
pub(super) fn deliver(
    outlet: &mut Outlet,
    reactor: &mut Reactor,
    until: Option<Instant>,
) -> Result<(), Error> {
    outlet
        .register(reactor.registry(), FILE, &reactor.waker())
        .map_err(|error| Error::Output(OutputError { name: outlet.name(), error }))?;
    delivery(outlet, reactor, until).run()
}

/// Behind the streams. The thread that writes a file reports by a wake-up.
const FILE: Token = Token(tokens::OUTPUTS + 2);

/// The wait for what outputs still hold: until a signal, or else until `until`.
fn delivery<'a, O>(
    outputs: &'a mut O,
    reactor: &'a mut Reactor,
    until: Option<Instant>,
) -> Delivery<'a, O> {
    let (max_time, is_leaving) = (Duration::ZERO, until.is_some());
    Delivery { outputs, reactor, until, is_leaving, max_time, needs_reader: true, result: Ok(()) }
}

/// Prints text on standard error as it is.
pub(super) fn eprint(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes()); // an error on standard error cannot be reported
}
