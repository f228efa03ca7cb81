//! Runs `wscope` on a pseudo-terminal with a screen and a keyboard.

use super::key::Key;
use super::run::{clean_environment, program};
use super::{DEADLINE, wait};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::Pid;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A terminal with `wscope` running on it. Dropped, it kills the program.
pub struct Terminal {
    display: Arc<Display>,
    keyboard: Sender<Vec<u8>>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal's modes can be read after the program has ended.
    _slave: Box<dyn SlavePty + Send>,
    modes_before: String,
    home: TempDir,
}

impl Terminal {
    /// Starts `wscope` on a terminal of this size.
    #[track_caller]
    pub fn spawn<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>, cols: u16, rows: u16) -> Self {
        Self::spawn_with(args, cols, rows, &[])
    }

    /// Starts `wscope` on a terminal of this size, with additional environment variables.
    #[track_caller]
    pub fn spawn_with<A: AsRef<OsStr>>(
        args: impl IntoIterator<Item = A>,
        cols: u16,
        rows: u16,
        env: &[(&str, &str)],
    ) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        let command = command(program(), args, env, home.path());
        Self::start(command, home, cols, rows)
    }

    /// Starts a command line of `sh` on a terminal of this size; the program under test is `"$WSCOPE"`.
    #[track_caller]
    pub fn spawn_shell(script: &str, cols: u16, rows: u16) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        let mut command = command(Path::new("sh"), ["-c", script], &[], home.path());
        command.env("WSCOPE", program());
        Self::start(command, home, cols, rows)
    }

    /// Starts an interactive `bash` or `dash` on a terminal of this size, with job control; the program under
    /// test is `"$WSCOPE"`.
    #[track_caller]
    pub fn spawn_job_shell(shell: &str, cols: u16, rows: u16) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        let arguments: &[&str] =
            if shell == "bash" { &["--norc", "--noprofile", "-i"] } else { &["-i"] };
        let mut command = command(Path::new(shell), arguments, &[], home.path());
        command.env("WSCOPE", program());
        command.env("PS1", "shell$ ");
        let terminal = Self::start(command, home, cols, rows);
        terminal.wait_for("shell$");
        terminal
    }

    #[track_caller]
    fn start(command: CommandBuilder, home: TempDir, cols: u16, rows: u16) -> Self {
        let pty = native_pty_system().openpty(size(cols, rows)).expect("a pseudo-terminal");
        let modes_before = modes(&*pty.master);
        let child = pty.slave.spawn_command(command).expect("the program starts");
        let keyboard =
            start_keyboard(pty.master.take_writer().expect("the writing end of the terminal"));
        let display = Arc::new(Display::new(cols, rows));
        start_display(
            &display,
            pty.master.try_clone_reader().expect("the reading end of the terminal"),
            &keyboard,
        );
        Self { display, keyboard, child, master: pty.master, _slave: pty.slave, modes_before, home }
    }

    /// Types characters.
    pub fn type_text(&self, text: &str) {
        self.type_bytes(text.as_bytes());
    }

    /// Presses a key.
    pub fn press(&self, key: Key) {
        self.type_bytes(key.bytes());
    }

    /// Types a line and presses Enter.
    pub fn type_line(&self, text: &str) {
        self.type_text(text);
        self.press(Key::Enter);
    }

    /// Pastes text as terminals do: newlines become Enter keys, and if the program has enabled bracketed
    /// paste, marks enclose it.
    pub fn paste(&self, text: &str) {
        let keys = text.replace('\n', "\r");
        let bracketed = self.display.state().screen().bracketed_paste();
        self.type_text(&if bracketed { format!("\x1b[200~{keys}\x1b[201~") } else { keys });
    }

    /// Waits until the screen shows this text. A wrapped line counts as one line.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contains(text));
    }

    /// Waits until the contents of the screen meet the condition.
    #[track_caller]
    pub fn wait_until(&self, wanted: &str, met: impl Fn(&str) -> bool) {
        if !self.display.wait_until(|state| met(&state.screen().contents())) {
            self.fail(&format!("waited {DEADLINE:?} for {wanted}"));
        }
    }

    /// Waits until the last line of the screen is an empty prompt.
    #[track_caller]
    pub fn wait_for_prompt(&self) {
        self.wait_until("a prompt", |screen| screen.trim_end().ends_with("\n>"));
    }

    /// Waits until the shell with job control has reported that the program was stopped.
    #[track_caller]
    pub fn wait_for_stop(&self) {
        self.wait_until("the shell after the stop", |screen| {
            screen.contains("Stopped") && screen.trim_end().ends_with("shell$")
        });
    }

    /// Waits until the program has written this text, escape sequences included.
    #[track_caller]
    pub fn wait_for_output(&self, text: &str) {
        if !self.display.wait_until(|state| String::from_utf8_lossy(&state.raw).contains(text)) {
            self.fail(&format!("waited {DEADLINE:?} for {text:?} in the output"));
        }
    }

    /// The contents of the screen, without trailing spaces and empty lines.
    pub fn screen(&self) -> String {
        let screen = self.display.state().screen().contents();
        let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Column and row of the cursor, counted from 0.
    pub fn cursor(&self) -> (u16, u16) {
        let (row, col) = self.display.state().screen().cursor_position();
        (col, row)
    }

    /// Everything that the program has written, escape sequences included.
    pub fn raw_output(&self) -> String {
        String::from_utf8_lossy(&self.display.state().raw).into_owned()
    }

    /// Stops reading output, as a terminal after Ctrl-S, until the program has ended.
    pub fn stop_output(&self) {
        self.display.set_stopped(true);
    }

    /// Changes the size of the window, which sends SIGWINCH to the program.
    pub fn resize(&self, cols: u16, rows: u16) {
        self.display.state().parser.screen_mut().set_size(rows, cols);
        self.master.resize(size(cols, rows)).expect("a terminal that can be resized");
    }

    /// The process id of the program.
    pub fn id(&self) -> u32 {
        self.child.process_id().expect("the id of a program that has not been reaped")
    }

    /// The directory that the program was started in, which is also its home.
    pub fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("a process to signal");
    }

    /// Waits for the end of the program, then for the rest of its output. Returns the exit status.
    #[track_caller]
    pub fn wait_exit(&mut self) -> i32 {
        self.wait_exit_within(DEADLINE)
    }

    /// As [`Terminal::wait_exit`], but fails when the program takes longer than `limit`.
    #[track_caller]
    pub fn wait_exit_within(&mut self, limit: Duration) -> i32 {
        if !wait::exits_within(self.pid(), limit) {
            self.fail(&format!("the program did not end within {limit:?}"));
        }
        let status = self.child.wait().expect("the status of a program that has ended");
        self.display_rest();
        if let Some(signal) = status.signal() {
            self.fail(&format!("the program was terminated by a signal: {signal}"));
        }
        i32::try_from(status.exit_code()).expect("an exit status")
    }

    /// The same after `end`, which is repeated every `pause` until it has an effect: the line editor loses an
    /// interrupt that arrives while its terminal is about to stall.
    #[track_caller]
    pub fn wait_exit_after(&mut self, pause: Duration, end: impl Fn(&Self)) -> i32 {
        const TIMES: usize = 8;
        for _ in 0..TIMES {
            end(self);
            if wait::exits_within(self.pid(), pause) {
                break;
            }
        }
        self.wait_exit_within(pause)
    }

    /// Waits until Ctrl-C sends a signal.
    #[track_caller]
    pub fn wait_until_interruptible(&self) {
        self.wait_for_modes("Ctrl-C that sends a signal", |modes| modes.contains("ISIG"));
    }

    /// Waits until the terminal is in raw mode without echo, or in cooked mode with it.
    #[track_caller]
    pub fn wait_until_raw(&self, is_raw: bool) {
        self.wait_for_modes(if is_raw { "raw modes" } else { "cooked modes" }, |modes| {
            (modes.contains("ICANON"), modes.contains("ECHO |")) == (!is_raw, !is_raw)
        });
    }

    #[track_caller]
    fn wait_for_modes(&self, wanted: &str, met: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !met(&modes(&*self.master)) {
            if start.elapsed() > DEADLINE {
                self.fail(&format!("waited {DEADLINE:?} for {wanted}: {}", modes(&*self.master)));
            }
            // There is no notification of a change of terminal modes.
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the terminal's modes are what they were before the program was started.
    pub fn termios_restored(&self) -> bool {
        modes(&*self.master) == self.modes_before
    }

    /// Marks the end of the output by writing a mark after it. The program cannot write any more, and it does
    /// not matter whether other processes still have the terminal open.
    #[track_caller]
    fn display_rest(&self) {
        self.display.set_stopped(false);
        let name = self.master.tty_name().expect("the name of the terminal");
        let no_controlling_terminal = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
        let end = OpenOptions::new().write(true).custom_flags(no_controlling_terminal).open(name);
        if end.and_then(|mut end| end.write_all(END_MARK)).is_ok()
            && !self.display.wait_until(|state| state.ended)
        {
            self.fail("the output did not end after the program");
        }
    }

    /// Types bytes, which need not be characters.
    pub fn type_bytes(&self, bytes: &[u8]) {
        self.keyboard.send(bytes.to_vec()).expect("a terminal to type on");
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.id().cast_signed()).expect("the id of a process")
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!(
            "{what}\n--- screen ---\n{}\n--------------\nwritten: {:?}",
            self.screen(),
            self.raw_output()
        );
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.display.set_stopped(false);
        if let Ok(None) = self.child.try_wait() {
            // The kill of portable-pty begins with a hangup and a wait.
            let _ = rustix::process::kill_process(self.pid(), rustix::process::Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Starts a command line of `sh` on a terminal and closes the terminal when it shows this text. Returns
/// the exit status that the command writes to the file `status`.
#[track_caller]
pub fn close_terminal(script: &str, shown: &str) -> String {
    let home = TempDir::new().expect("a temporary directory");
    let mut command = command(Path::new("sh"), ["-c", script], &[], home.path());
    command.env("WSCOPE", program());
    let pty = native_pty_system().openpty(size(80, 24)).expect("a pseudo-terminal");
    let mut child = pty.slave.spawn_command(command).expect("the program starts");
    let mut output = pty.master.try_clone_reader().expect("the reading end of the terminal");
    let (sender, seen) = mpsc::channel();
    let wanted = shown.to_owned();
    thread::spawn(move || {
        let (mut written, mut chunk) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&written).contains(&wanted) {
            match output.read(&mut chunk) {
                Ok(count @ 1..) => written.extend_from_slice(&chunk[..count]),
                _ => return,
            }
        }
        drop(output); // the terminal is closed with its last descriptor
        let _ = sender.send(());
    });
    seen.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{shown:?} was not shown"));
    drop((pty.slave, pty.master));
    let pid = child.process_id().and_then(|id| Pid::from_raw(id.cast_signed()));
    assert!(wait::exits_within(pid.expect("a process"), DEADLINE), "the program did not end");
    let _ = child.wait();
    std::fs::read_to_string(home.path().join("status")).unwrap_or_default().trim().to_owned()
}

/// An operating system command that no program sends; it is not displayed.
const END_MARK: &[u8] = b"\x1b]777;end of output\x07";

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The terminal's modes in a form that can be stored and compared.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("the modes of a terminal"))
}

fn command<A: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = A>,
    env: &[(&str, &str)],
    home: &Path,
) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(args);
    command.cwd(home);
    command.env_clear();
    for (name, value) in clean_environment(home) {
        command.env(name, value);
    }
    command.env("TERM", "xterm-256color");
    for (name, value) in env {
        command.env(name, value);
    }
    command
}

