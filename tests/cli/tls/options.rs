//! Trusted authorities, the server name, and versions.

use std::fs;

use openssl::ssl::SslVersion;

use super::ends::End;
use super::refusals::issued_by_intermediate;
use super::{Credentials, echo, params, refused, start_tls, trusting, wss};
use crate::support::{Peer, Server, script, wscope};

fn localhost(server: &Server) -> String {
    format!("wss://localhost:{}", server.port())
}

#[test]
fn the_certificates_of_a_folder_are_trusted() {
    let (mine, other) = (Credentials::for_names(&["127.0.0.1"]), Credentials::self_signed());
    let server = echo(&mine);
    let program = wscope();
    let folder = program.home().join("authorities");
    fs::create_dir_all(folder.join("deeper")).expect("folders");
    for (name, contents) in [("a.pem", &other.authority), ("b.crt", &mine.authority)] {
        fs::write(folder.join(name), contents).expect("a file");
    }
    fs::write(folder.join("README"), "not a certificate").expect("a file");
    program
        .args(["--cacert", "authorities", &wss(&server), "-x", "hi"])
        .run()
        .code(0)
        .stdout("hi\n");
}

#[test]
fn an_authority_may_be_in_der() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let der = openssl::x509::X509::from_pem(mine.authority.as_bytes()).expect("a certificate");
    let server = echo(&mine);
    wscope()
        .file("ca.der", der.to_der().expect("DER"))
        .args(["--cacert", "ca.der", &wss(&server), "-x", "hi"])
        .run()
        .code(0)
        .stdout("hi\n");
}

#[test]
fn the_system_is_trusted_by_default() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let other = Credentials::signed_by("Another Authority", params(&["127.0.0.1"]));
    let program = || {
        let program = wscope().file("system.pem", &mine.authority).file("ca.pem", &other.authority);
        program.env("SSL_CERT_FILE", "system.pem").args(["--cacert", "ca.pem", "-x", "hi"])
    };
    let server = echo(&mine);
    program().arg(wss(&server)).run().code(0).stdout("hi\n");
    let server = refused(&mine);
    program()
        .args(["--no-system-ca", &wss(&server)])
        .run()
        .code(3)
        .stderr_contains("unable to get local issuer certificate")
        .stderr_contains(
            "which is not in the current FILE (--no-system-ca leaves out the system's)",
        );
}

