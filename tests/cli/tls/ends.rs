//! Servers that native-tls does not support: TLS 1.3 only, client certificates, access to the server name
//! indication.

use std::io;
use std::sync::{Arc, Mutex};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{
    AlpnError, NameType, SslAcceptor, SslMethod, SslStream, SslVerifyMode, SslVersion,
    select_next_proto,
};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Builder, X509Name};
use socket2::Socket;

use super::Credentials;
use crate::scripts::echo_once;
use crate::support::{Layer, Peer, Server, Wire};

/// Builds a TLS server.
pub(crate) struct End {
    builder: openssl::ssl::SslAcceptorBuilder,
}

/// The client's server name indication, and the subject of its certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientInfo {
    pub(crate) name: Option<String>,
    pub(crate) client: Option<String>,
}

impl End {
    pub(crate) fn new(credentials: &Credentials) -> Self {
        let mut builder =
            SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).expect("a builder");
        builder.set_security_level(0);
        let mut chain = X509::stack_from_pem(credentials.certificate.as_bytes())
            .expect("certificates")
            .into_iter();
        builder.set_certificate(&chain.next().expect("a certificate")).expect("a certificate");
        chain.for_each(|above| builder.add_extra_chain_cert(above).expect("a chain"));
        let key = PKey::private_key_from_pem(credentials.key.as_bytes()).expect("a key");
        builder.set_private_key(&key).expect("a key that belongs to it");
        Self { builder }
    }

    /// Supports only this version.
    pub(super) fn version(mut self, version: SslVersion) -> Self {
        self.builder.set_min_proto_version(Some(version)).expect("a version");
        self.builder.set_max_proto_version(Some(version)).expect("a version");
        self
    }

    /// Requires a client certificate of this authority.
    pub(super) fn requires_client_of(self, authority: &str) -> Self {
        let mut end = self.requests_client_of(authority);
        end.builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        end
    }

    /// Requests a client certificate, but accepts a client without one.
    pub(crate) fn requests_client_of(mut self, authority: &str) -> Self {
        let mut store = X509StoreBuilder::new().expect("a store");
        let authority = X509::from_pem(authority.as_bytes()).expect("a certificate");
        store.add_cert(authority).expect("a trusted certificate");
        self.builder.set_verify_cert_store(store.build()).expect("a store");
        self.builder.set_verify(SslVerifyMode::PEER);
        self
    }

    /// Refuses clients that do not offer one of these protocols (ALPN), as load balancers do.
    pub(super) fn requires_alpn(mut self, protocols: &'static [u8]) -> Self {
        self.builder.set_alpn_select_callback(move |_, offered| {
            select_next_proto(protocols, offered).ok_or(AlpnError::ALERT_FATAL)
        });
        self
    }

    /// Echoes one message and closes. The second value is set after the handshake.
    pub(super) fn echo(self) -> (Server, Arc<Mutex<ClientInfo>>) {
        self.serve(echo_once)
    }

    /// Responds to a request with this response.
    pub(super) fn answer(self, response: &str) -> (Server, Arc<Mutex<ClientInfo>>) {
        let response = response.to_owned();
        self.serve(move |peer| {
            peer.read_head();
            peer.respond(&response);
        })
    }

    /// The TLS handshake on a connection.
    pub(crate) fn handshake(self) -> impl FnOnce(&mut Peer) -> ClientInfo + Send + 'static {
        let acceptor = self.builder.build();
        move |peer| {
            let mut info = ClientInfo::default();
            peer.upgrade(|socket| {
                let stream = acceptor.accept(socket).expect("a TLS handshake");
                info = client_info(&stream);
                Layer(Some(stream))
            });
            info
        }
    }

    fn serve(
        self,
        steps: impl FnOnce(&mut Peer) + Send + 'static,
    ) -> (Server, Arc<Mutex<ClientInfo>>) {
        let handshake = self.handshake();
        let info = Arc::new(Mutex::new(ClientInfo::default()));
        let shared = Arc::clone(&info);
        let server = Server::script(move |peer| {
            let info = handshake(peer);
            *shared.lock().expect("a lock") = info;
            steps(peer);
        });
        (server, info)
    }

    /// Performs this many handshakes that fail, or are followed by the end of the connection.
    pub(super) fn refused(self, times: usize) -> Server {
        self.refused_after(times, |_| {})
    }

    /// The same, after `before` on each connection.
    pub(super) fn refused_after(
        self,
        times: usize,
        before: impl Fn(&mut Peer) + Send + Sync + 'static,
    ) -> Server {
        let acceptor = self.builder.build();
        Server::repeat(times, move |peer: &mut Peer| {
            before(peer);
            peer.upgrade(|socket| Layer(acceptor.accept(socket).ok()));
            assert!(peer.read_until_eof().is_empty(), "the client continued");
        })
    }
}