/// Writes in a thread: a program that does not read must not block the test.
fn start_keyboard(mut terminal: Box<dyn Write + Send>) -> Sender<Vec<u8>> {
    let (sender, keys): (_, Receiver<Vec<u8>>) = mpsc::channel();
    thread::spawn(move || {
        for bytes in keys {
            // Fails when the terminal is closed, which makes the wait for an effect fail.
            let _ = terminal.write_all(&bytes).and_then(|()| terminal.flush());
        }
    });
    sender
}

fn start_display(
    display: &Arc<Display>,
    mut terminal: Box<dyn Read + Send>,
    keyboard: &Sender<Vec<u8>>,
) {
    let (display, keyboard) = (Arc::clone(display), keyboard.clone());
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = display.read(&mut *terminal, &mut chunk) {
            for reply in display.write(&chunk[..count]) {
                let _ = keyboard.send(reply);
            }
        }
        display.end();
    });
}

/// The output of the program, raw and as displayed.
struct Display {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser<Replies>,
    raw: Vec<u8>,
    ended: bool,
    stopped: bool,
}

/// The replies of the terminal to queries.
#[derive(Default)]
struct Replies(Vec<Vec<u8>>);

impl vt100::Callbacks for Replies {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        intermediate: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        command: char,
    ) {
        match (intermediate, params, command) {
            (None, [[5]], 'n') => self.0.push(b"\x1b[0n".to_vec()),
            (None, [[6]], 'n') => {
                let (row, col) = screen.cursor_position();
                self.0.push(format!("\x1b[{};{}R", row + 1, col + 1).into_bytes());
            }
            (None, _, 'c') => self.0.push(b"\x1b[?6c".to_vec()),
            _ => {}
        }
    }
}

