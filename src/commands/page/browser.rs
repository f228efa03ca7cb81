//! Starts the browser.

use std::io;
use std::process::{Command, Stdio};
use std::thread;

/// Opens a URL in the user's browser. No shell ever reads it.
///
/// # Errors
/// When the program that does so cannot be started.
pub(super) fn open(url: &str) -> io::Result<()> {
    let (program, arguments): (_, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // It may be the browser itself. Without a thread for its end, it goes on all the same.
    let _ = thread::Builder::new().name("browser".to_owned()).spawn(move || child.wait());
    Ok(())
}