/// A certificate for localhost with an RSA key of this size, and its authority's: rcgen supports neither.
pub(super) fn rsa(bits: u32) -> Credentials {
    let new_key = |bits| Rsa::generate(bits).and_then(PKey::from_rsa).expect("a key");
    let (above, key) = (new_key(2048), new_key(bits));
    let authority = signed(&above, "Test Authority", &above, |builder| {
        let constraints = BasicConstraints::new().critical().ca().build();
        builder.append_extension(constraints.expect("an extension")).expect("an extension");
    });
    let leaf = signed(&key, "Test Server", &above, |builder| {
        let context = builder.x509v3_context(Some(&authority), None);
        let names = SubjectAlternativeName::new().dns("localhost").ip("127.0.0.1").build(&context);
        builder.append_extension(names.expect("an extension")).expect("an extension");
    });
    let text =
        |pem: Result<Vec<u8>, ErrorStack>| String::from_utf8(pem.expect("PEM")).expect("ASCII");
    Credentials {
        certificate: text(leaf.to_pem()),
        key: text(key.private_key_to_pem_pkcs8()),
        authority: text(authority.to_pem()),
    }
}

fn signed(
    key: &PKey<Private>,
    subject: &str,
    issuer: &PKey<Private>,
    extend: impl FnOnce(&mut X509Builder),
) -> X509 {
    let name = |name: &str| {
        let mut builder = X509Name::builder().expect("a name");
        builder.append_entry_by_text("CN", name).expect("a name");
        builder.build()
    };
    let days = |days| Asn1Time::days_from_now(days).expect("a time");
    let serial = BigNum::from_u32(1).and_then(|number| number.to_asn1_integer());
    let mut builder = X509::builder().expect("a certificate");
    let made = builder
        .set_version(2)
        .and_then(|()| builder.set_serial_number(&serial.expect("a number")))
        .and_then(|()| builder.set_subject_name(&name(subject)))
        .and_then(|()| builder.set_issuer_name(&name("Test Authority")))
        .and_then(|()| builder.set_not_before(&days(0)))
        .and_then(|()| builder.set_not_after(&days(100)))
        .and_then(|()| builder.set_pubkey(key));
    made.expect("a certificate");
    extend(&mut builder);
    builder.sign(issuer, MessageDigest::sha256()).expect("a signature");
    builder.build()
}

fn client_info(stream: &SslStream<Socket>) -> ClientInfo {
    let client = stream.ssl().peer_certificate().map(|certificate| {
        let names = certificate.subject_name().entries();
        let names = names.filter_map(|entry| entry.data().to_string().ok());
        names.collect::<Vec<_>>().join(", ")
    });
    ClientInfo { name: stream.ssl().servername(NameType::HOST_NAME).map(str::to_owned), client }
}

impl Wire for Layer<SslStream<Socket>> {
    fn end(&mut self) -> io::Result<()> {
        let result = self.0.as_mut().map(SslStream::shutdown);
        result.map_or(Ok(()), |result| result.map(|_| ()).map_err(io::Error::other))
    }
}
