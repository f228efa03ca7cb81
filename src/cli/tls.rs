//! Options for TLS: trusted certificates, the client certificate, versions.

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

    /// Also trust the certificates in this file, or in the files of this directory [repeatable]
    ///
    /// PEM with one or more certificates, or a single one in DER. They have to be root certificates,
    /// which are self-signed.
    #[arg(long, alias = "ca", value_name = "FILE|DIR")]
    pub cacert: Vec<PathBuf>,

    /// Trust only the certificates of --cacert, not the system's
    #[arg(long, requires = "cacert", hide_short_help = true)]
    pub no_system_ca: bool,

    /// Client certificate, for a server that requests one
    ///
    /// PEM, with its chain, and optionally with the key; or PKCS#12 (.p12, .pfx), which includes the
    /// key.
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,

    /// Private key of --cert, if it is in another file
    ///
    /// PEM or DER; PKCS#8, PKCS#1 or SEC 1, encrypted or not.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,

    /// Passphrase of the key or of the PKCS#12 file
    ///
    /// @FILE reads it from the first line of a file. If it is needed and missing, it is prompted for on
    /// the terminal.
    #[arg(
        long,
        alias = "passphrase",
        value_name = "PASSPHRASE",
        requires = "cert",
        num_args = 0..=1,
        allow_hyphen_values = false,
        hide_short_help = true
    )]
    pub pass: Option<Option<String>>,

    /// Send this server name (SNI), and check the certificate for it, instead of the URL's host
    ///
    /// With '' no server name is sent; the certificate still has to be for the URL's host.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub servername: Option<String>,

    /// Minimum version of TLS
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub tls_min: Option<TlsVersion>,

    /// Maximum version of TLS
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
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
