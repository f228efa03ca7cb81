//! `wscope proxy`: passes on what clients and a server send each other, and shows it.

use crate::config::ProxyConfig;
use crate::error::Error;
use crate::server::{ListenError, bind};

/// Runs the command to its end.
///
/// # Errors
/// When the address cannot be listened on.
pub fn run(config: ProxyConfig) -> Result<(), Error> {
    bind(&config.address).map_err(cannot_listen)?;
    Ok(())
}

fn cannot_listen(error: ListenError) -> Error {
    let message = error.to_string();
    match error {
        ListenError::BadAddress { .. } => {
            let forms =
                "the first argument is where clients connect: HOST:PORT, HOST, :PORT or PORT";
            Error::Usage { message, hint: Some(forms.to_owned()) }
        }
        ListenError::System { error, .. } => Error::System(message, error),
    }
}
