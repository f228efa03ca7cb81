//! `wscope listen`: what was typed → what will be done.

use super::shared::{commentary, subprotocols};
use super::{ConfigError, Env, ListenConfig, Stdout};
use crate::cli::ListenArgs;
use crate::output::payload::Framing;

impl ListenConfig {
    /// Resolves what was typed.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn new(args: &ListenArgs, env: &Env) -> Result<Self, ConfigError> {
        let address = if args.address.starts_with(':') {
            format!("127.0.0.1{}", args.address)
        } else if args.address.parse::<u16>().is_ok() {
            format!("127.0.0.1:{}", args.address)
        } else {
            args.address.clone()
        };
        Ok(Self {
            address,
            echo: args.echo,
            subprotocols: subprotocols(&args.subprotocols)?,
            stdout: if env.stdout_is_terminal {
                Stdout::Decorated
            } else {
                Stdout::Payload(Framing::Lines)
            },
            commentary: commentary(&args.display, env),
        })
    }
}
