//! Runs `wscope` with pipes for stdin, stdout and stderr.

use super::outcome::{Outcome, report, signal_of};
use super::pipe::{Pipe, TimedOut};
use super::{DEADLINE, wait};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tempfile::TempDir;

/// `wscope` in a clean environment and an empty home directory, which is also its working directory.
pub fn wscope() -> Wscope {
    Wscope {
        args: Vec::new(),
        env: Vec::new(),
        stdin: Input::Unset,
        stdout: None,
        stderr: None,
        redirection: None,
        home: TempDir::new().expect("a temporary directory"),
        limit: 2 * DEADLINE,
    }
}

/// Builds a command line.
pub struct Wscope {
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Input,
    stdout: Option<Stdio>,
    stderr: Option<Stdio>,
    redirection: Option<String>,
    home: TempDir,
    limit: Duration,
}

enum Input {
    /// Null for a run, a pipe for a spawn.
    Unset,
    Bytes(Vec<u8>),
    Open,
    From(Stdio),
}

impl Wscope {
    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Writes a file into the directory that the program starts in.
    pub fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.home.path().join(name), contents).expect("a file in the home directory");
        self
    }

    /// The directory that the program starts in.
    pub fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// Text on stdin, then end of file.
    pub fn stdin(self, text: &str) -> Self {
        self.stdin_bytes(text)
    }

    /// Bytes on stdin, then end of file.
    pub fn stdin_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// A pipe that stays open until the program ends.
    pub fn stdin_open(mut self) -> Self {
        self.stdin = Input::Open;
        self
    }

    /// `</dev/null`
    pub fn stdin_null(self) -> Self {
        self.stdin_from(Stdio::null())
    }

    /// A file, or another end of a pipe.
    pub fn stdin_from(mut self, source: impl Into<Stdio>) -> Self {
        self.stdin = Input::From(source.into());
        self
    }

    /// Sends stdout to a file or another pipe; the outcome's is then empty.
    pub fn stdout_to(mut self, target: impl Into<Stdio>) -> Self {
        self.stdout = Some(target.into());
        self
    }

    /// Sends stderr to a file or another pipe; the outcome's is then empty.
    pub fn stderr_to(mut self, target: impl Into<Stdio>) -> Self {
        self.stderr = Some(target.into());
        self
    }

    /// Starts it by `sh` with a redirection such as `>&-`.
    #[cfg(unix)]
    pub fn redirect(mut self, redirection: &str) -> Self {
        self.redirection = Some(redirection.to_owned());
        self
    }

    /// The time limit of the program, 20 s by default.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end, by default with `/dev/null` as stdin.
    #[track_caller]
    pub fn run(mut self) -> Outcome {
        if matches!(self.stdin, Input::Unset) {
            self = self.stdin_null();
        }
        self.spawn().wait()
    }

    /// Starts it, by default with a pipe as stdin.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let mut command =
            self.redirection.as_deref().map_or_else(|| Command::new(program()), by_shell);
        command
            .args(&self.args)
            .env_clear()
            .envs(clean_environment(self.home.path()))
            .envs(self.env);
        command.current_dir(self.home.path());
        command.stderr(self.stderr.unwrap_or_else(Stdio::piped));
        command.stdout(self.stdout.unwrap_or_else(Stdio::piped));
        let (stdin, bytes) = match self.stdin {
            Input::From(source) => (source, None),
            Input::Bytes(bytes) => (Stdio::piped(), Some(bytes)),
            Input::Unset | Input::Open => (Stdio::piped(), None),
        };
        let child = command.stdin(stdin).spawn().expect("the program starts");
        let mut running = Running::new(child, command_line(&self.args), self.home, self.limit);
        if let Some(bytes) = bytes {
            running.write_stdin(bytes);
            running.close_stdin();
        }
        running
    }
}

fn by_shell(redirection: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {redirection}")).arg(program());
    shell
}

/// The path of the program under test.
pub(super) fn program() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("wscope")
}

/// The environment of every run, the same on all machines.
pub(super) fn clean_environment(home: &Path) -> Vec<(OsString, OsString)> {
    // Besides the search path: what Windows requires, and where coverage is written.
    const KEPT: [&str; 3] = ["PATH", "SystemRoot", "LLVM_PROFILE_FILE"];
    let kept = KEPT.iter().filter_map(|name| Some((name.into(), env::var_os(name)?)));
    let fixed =
        [("HOME", home.as_os_str()), ("TERM", "dumb".as_ref()), ("LC_ALL", "C.UTF-8".as_ref())];
    kept.chain(fixed.map(|(name, value)| (name.into(), value.to_owned()))).collect()
}

fn command_line(args: &[OsString]) -> String {
    args.iter().fold("wscope".to_owned(), |line, arg| line + " " + &arg.to_string_lossy())
}

/// A running `wscope`. Killed on drop.
pub struct Running {
    child: Child,
    /// `None` after it is closed.
    stdin: Option<Sender<Vec<u8>>>,
    stdout: Pipe,
    stderr: Pipe,
    command: String,
    home: Option<TempDir>,
    limit: Duration,
    started: Instant,
}

