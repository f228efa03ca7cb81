//! wss://: certificates, and ports with another protocol.

use std::io;

use native_tls::{Identity, TlsAcceptor, TlsStream};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use socket2::Socket;

use crate::scripts::echo_once;
use crate::support::{Layer, Outcome, Peer, Server, Wire, Wscope, wscope};

#[cfg(not(any(windows, target_vendor = "apple")))]
mod alpn;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod clients;
#[cfg(not(any(windows, target_vendor = "apple")))]
pub(crate) mod ends;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod options;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod refusals;

mod ports;

/// Certificate and key of a server, and the certificate of its issuer, all in PEM.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) authority: String,
}

impl Credentials {
    /// Signed by its own authority, for these names.
    pub(crate) fn for_names(names: &[&str]) -> Self {
        Self::signed_by("Test Authority", params(names))
    }

    /// A client's certificate, with another subject than a server's.
    #[cfg(not(any(windows, target_vendor = "apple")))]
    pub(crate) fn of_client() -> Self {
        let mut params = params(&[]);
        params.distinguished_name.push(DnType::CommonName, "Test Client");
        Self::signed_by("Test Authority", params)
    }

    fn expired() -> Self {
        let mut params = params(&["localhost", "127.0.0.1"]);
        (params.not_before, params.not_after) =
            (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        Self::signed_by("Test Authority", params)
    }

    fn self_signed() -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate =
            params(&["localhost", "127.0.0.1"]).self_signed(&key).expect("a certificate").pem();
        Self { authority: certificate.clone(), certificate, key: key.serialize_pem() }
    }

    fn signed_by(name: &str, leaf: CertificateParams) -> Self {
        let mut authority = params(&[]);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let pem = authority.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().expect("a key");
        let certificate = leaf.signed_by(&key, &issuer).expect("a certificate").pem();
        Self { certificate, key: key.serialize_pem(), authority: pem }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let identity = Identity::from_pkcs8(self.certificate.as_bytes(), self.key.as_bytes());
        TlsAcceptor::new(identity.expect("an identity")).expect("an acceptor")
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("names for a certificate");
    params.distinguished_name.push(DnType::CommonName, "Test Server");
    params.not_after = date_time_ymd(2096, 5, 4);
    params
}

impl Wire for Layer<TlsStream<Socket>> {
    fn end(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), TlsStream::shutdown)
    }
}

/// Starts TLS on the connection; the client may abort the handshake.
pub(crate) fn start_tls(peer: &mut Peer, acceptor: &TlsAcceptor) {
    peer.upgrade(|socket| Layer(acceptor.accept(socket).ok()));
}

/// Accepts a client over TLS, echoes a message, and closes.
pub(crate) fn echo(credentials: &Credentials) -> Server {
    let acceptor = credentials.acceptor();
    Server::script(move |peer| {
        start_tls(peer, &acceptor);
        echo_once(peer);
    })
}

/// Performs a TLS handshake with a client that is expected to abort it.
pub(crate) fn refused(credentials: &Credentials) -> Server {
    let acceptor = credentials.acceptor();
    Server::script(move |peer| {
        start_tls(peer, &acceptor);
        assert!(peer.read_until_eof().is_empty(), "the client continued");
    })
}

fn wss(server: &Server) -> String {
    format!("wss://127.0.0.1:{}", server.port())
}

fn trusting(credentials: &Credentials) -> Wscope {
    wscope().file("ca.pem", &credentials.authority).args(["--cacert", "ca.pem"])
}

#[track_caller]
fn assert_refused(outcome: Outcome, reason: &str, hint: &str) {
    let line = "wscope: could not connect: TLS handshake with 127.0.0.1:";
    outcome
        .code(3)
        .stdout("")
        .stderr_contains(line)
        .stderr_contains(reason)
        .stderr_contains(&format!("\nhint: {hint}"));
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    for (credentials, reason) in [
        (Credentials::self_signed(), "self-signed certificate"),
        (Credentials::for_names(&["127.0.0.1"]), "unable to get local issuer certificate"),
    ] {
        let server = refused(&credentials);
        assert_refused(wscope().arg(wss(&server)).run(), reason, "--cacert FILE trusts");
        let server = refused(&credentials);
        let other = Credentials::signed_by("Another Authority", params(&["127.0.0.1"]));
        assert_refused(trusting(&other).arg(wss(&server)).run(), reason, "--cacert FILE trusts");
    }
}

#[test]
fn an_authority_with_the_same_name_and_another_key_is_refused() {
    let [old, new] = [(); 2].map(|()| Credentials::for_names(&["127.0.0.1"]));
    let server = refused(&new);
    assert_refused(trusting(&old).arg(wss(&server)).run(), "certificate signature failure", "");
}

#[test]
fn a_refused_certificate_is_an_event() {
    let server = refused(&Credentials::self_signed());
    let outcome = wscope().arg("--json").arg(wss(&server)).run().code(3);
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&event["event"], &event["kind"]), (&"error".into(), &"connect".into()), "{event}");
    assert!(
        event["message"].as_str().is_some_and(|message| message.contains("self-signed")),
        "{event}"
    );
}

#[test]
fn a_trusted_authority_is_accepted() {
    for credentials in [Credentials::self_signed(), Credentials::for_names(&["127.0.0.1"])] {
        let server = echo(&credentials);
        trusting(&credentials).arg(wss(&server)).stdin("hi\n").run().code(0).stdout("hi\n");
    }
}

