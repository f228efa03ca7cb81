//! Client certificates: every form of file, servers that require one, servers that refuse this one.

use std::fs;

use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::SslVersion;
use openssl::symm::Cipher;
use openssl::x509::X509;

use super::ends::{self, End};
use super::refusals::issued_by_intermediate;
use super::{Credentials, trusting, wss};
use crate::support::{Terminal, Wscope, wscope};

const SECRET: &str = "pässphrase 42";

/// A client's certificate with its key, in every form.
struct Client {
    credentials: Credentials,
    key: PKey<Private>,
}

impl Client {
    fn elliptic() -> Self {
        Self::from(Credentials::for_names(&["client.example"]))
    }

    fn rsa() -> Self {
        Self::from(ends::rsa(2048))
    }

    fn from(credentials: Credentials) -> Self {
        let key = PKey::private_key_from_pem(credentials.key.as_bytes()).expect("a key");
        Self { credentials, key }
    }

    fn encrypted(&self) -> Vec<u8> {
        let cipher = Cipher::aes_256_cbc();
        self.key.private_key_to_pem_pkcs8_passphrase(cipher, SECRET.as_bytes()).expect("a key")
    }

    fn pkcs12(&self, secret: &str) -> Vec<u8> {
        let certificate = X509::from_pem(self.credentials.certificate.as_bytes());
        let mut builder = Pkcs12::builder();
        builder.pkey(&self.key).cert(&certificate.expect("a certificate"));
        builder.build2(secret).and_then(|file| file.to_der()).expect("PKCS#12")
    }
}

/// Connects to a server that requires the client's certificate, in both versions of TLS.
#[track_caller]
fn assert_accepted(client: &Client, files: &[(&str, Vec<u8>)], options: &[&str]) {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let end =
            End::new(&mine).version(version).requires_client_of(&client.credentials.authority);
        let (server, client_info) = end.echo();
        let mut program = trusting(&mine);
        for (name, contents) in files {
            program = program.file(name, contents);
        }
        program.args(options).args(["-x", "hi", &wss(&server)]).run().code(0).stdout("hi\n");
        server.join();
        let client_info = client_info.lock().expect("notes").clone();
        assert_eq!(client_info.client.as_deref(), Some("Test Server"), "{options:?}");
    }
}

#[test]
fn a_key_may_have_any_form() {
    let (elliptic, rsa) = (Client::elliptic(), Client::rsa());
    let sec1 = elliptic.key.ec_key().and_then(|key| key.private_key_to_pem());
    let rsa_key = rsa.key.rsa().expect("an RSA key");
    let pkcs1 = rsa_key.private_key_to_pem();
    let cipher = Cipher::aes_128_cbc();
    let old = rsa_key.private_key_to_pem_passphrase(cipher, SECRET.as_bytes());
    let der = elliptic.key.private_key_to_pkcs8();
    for (client, key, is_encrypted) in [
        (&elliptic, elliptic.credentials.key.clone().into_bytes(), false),
        (&elliptic, sec1.expect("a key"), false),
        (&elliptic, der.expect("a key"), false),
        (&elliptic, elliptic.encrypted(), true),
        (&rsa, pkcs1.expect("a key"), false),
        (&rsa, old.expect("a key"), true),
    ] {
        let files = [
            ("client.pem", client.credentials.certificate.clone().into_bytes()),
            ("key.pem", key),
            ("secret", format!("{SECRET}\nnot this\n").into_bytes()),
        ];
        let options = ["--cert", "client.pem", "--key", "key.pem"];
        if is_encrypted {
            assert_accepted(client, &files, &[&options[..], &["--pass", SECRET]].concat());
            assert_accepted(client, &files, &[&options[..], &["--passphrase", "@secret"]].concat());
        } else {
            assert_accepted(client, &files, &options);
        }
    }
}

#[test]
fn certificate_and_key_may_be_in_one_file() {
    let client = Client::elliptic();
    let both = client.credentials.key.clone() + &client.credentials.certificate;
    assert_accepted(&client, &[("both.pem", both.into_bytes())], &["--cert", "both.pem"]);
    let options = ["--cert", "client.p12", "--pass", SECRET];
    assert_accepted(&client, &[("client.p12", client.pkcs12(SECRET))], &options);
    assert_accepted(&client, &[("client.p12", client.pkcs12(""))], &options[..2]);
}

#[test]
fn the_intermediate_certificates_may_come_first() {
    let whole = issued_by_intermediate(2096);
    let (leaf, middle) = whole.certificate.split_once("-----END CERTIFICATE-----\n").expect("two");
    let reversed = format!("{middle}{leaf}-----END CERTIFICATE-----\n");
    let client = Client::from(Credentials { certificate: reversed.clone(), ..whole });
    let key = client.credentials.key.clone().into_bytes();
    let files = [("client.pem", reversed.into_bytes()), ("key.pem", key)];
    assert_accepted(&client, &files, &["--cert", "client.pem", "--key", "key.pem"]);
}