impl Running {
    fn new(mut child: Child, command: String, home: TempDir, limit: Duration) -> Self {
        let stdin = child.stdin.take().map(|pipe| {
            let (sender, chunks) = mpsc::channel();
            thread::spawn(move || feed(pipe, &chunks));
            sender
        });
        let stdout = child.stdout.take().map_or_else(|| Pipe::new(std::io::empty()), Pipe::new);
        let mut stderr = child.stderr.take().map_or_else(|| Pipe::new(std::io::empty()), Pipe::new);
        stderr.drain();
        Self {
            child,
            stdin,
            stdout,
            stderr,
            command,
            home: Some(home),
            limit,
            started: Instant::now(),
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The directory that the program was started in.
    pub fn home(&self) -> PathBuf {
        self.home.as_ref().expect("the home of a running program").path().to_owned()
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("a process to signal");
    }

    /// Queues bytes for stdin; they are written as the program reads.
    #[track_caller]
    pub fn write_stdin(&mut self, bytes: impl Into<Vec<u8>>) {
        let stdin = self.stdin.as_ref().expect("stdin is a pipe and open");
        // Fails when the program has closed its end, which it may.
        let _ = stdin.send(bytes.into());
    }

    /// Ends stdin, after what has been queued.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next line of stdout, without its newline. Until [`Running::wait`], stdout is read only on demand,
    /// so a test that does not read stalls the program.
    #[track_caller]
    pub fn read_stdout_line(&mut self) -> String {
        let length = self.read_until("a line on stdout", |running| {
            running.stdout.untaken().iter().position(|byte| *byte == b'\n')
        });
        let line = self.stdout.take(length + 1);
        String::from_utf8_lossy(&line[..length]).into_owned()
    }

    /// The next `count` bytes of stdout.
    #[track_caller]
    pub fn read_stdout_exact(&mut self, count: usize) -> Vec<u8> {
        self.read_until(&format!("{count} bytes on stdout"), |running| {
            (running.stdout.untaken().len() >= count).then_some(())
        });
        self.stdout.take(count)
    }

    /// Closes the reading end of stdout, as `head` does.
    pub fn close_stdout(&mut self) {
        self.stdout.close();
    }

    /// Reads stderr up to the line that contains `text` and returns that line.
    #[track_caller]
    pub fn wait_stderr(&mut self, text: &str) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = self.stderr.untaken().iter().position(|byte| *byte == b'\n') {
                let line = self.stderr.take(at + 1);
                let line = String::from_utf8_lossy(&line);
                if line.contains(text) {
                    return line.trim_end().to_owned();
                }
                continue;
            }
            match self.stderr.read_more(until) {
                Ok(true) => {}
                Ok(false) => self.fail(&format!("stderr ended while waiting for {text:?}")),
                Err(TimedOut) => self.fail(&format!("waited {DEADLINE:?} for {text:?} on stderr")),
            }
        }
    }

    /// Waits for the end of the program. Stdin is left as it is.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        self.stdout.drain();
        let limit = self.limit;
        self.wait_for_end(limit)
    }

    /// As [`Running::wait`], but the program must end within `limit` from now, and its stdout is not read
    /// until then.
    #[track_caller]
    pub fn wait_with_stdout_stalled(mut self, limit: Duration) -> Outcome {
        self.wait_for_end(limit)
    }

    #[track_caller]
    fn wait_for_end(&mut self, limit: Duration) -> Outcome {
        let Some(status) = wait::exit_status(&mut self.child, limit) else {
            self.fail(&format!("did not end within {limit:?}"));
        };
        let elapsed = self.started.elapsed();
        self.stdout.drain();
        if !self.read_rest() {
            self.fail("ended, but another process still has its stdout or stderr open");
        }
        Outcome {
            code: status.code(),
            signal: signal_of(status),
            stdout: String::from_utf8_lossy(&self.stdout.seen).into_owned(),
            stderr: String::from_utf8_lossy(&self.stderr.seen).into_owned(),
            stdout_bytes: std::mem::take(&mut self.stdout.seen),
            elapsed,
            command: std::mem::take(&mut self.command),
            home: self.home.take().expect("the home of a running program"),
        }
    }

    #[track_caller]
    fn read_until<T>(&mut self, awaited: &str, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            match self.stdout.read_more(until) {
                Ok(true) => {}
                Ok(false) => self.fail(&format!("stdout ended while waiting for {awaited}")),
                Err(TimedOut) => self.fail(&format!("waited {DEADLINE:?} for {awaited}")),
            }
        }
    }

    /// Reads both streams to their end; false if one stays open.
    fn read_rest(&mut self) -> bool {
        let until = Instant::now() + DEADLINE;
        [&mut self.stdout, &mut self.stderr].into_iter().all(|pipe| {
            loop {
                match pipe.read_more(until) {
                    Ok(true) => {}
                    Ok(false) => return true,
                    Err(TimedOut) => return false,
                }
            }
        })
    }

    /// Kills the program and fails the test with the output so far.
    #[track_caller]
    fn fail(&mut self, what: &str) -> ! {
        let _ = self.child.kill();
        self.stdout.drain();
        self.read_rest();
        let (stdout, stderr) = (&self.stdout.seen, &self.stderr.seen);
        let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(bytes));
        panic!("{}", report(&self.command, what, &stdout, &stderr));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn feed(mut pipe: ChildStdin, chunks: &Receiver<Vec<u8>>) {
    for chunk in chunks {
        // The program may close its stdin or end before it has read everything.
        if pipe.write_all(&chunk).and_then(|()| pipe.flush()).is_err() {
            return;
        }
    }
}