impl Display {
    fn new(cols: u16, rows: u16) -> Self {
        let parser = vt100::Parser::new_with_callbacks(rows, cols, 0, Replies::default());
        Self {
            state: Mutex::new(State { parser, raw: Vec::new(), ended: false, stopped: false }),
            changed: Condvar::new(),
        }
    }

    /// Displays bytes; returns the terminal's replies.
    fn write(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut state = self.state();
        state.raw.extend(bytes);
        state.parser.process(bytes);
        if state.raw.ends_with(END_MARK) {
            let length = state.raw.len() - END_MARK.len();
            state.raw.truncate(length);
            state.ended = true;
        }
        self.changed.notify_all();
        std::mem::take(&mut state.parser.callbacks_mut().0)
    }

    fn read(&self, terminal: &mut dyn Read, chunk: &mut [u8]) -> io::Result<usize> {
        let going = self.changed.wait_while(self.state(), |state| state.stopped);
        drop(going.unwrap_or_else(PoisonError::into_inner));
        terminal.read(chunk)
    }

    fn set_stopped(&self, stopped: bool) {
        self.state().stopped = stopped;
        self.changed.notify_all();
    }

    fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    fn wait_until(&self, met: impl Fn(&State) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.state(), DEADLINE, |state| !met(state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }
}