/// Building the TLS connector takes time, and an administrator may replace the file at any moment.
#[test]
fn the_system_certificates_are_read_once_for_all_attempts() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let program = wscope().file("system.pem", &mine.authority);
    let file = program.home().join("system.pem");
    let [first, second] = [(); 2].map(|()| mine.acceptor());
    let server = Server::scripts([
        script(move |peer: &mut Peer| {
            start_tls(peer, &first);
            peer.read_head();
            fs::remove_file(&file).expect("a file to remove");
            peer.respond("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        }),
        script(move |peer: &mut Peer| {
            start_tls(peer, &second);
            let head = peer.read_head();
            peer.accept(&head);
            peer.close(1000, "");
            peer.expect_close(1000);
        }),
    ]);
    program
        .env("SSL_CERT_FILE", "system.pem")
        .args(["--retry", "--reconnect-delay", "1ms", &wss(&server)])
        .run()
        .code(0)
        .stderr_contains("trying again");
}

/// OpenSSL builds a chain up to a root; curl and browsers accept the intermediate.
#[test]
fn a_trusted_intermediate_is_explained() {
    let whole = issued_by_intermediate(2096);
    let (leaf, middle) = whole.certificate.split_once("-----END CERTIFICATE-----\n").expect("two");
    let leaf = format!("{leaf}-----END CERTIFICATE-----\n");
    let server = refused(&Credentials { certificate: leaf, ..whole.clone() });
    let program = wscope().file("ca.pem", middle).args(["--cacert", "ca.pem", &localhost(&server)]);
    program.run().code(3).stderr_contains(
        "unable to get issuer certificate\nhint: a certificate of --cacert is signed by another CA",
    );
}

#[test]
fn invalid_authorities_are_reported() {
    let mine = Credentials::self_signed();
    let broken = mine.authority.replace("MII", "XXX");
    for (options, complaint) in [
        (&["--cacert", "nowhere"][..], "--cacert nowhere: No such file or directory"),
        (&["--cacert", "key.pem"], "bad --cacert \"key.pem\": it contains no PEM certificate"),
        (
            &["--cacert", "broken.pem"],
            "bad --cacert \"broken.pem\": a certificate in it is damaged",
        ),
        (
            &["--cacert", "empty"],
            "bad --cacert \"empty\": no file in it contains a PEM certificate",
        ),
        (&["--no-system-ca"], "--no-system-ca requires --cacert FILE|DIR"),
    ] {
        let program = wscope().file("key.pem", &mine.key).file("broken.pem", &broken);
        fs::create_dir(program.home().join("empty")).expect("a folder");
        program.args(options).arg("wss://localhost:1").run().code(2).stderr_contains(complaint);
    }
}

#[test]
fn another_servername_is_sent_and_checked() {
    let mine = Credentials::for_names(&["other.example", "127.0.0.1"]);
    for (options, host, expected) in [
        (&["--servername", "other.example"][..], "localhost", Some("other.example")),
        (&["--servername", "Other.Example."], "127.0.0.1", Some("other.example")),
        (&["--servername", ""], "127.0.0.1", None),
        (&["-k"], "localhost", Some("localhost")),
        (&["--servername", "127.0.0.1"], "localhost", None),
    ] {
        let (server, client_info) = End::new(&mine).echo();
        let url = format!("wss://{host}:{}", server.port());
        trusting(&mine).args(options).args([&url, "-x", "hi"]).run().code(0).stdout("hi\n");
        server.join();
        let client_info = client_info.lock().expect("notes").clone();
        assert_eq!(client_info.name.as_deref(), expected, "{options:?}");
    }
    let server = End::new(&mine).refused(2);
    trusting(&mine)
        .args(["--servername", "third.example", &localhost(&server)])
        .run()
        .code(3)
        .stderr_contains("for 'third.example': certificate verify failed: hostname mismatch: the certificate is for other.example, 127.0.0.1\n");
}

#[test]
fn a_servername_must_be_a_host_name() {
    for name in ["a.example:443", "https://a.example", "a b", "a..b", &"a".repeat(64)] {
        wscope()
            .args(["--servername", name, "wss://localhost:1"])
            .run()
            .code(2)
            .stderr_contains(&format!("bad --servername {name:?}: that is not a host name"));
    }
}

#[test]
fn versions_are_limited() {
    let mine = Credentials::for_names(&["localhost"]);
    for (version, options, expected) in [
        (SslVersion::TLS1_3, &[][..], "TLSv1.3"),
        (SslVersion::TLS1_2, &[], "TLSv1.2"),
        (SslVersion::TLS1_3, &["--tls-min", "1.3"], "TLSv1.3"),
        (SslVersion::TLS1_2, &["--tls-min", "1.2", "--tls-max", "1.2"], "TLSv1.2"),
    ] {
        let (server, _) = End::new(&mine).version(version).echo();
        let url = localhost(&server);
        let program = trusting(&mine).args(options).args(["-x", "hi", "--json", &url]);
        let opened = program.run().code(0).json_lines().swap_remove(0);
        assert_eq!(opened["tls"]["version"], expected, "{options:?}");
    }
    for (version, options, words) in [
        (SslVersion::TLS1_2, ["--tls-min", "1.3"], "(--tls-min 1.3)\nhint: the server and wscope"),
        (SslVersion::TLS1_3, ["--tls-max", "1.2"], "(--tls-max 1.2)\nhint: the server and wscope"),
        (
            SslVersion::TLS1_2,
            ["--tls-max", "1.1"],
            "(--tls-max 1.1)\nhint: TLS 1.0 and 1.1 are deprecated",
        ),
    ] {
        let server = End::new(&mine).version(version).refused(1);
        let program = trusting(&mine).args(options).arg(localhost(&server));
        program.run().code(3).stderr_contains(words);
    }
}

#[test]
fn invalid_versions_are_usage_errors() {
    for (options, complaint) in [
        (&["--tls-min", "1.3", "--tls-max", "1.2"][..], "it is newer than --tls-max 1.2"),
        (&["--tls-min", "1.4"], "1.4"),
        (&["--tls-max", "tls1.2"], "tls1.2"),
    ] {
        let program = wscope().args(options).arg("wss://localhost:1");
        program.run().code(2).stderr_contains(complaint);
    }
}
