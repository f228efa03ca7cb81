//! TLS: whom to trust, who we are, which versions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// TLS.
#[derive(Args, Debug)]
#[command(next_help_heading = "TLS")]
pub struct TlsArgs {
    /// Accept any certificate
    #[arg(short = 'k', long)]
    pub insecure: bool,

    /// As wscat spells --insecure
    #[arg(short = 'n', long = "no-check", hide = true)]
    pub no_check: bool,

    /// Trust the certificates in this file, or in the files of this folder, too [repeatable]
    ///
    /// PEM, as many as there are, or one in DER. It has to be a root, which is signed by itself.
    #[arg(long, alias = "ca", value_name = "FILE|DIR")]
    pub cacert: Vec<PathBuf>,

    /// Trust only the certificates of --cacert, not the system's
    #[arg(long, requires = "cacert")]
    pub no_system_ca: bool,

    /// Present this certificate to a server that asks for one
    ///
    /// PEM, with the CAs above it if there are any, and perhaps with the key; or PKCS#12 (.p12,
    /// .pfx), which has the key in it.
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,

    /// The key of --cert, if it is in a file of its own
    ///
    /// PEM or DER; PKCS#8, PKCS#1 or SEC 1, encrypted or not.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,

    /// The passphrase of the key, or of the PKCS#12 file
    ///
    /// @FILE reads it from a file's first line. A passphrase that is needed and not given is asked
    /// for on the terminal.
    #[arg(
        long,
        alias = "passphrase",
        value_name = "PASSPHRASE",
        requires = "cert",
        num_args = 0..=1,
        allow_hyphen_values = false
    )]
    pub pass: Option<Option<String>>,

    /// Ask the server for this name (SNI), and check its certificate for it, instead of the URL's
    ///
    /// With '' the server is told no name; the certificate still has to be for the URL's host.
    #[arg(long, value_name = "NAME")]
    pub servername: Option<String>,

    /// The oldest version of TLS to accept
    #[arg(long, value_name = "VERSION")]
    pub tls_min: Option<TlsVersion>,

    /// The newest version of TLS to offer
    #[arg(long, value_name = "VERSION")]
    pub tls_max: Option<TlsVersion>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum TlsVersion {
    /// RFC 2246, deprecated
    #[value(name = "1.0")]
    V1_0,
    /// RFC 4346, deprecated
    #[value(name = "1.1")]
    V1_1,
    /// RFC 5246
    #[value(name = "1.2")]
    V1_2,
    /// RFC 8446
    #[value(name = "1.3")]
    V1_3,
}
