//! The command line with secrets as other users of the machine see it.

use std::fs;
use std::sync::mpsc;

use crate::support::{Server, Signal, wscope};

const SECRET: &str = "s3cr3t-V4lue";

/// The arguments of a process as the system shows them.
fn title(id: u32) -> String {
    let title = fs::read(format!("/proc/{id}/cmdline")).expect("a running process");
    String::from_utf8_lossy(&title).replace('\0', " ")
}

#[test]
fn secrets_are_masked_in_the_process_title() {
    for (args, before, shown) in [
        (&["-u", "me:s3cr3t-V4lue"][..], "", "-u *** "),
        (&["--bearer=s3cr3t-V4lue"], "", "--bearer=*** "),
        (&["--cookie", "sid=s3cr3t-V4lue"], "", "--cookie *** "),
        (&["-H", "Authorization: Bearer s3cr3t-V4lue"], "", "-H Authorization: *** "),
        (&["-ume:s3cr3t-V4lue"], "", "-u*** "),
        (&["-u=me:s3cr3t-V4lue"], "", "-u=*** "),
        (&["-vu=me:s3cr3t-V4lue"], "", "-vu=*** "),
        (&["-vume:s3cr3t-V4lue"], "", "-vu*** "),
        (&["-vu", "me:s3cr3t-V4lue"], "", "-vu *** "),
        (&["--user=me:s3cr3t-V4lue"], "", "--user=*** "),
        (&["--user=me:s3cr3t-V4lue", "-ume:s3cr3t-V4lue"], "", "-u*** "),
        (&["--oauth2-bearer", "s3cr3t-V4lue"], "", "--oauth2-bearer *** "),
        (&["-HX-Api-Key: s3cr3t-V4lue"], "", "-HX-Api-Key: *** "),
        (&["-qHCookie:a=s3cr3t-V4lue"], "", "-qHCookie: *** "),
        (&["--header=X-Token: s3cr3t-V4lue"], "", "--header=X-Token: *** "),
        (&["-sbearer.s3cr3t-V4lue"], "", "-sbearer.*** "),
        (&["-s", "token,s3cr3t-V4lue"], "", "-s token,*** "),
        (&["--subprotocol=bearer.s3cr3t-V4lue"], "", "--subprotocol=bearer.*** "),
        (&[], "me:s3cr3t-V4lue@", "ws://me:***@127.0.0.1:"),
    ] {
        let (sender, heads) = mpsc::channel();
        let server = Server::script(move |peer| {
            let head = peer.accept_request();
            sender.send(head).expect("a receiver in the test");
            peer.expect_text("from stdin");
            peer.answer_close(1000);
        });
        let url = server.url().replace("ws://", &format!("ws://{before}"));
        let mut client = wscope().args(args).args(["-w", "0"]).arg(url).spawn();
        let head = heads.recv().expect("a request");
        assert!(head.contains(SECRET) || head.contains("bWU6czNjcjN0LVY0bHVl"), "{head}");
        let title = title(client.id());
        assert!(title.contains(shown) && !title.contains(SECRET), "{title}");
        assert!(title.contains("wscope"), "{title}");
        client.write_stdin("from stdin\n");
        client.close_stdin();
        client.wait().code(0).stderr_lacks(SECRET);
        server.join();
    }
}

#[test]
fn signals_and_exit_status_are_those_of_the_started_process() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(crate::support::text("ready"));
        peer.answer_close(1001);
    });
    let mut client = wscope().args(["--bearer", SECRET, &server.url()]).spawn();
    assert_eq!(client.read_stdout_line(), "ready");
    client.signal(Signal::TERM);
    client.wait().code(143);
    server.join();
}

#[test]
fn an_inherited_argument_variable_has_no_effect() {
    let url = "ws://127.0.0.1:1";
    let outcome = wscope().env("WSCOPE_ARG_1", "--frob").args(["-q", url]).run();
    outcome.code(3);
}

/// The program is not replaced if it was started through an explicit loader.
#[cfg(target_os = "linux")]
#[test]
fn a_program_started_through_a_loader_runs_with_masked_secrets() {
    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let Some(loader) = loaders.iter().find(|path| fs::exists(path).unwrap_or(false)) else {
        return;
    };
    let (sender, titles) = mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        assert!(head.contains(SECRET), "{head}");
        peer.accept(&head);
        peer.send(crate::support::text("ready"));
        titles.recv().expect("a test that has read the title");
        peer.close_and_expect_reply(1000);
    });
    let mut client = std::process::Command::new(loader)
        .args([env!("CARGO_BIN_EXE_wscope"), "-v", "--no-config", "--bearer", SECRET])
        .args(["--count", "2", &server.url()])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("a loader");
    let mut first = [0; 6];
    let stdout = client.stdout.as_mut().expect("a pipe");
    std::io::Read::read_exact(stdout, &mut first).expect("a message");
    let title = title(client.id());
    assert!(title.contains("--bearer *** ") && !title.contains(SECRET), "{title}");
    sender.send(()).expect("a server that waits");
    let output = client.wait_with_output().expect("an end");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("other users"), "{stderr}");
}