#[test]
fn several_authorities_may_be_trusted() {
    let (mine, other) = (Credentials::for_names(&["127.0.0.1"]), Credentials::self_signed());
    let bundle = other.authority.clone() + &mine.authority;
    let server = echo(&mine);
    wscope()
        .file("ca.pem", bundle)
        .args(["--ca", "ca.pem", &wss(&server), "-x", "hi"])
        .run()
        .code(0)
        .stdout("hi\n");
    let server = echo(&mine);
    trusting(&mine)
        .file("other.pem", &other.authority)
        .args(["--cacert", "other.pem", &wss(&server), "-x", "hi"])
        .run()
        .code(0)
        .stdout("hi\n");
}

#[test]
fn checks_can_be_turned_off() {
    for (option, has_warning) in
        [("-k", false), ("--insecure", false), ("-n", true), ("--no-check", true)]
    {
        for credentials in [Credentials::expired(), Credentials::for_names(&["other.example"])] {
            let server = echo(&credentials);
            let outcome =
                wscope().arg(option).arg(wss(&server)).stdin("hi\n").run().code(0).stdout("hi\n");
            assert_eq!(
                outcome.stderr.contains("certificate is not checked"),
                has_warning,
                "{}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let credentials = Credentials::for_names(&["other.example"]);
    let server = refused(&credentials);
    let outcome = trusting(&credentials).arg(wss(&server)).run();
    assert_refused(outcome, "IP address mismatch", "the certificate is for another name");
    let server = refused(&credentials);
    let outcome = trusting(&credentials).arg(format!("wss://localhost:{}", server.port())).run();
    assert_refused(
        outcome,
        "for 'localhost': certificate verify failed: hostname mismatch",
        "the certificate is",
    );
}

#[test]
fn an_expired_certificate_is_refused() {
    let credentials = Credentials::expired();
    let server = refused(&credentials);
    let outcome = trusting(&credentials).arg(wss(&server)).run();
    assert_refused(
        outcome,
        "certificate has expired",
        "the certificate, or one above it, has expired",
    );
}

#[test]
fn https_is_treated_as_wss() {
    let credentials = Credentials::for_names(&["localhost"]);
    let server = echo(&credentials);
    let url = format!("https://localhost:{}/x", server.port());
    let outcome = trusting(&credentials).args(["-x", "hi", &url]).run().code(0).stdout("hi\n");
    outcome
        .stderr_contains("https:// taken as wss://")
        .stderr_contains("connected to wss://localhost:");
}

#[test]
fn version_cipher_and_certificate_are_reported() {
    let credentials = Credentials::for_names(&["127.0.0.1"]);
    let run = |options: &[&str]| {
        let server = echo(&credentials);
        trusting(&credentials).args(options).args(["-x", "hi"]).arg(wss(&server)).run().code(0)
    };
    let outcome = run(&["--json"]);
    let open = outcome.json_lines().swap_remove(0);
    assert!(open["timings_ms"]["tls"].as_f64().is_some_and(|took| took > 0.0), "{open}");
    let certificate = &open["tls"]["certificate"];
    for (key, value) in [
        ("subject", "CN=Test Server"),
        ("issuer", "CN=Test Authority"),
        ("not_after", "2096-05-04T00:00:00Z"),
        ("not_before", "1975-01-01T00:00:00Z"),
        ("key", "EC P-256"),
        ("signature", "ECDSA with SHA-256"),
    ] {
        assert_eq!(certificate[key], value, "{key}");
    }
    assert_eq!(certificate["names"], serde_json::json!(["127.0.0.1"]));
    let [version, cipher] =
        ["version", "cipher"].map(|key| open["tls"][key].as_str().expect("a text"));
    assert!(version.starts_with("TLSv1.") && cipher.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{open}");
    run(&["-v"])
        .stderr_contains(&format!("\n  {version}, {cipher}\n  certificate\n    subject   CN=Test Server\n    names     127.0.0.1\n    issuer    CN=Test Authority\n    valid     from 1975-01-01T00:00:00Z until 2096-05-04T00:00:00Z, "))
        .stderr_contains("days left\n    serial    ")
        .stderr_contains("\n    key       EC P-256\n    signature ECDSA with SHA-256\n    SHA-256   ");
    run(&[]).stderr_contains(&format!(", {version}, "));
}

#[test]
fn a_large_message_passes_both_ways() {
    let credentials = Credentials::for_names(&["127.0.0.1"]);
    let message: String = ('a'..='z').cycle().take(1 << 20).collect();
    let server = echo(&credentials);
    let stdin = format!("{message}\n");
    trusting(&credentials).arg(wss(&server)).stdin(&stdin).run().code(0).stdout(&stdin);
}

#[test]
fn a_refusal_over_tls_is_shown() {
    let credentials = Credentials::for_names(&["127.0.0.1"]);
    let acceptor = credentials.acceptor();
    let server = Server::script(move |peer| {
        start_tls(peer, &acceptor);
        peer.read_head();
        peer.respond("HTTP/1.1 403 Forbidden\r\n\r\nnot you");
    });
    trusting(&credentials)
        .arg(wss(&server))
        .run()
        .code(4)
        .stderr_contains("refused: 403")
        .stderr_contains("< not you\n");
}
