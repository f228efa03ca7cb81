//! FIFOs, endless devices and large files as files of options and commands.

#![cfg(unix)]

use crate::scripts::refused_url;
use crate::support::{DEADLINE, Signal, Wscope, wscope};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

mod commands;
mod large;

/// A new FIFO.
pub(crate) fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    let status = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(status.success());
    path
}

/// The writing end of a FIFO, as soon as it has a reader.
pub(crate) fn writer(path: &Path) -> Receiver<File> {
    let (sender, writer) = channel();
    let path = path.to_owned();
    thread::spawn(move || {
        let file = File::options().write(true).open(path).expect("a FIFO with a reader");
        let _ = sender.send(file); // fails if the test has failed
    });
    writer
}

/// Waits until the program has opened the FIFO.
#[track_caller]
pub(crate) fn wait_until_opened(writer: &Receiver<File>) -> File {
    writer.recv_timeout(DEADLINE).expect("a program that opens the FIFO")
}

/// Each option that names a file, with the prefix of the path.
const OPTIONS: [(&str, &str); 10] = [
    ("--header", "@"),
    ("--proxy-header", "@"),
    ("--user", "@"),
    ("--bearer", "@"),
    ("--cookie", "@"),
    ("--netrc-file", ""),
    ("--cacert", ""),
    ("--cert", ""),
    ("--send-file", ""),
    ("--key", ""),
];

fn with_option(client: Wscope, (option, at): (&str, &str), path: &str) -> Wscope {
    let client = if option == "--key" {
        client.file("cert.pem", "-----BEGIN CERTIFICATE-----\n").args(["--cert", "cert.pem"])
    } else {
        client
    };
    client.args([option, &format!("{at}{path}"), "-b"])
}

#[test]
fn max_time_ends_the_wait_for_a_writer_of_a_fifo() {
    for (option, at) in OPTIONS {
        let client = wscope();
        fifo(&client.home());
        let client =
            with_option(client, (option, at), "fifo").args(["-m", "300ms", &refused_url()]);
        client.run().code(7).stderr(&format!(
            "wscope: timed out: --max-time 300ms ran out while reading {option} fifo\n\
                 hint: fifo is a FIFO: it is read until all writers have closed it\n"
        ));
    }
}

#[test]
fn max_time_ends_the_wait_for_the_end_of_a_fifo() {
    let client = wscope();
    let path = fifo(&client.home());
    // Opened for reading and writing, it already has a reader.
    let mut file = File::options().read(true).write(true).open(path).expect("a FIFO");
    file.write_all(b"A: b\n").expect("room in the pipe");
    let outcome = client.args(["-H", "@fifo", "-m", "50ms", "--json", &refused_url()]).run();
    let outcome = outcome.code(7).stderr_contains("while reading --header fifo\n");
    assert_eq!(outcome.json_lines()[0]["kind"], "timeout");
}

#[test]
fn a_signal_ends_the_wait_for_a_fifo() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        for options in [&[][..], &["-m", "1m"]] {
            let client = wscope();
            let path = fifo(&client.home());
            let writer = writer(&path);
            let program = client.args(["-H", "@fifo", &refused_url()]).args(options).spawn();
            let _file = wait_until_opened(&writer);
            program.signal(signal);
            let outcome = program.wait();
            let (code, ended_by) = (outcome.code, outcome.signal);
            assert!(
                ended_by == Some(number) || code == Some(128 + number),
                "{code:?} {ended_by:?}"
            );
        }
    }
}

#[test]
fn a_fifo_is_read_to_its_end() {
    let server = crate::support::Server::script(|peer| {
        let head = peer.read_head();
        assert!(head.contains("\r\nA: b\r\n"), "{head}");
        peer.accept(&head);
        peer.expect_text("from a FIFO");
        crate::scripts::answer_close(peer);
    });
    let client = wscope();
    let folders = ["header", "message"].map(|name| client.home().join(name));
    let paths = folders.map(|folder| {
        std::fs::create_dir(&folder).expect("a folder");
        fifo(&folder)
    });
    let writers = paths.each_ref().map(|path| writer(path));
    let program = client.args(["-H", "@header/fifo", "--send-file", "message/fifo", "-w", "0"]);
    let program = program.arg(server.url()).stdin_null().spawn();
    for (writer, text) in writers.iter().zip(["A: b\n", "from a FIFO"]) {
        wait_until_opened(writer).write_all(text.as_bytes()).expect("a reader");
    }
    program.wait().code(0);
}

#[test]
#[cfg(target_os = "linux")]
fn an_endless_device_is_read_up_to_a_limit() {
    for option in OPTIONS {
        let limit = match option.0 {
            "--cookie" | "--netrc-file" | "--cacert" => "the file is larger than 16 MiB",
            "--send-file" => "more than 64 MiB; only a regular file can be larger",
            _ => "the file is larger than 1 MiB",
        };
        let code = if option.0 == "--send-file" { 8 } else { 2 };
        let outcome = with_option(wscope(), option, "/dev/zero").arg(refused_url()).run();
        outcome.code(code).stderr_contains(&format!("{} /dev/zero: {limit}\n", option.0));
    }
    let listen = |option: &str, value: &str| wscope().args(["listen", ":0", option, value]).run();
    for (option, value) in [("--user", "@/dev/zero"), ("--tls-cert", "/dev/zero")] {
        let words = format!("wscope: {option} /dev/zero: the file is larger than 1 MiB\n");
        listen(option, value).code(2).stderr(&words);
    }
}

#[test]
fn max_time_ends_the_wait_for_a_configuration_file() {
    let client = wscope();
    let folder = client.home().join(".config/wscope");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::rename(fifo(&folder), folder.join("config")).expect("a FIFO");
    client.args(["-m", "50ms", &refused_url()]).run().code(7).stderr_contains(
        "wscope: timed out: --max-time 50ms ran out while reading configuration file ",
    );
}
