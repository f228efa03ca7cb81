//! Keys for wss:// in every form that OpenSSL reads.

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::symm::Cipher;
use openssl::x509::X509;

use super::start;
use crate::support::wscope;

/// The usual forms of server keys, which the client's options accept too.
#[test]
fn keys_are_accepted_in_any_form() {
    let key = PKey::from_ec_key(
        EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
            .and_then(|group| EcKey::generate(&group))
            .expect("a key"),
    )
    .expect("a key");
    let pem = key.private_key_to_pem_pkcs8().expect("PEM");
    let pair = rcgen::KeyPair::from_pem(&String::from_utf8_lossy(&pem)).expect("a key");
    let made = rcgen::CertificateParams::new(["127.0.0.1".to_owned()])
        .and_then(|params| params.self_signed(&pair))
        .expect("a certificate");
    let sec1 = key.ec_key().and_then(|key| key.private_key_to_pem()).expect("SEC 1");
    let secret = b"s3cr3t-V4lue";
    let encrypted = encrypted_of(&key);
    let certificate = X509::from_pem(made.pem().as_bytes()).expect("a certificate");
    let mut builder = Pkcs12::builder();
    let bundle = builder
        .pkey(&key)
        .cert(&certificate)
        .build2("s3cr3t-V4lue")
        .and_then(|it| it.to_der())
        .expect("PKCS#12");
    let both = ["--tls-cert", "cert.pem", "--tls-key"];
    let pass = ["--tls-pass", "@secret"];
    for args in [
        [&both[..], &["sec1.pem"]].concat(),
        [&both[..], &["encrypted.pem"], &pass].concat(),
        vec!["--tls-cert", "both.pem"],
        [&["--tls-cert", "bundle.p12"][..], &pass].concat(),
    ] {
        let program = wscope()
            .stdin_null()
            .file("cert.pem", made.pem())
            .file("sec1.pem", &sec1)
            .file("encrypted.pem", &encrypted)
            .file("both.pem", [made.pem().as_bytes(), &pem].concat())
            .file("bundle.p12", &bundle)
            .file("secret", secret);
        let (_server, port) = start(program, &[&args[..], &["--echo"]].concat());
        let url = format!("wss://127.0.0.1:{port}/");
        let client = wscope().file("ca.pem", made.pem()).args(["--cacert", "ca.pem", &url]);
        client.args(["-1", "-x", "hi"]).run().code(0).stdout("hi\n");
    }
    let locked = [&both[..], &["encrypted.pem"]].concat();
    for (pass, words) in [
        (
            &[][..],
            "bad --tls-key \"encrypted.pem\": it is encrypted: give the passphrase with --tls-pass",
        ),
        (&["--tls-pass", "wr0ng"], "bad --tls-pass \"***\": it does not open encrypted.pem"),
    ] {
        let program =
            wscope().file("cert.pem", made.pem()).file("encrypted.pem", encrypted_of(&key));
        let args = [&["listen", ":0"], &locked[..], pass].concat();
        program.args(args).run().code(2).stderr_contains(words);
    }
}

fn encrypted_of(key: &PKey<Private>) -> Vec<u8> {
    key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"s3cr3t-V4lue").expect("PEM")
}