#[test]
fn a_weak_certificate_is_refused_before_connecting() {
    let weak = ends::rsa(1024);
    wscope()
        .file("client.pem", &weak.certificate)
        .file("key.pem", &weak.key)
        .args(["--cert", "client.pem", "--key", "key.pem", "wss://localhost:1"])
        .run()
        .code(2)
        .stderr_contains(
            "bad --cert \"client.pem\": it is too weak for TLS today (ee key too small)",
        );
}

/// A program with valid and invalid files of every kind.
fn with_files(client: &Client) -> Wscope {
    let other = Credentials::self_signed();
    wscope()
        .file("client.pem", &client.credentials.certificate)
        .file("key.pem", &client.credentials.key)
        .file("encrypted.pem", client.encrypted())
        .file("client.p12", client.pkcs12(SECRET))
        .file("other-key.pem", &other.key)
        .file("broken.pem", client.credentials.certificate.replace("MII", "XXX"))
        .file("broken-key.pem", client.credentials.key.replace("MI", "XX"))
        .file("text", "neither certificate nor key")
}

#[test]
fn invalid_files_are_reported() {
    let client = Client::elliptic();
    let both = |cert, key| vec!["--cert", cert, "--key", key];
    for (options, complaint) in [
        (both("nowhere", "key.pem"), "--cert nowhere: No such file or directory"),
        (both("client.pem", "nowhere"), "--key nowhere: No such file or directory"),
        (both("text", "key.pem"), "bad --cert \"text\": it contains no certificate"),
        (both("client.pem", "text"), "bad --key \"text\": it contains no private key"),
        (both("client.pem", "client.pem"), "bad --key \"client.pem\": it contains no private key"),
        (both("broken.pem", "key.pem"), "bad --cert \"broken.pem\": it cannot be read: "),
        (both("client.pem", "broken-key.pem"), "bad --key \"broken-key.pem\": it cannot be read: "),
        (
            both("client.pem", "other-key.pem"),
            "bad --key \"other-key.pem\": the key does not belong to the certificate (CN=Test Server)",
        ),
        (both("client.p12", "key.pem"), "a PKCS#12 file includes the key: leave out --key"),
        (both("client.pem", "encrypted.pem"), "it is encrypted: give the passphrase with --pass"),
        (vec!["--cert", "client.pem"], "it contains no private key: give it with --key FILE"),
        (vec!["--cert", "client.p12"], "it is encrypted: give the passphrase with --pass"),
        (
            vec!["--cert", "client.p12", "--pass", "wrong"],
            "bad --pass \"***\": it does not open client.p12",
        ),
        (
            vec!["--cert", "client.pem", "--key", "encrypted.pem", "--pass", "wrong"],
            "bad --pass \"***\": it does not open encrypted.pem",
        ),
        (vec!["--key", "key.pem"], "--cert"),
        (vec!["--cert", "client.p12", "--pass", "@nowhere"], "--pass nowhere: No such file"),
    ] {
        let outcome = with_files(&client).args(&options).arg("wss://localhost:1").run().code(2);
        outcome.stderr_contains(complaint).stderr_lacks("wrong");
    }
}

#[test]
fn a_passphrase_is_prompted_for_without_echo() {
    let client = Client::elliptic();
    let mine = Credentials::for_names(&["127.0.0.1"]);
    for options in [&["--key", "encrypted.pem"][..], &["--key", "encrypted.pem", "--pass"]] {
        let end = End::new(&mine).requires_client_of(&client.credentials.authority);
        let (server, _) = end.echo();
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        fs::write(path("client.pem"), &client.credentials.certificate).expect("a file");
        fs::write(path("encrypted.pem"), client.encrypted()).expect("a file");
        fs::write(path("ca.pem"), &mine.authority).expect("a file");
        let mut args = vec![wss(&server), "--cacert".to_owned(), path("ca.pem")];
        args.extend(["--cert".to_owned(), path("client.pem")]);
        args.extend(options.iter().map(|option| match *option {
            "encrypted.pem" => path("encrypted.pem"),
            option => option.to_owned(),
        }));
        let mut terminal = Terminal::spawn(&args, 200, 30);
        terminal.wait_for("passphrase for ");
        terminal.type_line(SECRET);
        terminal.wait_for("total");
        terminal.type_line("hi");
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
        assert!(!terminal.raw_output().contains("phrase 42"), "{}", terminal.raw_output());
    }
}

#[test]
fn a_server_that_requires_a_certificate_is_explained() {
    let (client, other) = (Client::elliptic(), Client::from(Credentials::self_signed()));
    let mine = Credentials::for_names(&["127.0.0.1"]);
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let end = || {
            let end = End::new(&mine).version(version);
            end.requires_client_of(&client.credentials.authority).refused(1)
        };
        let server = end();
        let program = || trusting(&mine).args(["-x", "hi"]);
        program()
            .arg(wss(&server))
            .run()
            .code(3)
            .stdout("")
            .stderr_contains("wscope: could not connect: TLS handshake with 127.0.0.1:")
            .stderr_contains(" for '127.0.0.1': ")
            .stderr_contains("alert ")
            .stderr_contains("\nhint: the server requires a client certificate: --cert FILE");
        let server = end();
        program()
            .file("client.pem", &other.credentials.certificate)
            .file("key.pem", &other.credentials.key)
            .args(["--cert", "client.pem", "--key", "key.pem", &wss(&server)])
            .run()
            .code(3)
            .stderr_contains("alert unknown ca")
            .stderr_contains("\nhint: the server does not trust the issuer (CN=Test Server) of the certificate of --cert\n");
    }
}

