//! The command lines for servers with TLS, which request a client certificate.

use std::fs;
use std::sync::mpsc;

use openssl::pkey::PKey;
use openssl::symm::Cipher;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Row, rows, run_in_pipes, serve};
use crate::support::{Peer, Terminal};
use crate::tls::Credentials;
use crate::tls::ends::End;

const PASSPHRASE: &str = "correct horse";

/// The files that the command lines name.
struct Files {
    folder: TempDir,
    server: Credentials,
    client: Credentials,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().expect("a folder"),
            server: Credentials::for_names(&["127.0.0.1", "localhost"]),
            client: Credentials::of_client(),
        };
        let key = PKey::private_key_from_pem(files.client.key.as_bytes()).expect("a key");
        let cipher = Cipher::aes_256_cbc();
        let encrypted = key.private_key_to_pem_pkcs8_passphrase(cipher, PASSPHRASE.as_bytes());
        for (name, contents) in [
            ("ca.pem", files.server.authority.as_bytes()),
            ("client.pem", files.client.certificate.as_bytes()),
            ("client.key", files.client.key.as_bytes()),
            ("encrypted.key", &encrypted.expect("an encrypted key")),
        ] {
            fs::write(files.path(name), contents).expect("a file");
        }
        files
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn is_name(word: &str) -> bool {
        [".pem", ".key"].iter().any(|ending| word.ends_with(ending))
    }

    /// The TLS handshake, which returns what the server received in it.
    fn greeting(&self) -> impl FnOnce(&mut Peer) -> Option<Value> + Send + 'static {
        let end = End::new(&self.server).requests_client_of(&self.client.authority);
        let handshake = end.handshake();
        move |peer| {
            let info = handshake(peer);
            Some(json!({ "name": info.name, "client": info.client }))
        }
    }
}

#[test]
fn over_tls_the_server_receives_the_same_as_from_wscat() {
    let rows: Vec<Row> = rows().into_iter().filter(Row::uses_tls).collect();
    assert!(rows.len() > 5, "the table is incomplete");
    for row in &rows {
        let files = Files::new();
        let (sender, views) = mpsc::channel();
        let server = serve(row, sender, files.greeting());
        let words = row.args(&server).into_iter();
        let args: Vec<String> = words
            .map(|word| if Files::is_name(&word) { files.path(&word) } else { word })
            .collect();
        if !row.is_for_terminal() {
            run_in_pipes(row, &args, server, &views);
            continue;
        }
        let mut terminal = Terminal::spawn(&args, 200, 24);
        terminal.wait_for("passphrase for ");
        terminal.type_line(row.0["asked"].as_str().expect("an answer"));
        assert_eq!(terminal.wait_exit(), 0, "{}: {}", row.name(), terminal.screen());
        server.join();
        assert_eq!(views.recv(), Ok(row.expected()), "{}", row.name());
    }
}