#[test]
fn a_certificate_is_not_sent_after_a_redirect() {
    let (client, mine) = (Client::elliptic(), Credentials::for_names(&["127.0.0.1", "a.example"]));
    let end = || End::new(&mine).requests_client_of(&client.credentials.authority);
    let (server, client_info) = end().echo();
    let location = wss(&server);
    let (first, first_info) = end().answer(&format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}/\r\nContent-Length: 0\r\n\r\n"
    ));
    trusting(&mine)
        .file("client.pem", &client.credentials.certificate)
        .file("key.pem", &client.credentials.key)
        .args(["--cert", "client.pem", "--key", "key.pem", "--servername", "a.example"])
        .args(["-L", "-x", "hi", &wss(&first)])
        .run()
        .code(0)
        .stdout("hi\n");
    let [first, second] =
        [first_info, client_info].map(|client_info| client_info.lock().expect("notes").clone());
    assert_eq!(first.client.as_deref(), Some("Test Server"));
    assert_eq!((first.name.as_deref(), second.name.as_deref()), (Some("a.example"), None));
    assert_eq!(second.client, None);
}

#[test]
fn our_expired_certificate_is_reported() {
    let client = Client::from(Credentials::expired());
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let program = || {
        trusting(&mine)
            .file("client.pem", &client.credentials.certificate)
            .file("key.pem", &client.credentials.key)
            .args(["--cert", "client.pem", "--key", "key.pem", "-x", "hi"])
    };
    let server = End::new(&mine).requires_client_of(&client.credentials.authority).refused(1);
    program().arg(wss(&server)).run().code(3).stderr_contains(
        "alert certificate expired\nhint: the certificate of --cert has expired\n",
    );
    let (server, _) = End::new(&mine).echo();
    let outcome = program().arg(wss(&server)).run().code(0);
    outcome.stderr_contains("warning: the certificate of --cert expired ");
}

/// With nginx the handshake succeeds, and the refusal is an HTTP response.
#[test]
fn texts_about_client_certificates_are_recognised() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let client = Client::elliptic();
    let unsent = "No required SSL certificate was sent";
    let bad = "The SSL certificate error";
    let wanted = "This endpoint requires TLS client authentication";
    for (words, has_certificate, hint) in [
        (unsent, false, "hint: the response requests a client certificate: --cert FILE"),
        (unsent, true, "that of --cert was not requested in the handshake, or is not accepted"),
        (bad, false, ""),
        (bad, true, "hint: the server does not accept the certificate of --cert"),
        (wanted, false, "hint: the response requests a client certificate: --cert FILE"),
        ("Requires TLS 1.3", false, "certain versions of TLS, and this connection has TLSv1."),
        ("Requires TLSX-plan level", false, ""),
    ] {
        let length = words.len();
        let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\n\r\n{words}");
        let (server, _) = End::new(&mine).answer(&answer);
        let mut program = trusting(&mine);
        if has_certificate {
            program = program
                .file("client.pem", &client.credentials.certificate)
                .file("client.key", &client.credentials.key)
                .args(["--cert", "client.pem", "--key", "client.key"]);
        }
        let outcome = program.arg(wss(&server)).run().code(4);
        match hint {
            "" => {
                _ = outcome
                    .stderr_lacks("--cert")
                    .stderr_lacks("the response requests")
                    .stderr_lacks("the response requires")
            }
            hint => _ = outcome.stderr_contains(hint),
        }
    }
}

#[test]
fn texts_about_client_certificates_without_tls_suggest_tls() {
    for (words, hint) in [
        ("No required SSL certificate was sent", "hint: the response requires TLS with a client"),
        ("The SSL certificate error", "hint: -v shows the request"),
    ] {
        let server =
            crate::support::Server::respond(format!("HTTP/1.1 400 Bad Request\r\n\r\n{words}"));
        wscope().arg(server.url()).run().code(4).stderr_contains(hint);
    }
}

/// A server may request a certificate after the request; in TLS 1.3 the client must have offered that.
#[test]
fn a_certificate_requested_after_the_request_is_explained() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let body = "Reason: Cannot perform Post-Handshake Authentication.<br />";
    let refusal = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let hint = "--tls-max 1.2 with --cert FILE --key FILE, as wscope does not do post-handshake authentication in TLS 1.3";
    for (version, answer, is_explained) in [
        (SslVersion::TLS1_3, refusal.as_str(), true),
        (SslVersion::TLS1_3, "", true),
        (SslVersion::TLS1_2, "", false),
    ] {
        let (server, _) = End::new(&mine).version(version).answer(answer);
        let outcome = trusting(&mine).arg(wss(&server)).run().code(4);
        assert_eq!(outcome.stderr.contains(hint), is_explained, "{}", outcome.stderr);
        if answer == refusal {
            outcome.stderr_lacks("path or host");
        }
    }
}
