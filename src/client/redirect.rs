//! Redirects (RFC 9110 section 15.4): their targets, and what may be sent to them.

use url::Url;

use crate::net::Target;
use crate::net::target::{Endpoint, Scheme};
use crate::protocol::head::HeaderLine;
use crate::redact::subprotocols::tokens;
use crate::redact::{Redaction, Secrets};

/// The redirects followed so far, and the URL that they lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectChain {
    /// The URL that is requested now.
    pub target: Target,
    /// A redirect led to another host, port or scheme: credentials were dropped, for all further requests.
    pub is_foreign: bool,
    /// The URLs before this one, without userinfo.
    pub previous: Vec<String>,
    /// Secrets sent to and received from those, which any Location may repeat.
    pub secrets: Secrets,
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// The Location header is missing.
    #[error("the server redirects without a Location header")]
    NoLocation,
    /// The Location is not a WebSocket URL.
    #[error("cannot follow the redirect to {location:?}: {reason}")]
    BadLocation {
        /// As received.
        location: String,
        /// Why it is invalid.
        reason: String,
    },
    /// From wss to ws (RFC 6455 section 10.6).
    #[error("the server redirects from wss to {to}, which is not encrypted: not followed")]
    Downgrade {
        /// The URL.
        to: String,
    },
    /// It leads back to an earlier URL.
    #[error("redirect loop: {}", path(.0))]
    Loop(Vec<String>),
    /// `--max-redirs`.
    #[error("more redirects than --max-redirs {max}: {}", path(hops))]
    TooMany {
        /// The limit.
        max: usize,
        /// The URLs.
        hops: Vec<String>,
    },
}

impl RedirectError {
    /// Masks secrets in the quoted text.
    pub fn masked(self, redaction: Redaction, secrets: &Secrets) -> Self {
        let mask = |url: String| secrets.mask_text(redaction.url(&url).into_owned());
        match self {
            Self::NoLocation => self,
            Self::BadLocation { location, reason } => {
                Self::BadLocation { location: mask(location), reason: secrets.mask_text(reason) }
            }
            Self::Downgrade { to } => Self::Downgrade { to: mask(to) },
            Self::Loop(hops) => Self::Loop(hops.into_iter().map(mask).collect()),
            Self::TooMany { max, hops } => {
                Self::TooMany { max, hops: hops.into_iter().map(mask).collect() }
            }
        }
    }
}

/// The maximum number of URLs of a chain that are shown: its first and last ones.
const MAX_SHOWN: usize = 8;

/// The maximum length of each, in characters.
const MAX_URL: usize = 300;

fn path(hops: &[String]) -> String {
    let short = |hop: &String| match hop.char_indices().nth(MAX_URL) {
        Some((end, _)) => format!("{}…", &hop[..end]),
        None => hop.clone(),
    };
    let mut shown: Vec<_> = hops.iter().map(short).collect();
    if let Some(surplus) = hops.len().checked_sub(MAX_SHOWN).filter(|surplus| *surplus > 0) {
        let middle = MAX_SHOWN / 2;
        shown.splice(middle..middle + surplus, [format!("({surplus} more)")]);
    }
    shown.join(" → ")
}

/// Whether a response with this status is a redirect.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

impl RedirectChain {
    /// The chain without redirects.
    pub fn new(target: Target) -> Self {
        Self { target, is_foreign: false, previous: Vec::new(), secrets: Secrets::default() }
    }

    /// The chain after a redirect to `location`, at most the `max`th.
    ///
    /// # Errors
    /// Why it must not be followed.
    pub fn redirected(&self, location: Option<&str>, max: usize) -> Result<Self, RedirectError> {
        let location = location.ok_or(RedirectError::NoLocation)?;
        let bad =
            |reason: String| RedirectError::BadLocation { location: location.to_owned(), reason };
        let mut target = self.join(location).map_err(bad)?;
        let mut previous = self.previous.clone();
        previous.push(self.target.url());
        if self.target.scheme == Scheme::Wss && target.scheme == Scheme::Ws {
            return Err(RedirectError::Downgrade { to: target.url() });
        }
        let mut hops = previous.clone();
        hops.push(target.url());
        if previous.contains(&target.url()) {
            return Err(RedirectError::Loop(hops));
        }
        if previous.len() > max {
            return Err(RedirectError::TooMany { max, hops });
        }
        let is_foreign = self.is_foreign || !target.has_same_origin(&self.target);
        if !is_foreign && target.credentials.is_none() {
            target.credentials.clone_from(&self.target.credentials);
        }
        Ok(Self { target, is_foreign, previous, secrets: self.secrets.clone() })
    }

    /// Whether a header may be sent to this target. Credentials are only for the server that the user named,
    /// and so is a Host header of the user's own.
    pub fn allows_header(&self, line: &HeaderLine) -> bool {
        !self.is_foreign
            || !(line.is("Host") || Redaction::is_credential(&line.name, line.value.as_bytes()))
    }

    /// Those of the subprotocols that may be offered to this target: tokens among them are credentials too.
    pub fn allowed_subprotocols<'a>(&self, subprotocols: &'a [String]) -> Vec<&'a String> {
        let list = subprotocols.join(",");
        let tokens = if self.is_foreign { tokens(&list) } else { Vec::new() };
        let has_token = |name: &String| tokens.iter().any(|token| name.ends_with(token));
        subprotocols.iter().filter(|name| !has_token(name)).collect()
    }

    /// `location` resolved against the current target.
    fn join(&self, location: &str) -> Result<Target, String> {
        // Only an absolute URL leads away from a Unix socket.
        let is_local = matches!(self.target.endpoint, Endpoint::Unix(_));
        let base = if is_local {
            format!("{}://localhost{}", self.target.scheme.as_str(), self.target.resource)
        } else {
            self.target.url()
        };
        let base = Url::parse(&base).map_err(|error| error.to_string())?;
        let mut url = base.join(location).map_err(|error| error.to_string())?;
        // A Location may have a fragment, which matters only for displaying a document.
        url.set_fragment(None);
        if !matches!(url.scheme(), "ws" | "wss" | "http" | "https") {
            return Err(format!("{}: is not a WebSocket URL scheme", url.scheme()));
        }
        let target = Target::parse(url.as_str()).map_err(|error| error.to_string())?;
        let is_relative = is_local && Url::parse(location).is_err() && !location.starts_with("//");
        match is_relative {
            false => Ok(target),
            true => Ok(Target { resource: target.resource, ..self.target.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain(url: &str) -> RedirectChain {
        RedirectChain::new(Target::parse(url).expect("a URL"))
    }

    fn follow(from: &str, location: &str) -> Result<RedirectChain, RedirectError> {
        chain(from).redirected(Some(location), 10)
    }

    #[test]
    fn locations_are_resolved_against_the_current_target() {
        for (from, location, to) in [
            ("ws://h/a/b?q", "/c", "ws://h/c"),
            ("ws://h/a/b?q", "c?d", "ws://h/a/c?d"),
            ("ws://h/a", "?x=1", "ws://h/a?x=1"),
            ("ws://h/a", "//other:81/b", "ws://other:81/b"),
            ("ws://h:8080/a", "wss://h/a", "wss://h/a"),
            ("ws://h/", "https://h/chat#top", "wss://h/chat"),
            ("wss://h/", "https://i/", "wss://i/"),
            ("ws://h/", "http://h:80/x", "ws://h/x"),
            ("ws://[::1]:8080/", "/x", "ws://[::1]:8080/x"),
        ] {
            let url = follow(from, location).map(|chain| chain.target.url());
            assert_eq!(url.as_deref(), Ok(to), "{from} → {location}");
        }
    }

    proptest! {
        /// No Location leads credentials to another server, or from TLS to an unencrypted connection.
        #[test]
        fn no_location_sends_credentials_to_another_server(
            location in "((wss?|https?|ftp|ws\\+unix|file|data)?:?//?)?[a-z@:./?#\\[\\]%\\\\ -]{0,30}|\\PC{0,40}",
        ) {
            for from in ["wss://u:p@h/a", "ws://u:p@h:81/a?b"] {
                let Ok(next) = follow(from, &location) else { continue };
                let here = chain(from).target;
                prop_assert!(!here.scheme.is_tls() || next.target.scheme.is_tls());
                let is_same = (here.scheme, &here.endpoint) == (next.target.scheme, &next.target.endpoint);
                prop_assert!(is_same || next.target.credentials != here.credentials);
                prop_assert_eq!(is_same, !next.is_foreign);
            }
        }
    }

    #[test]
    fn only_the_same_origin_receives_credentials() {
        for (from, location, is_foreign) in [
            ("ws://u:p@h/a", "/b", false),
            ("ws://u:p@h/a", "http://h:80/b", false),
            ("ws://u:p@h/a", "ws://H/b", false),
            ("ws://u:p@h/a", "ws://h:81/b", true),
            ("ws://u:p@h/a", "wss://h/b", true),
            ("ws://u:p@h/a", "wss://h:80/b", true),
            ("ws://u:p@h/a", "ws://sub.h/b", true),
        ] {
            let chain = follow(from, location).expect("a redirect to follow");
            assert_eq!(chain.is_foreign, is_foreign, "{from} → {location}");
            assert_eq!(chain.target.credentials.is_none(), is_foreign, "{from} → {location}");
            let is_allowed = |name| chain.allows_header(&HeaderLine::new(name, "x"));
            for name in ["authorization", "Cookie", "Proxy-Authorization", "host", "x-api-key"] {
                assert_eq!(is_allowed(name), !is_foreign, "{name}: {from} → {location}");
            }
            let referer = HeaderLine::new("Referer", "https://h/?token=abc");
            assert_eq!(chain.allows_header(&referer), !is_foreign, "{from} → {location}");
            assert!(
                ["Referer", "Origin", "X-Other", "Sec-WebSocket-Protocol"]
                    .into_iter()
                    .all(is_allowed)
            );
            let offered =
                ["soap", "bearer", "s3cr3t-V4lue", "token.s3cr3t-V4lue"].map(str::to_owned);
            let allowed = chain.allowed_subprotocols(&offered);
            assert_eq!(allowed.len(), if is_foreign { 2 } else { 4 }, "{from} → {location}");
        }
    }

    #[test]
    fn a_long_path_is_shortened() {
        let hops: Vec<_> = (0..1000).map(|hop| format!("ws://h/{hop}")).collect();
        let text = "ws://h/0 → ws://h/1 → ws://h/2 → ws://h/3 → (992 more) → \
                    ws://h/996 → ws://h/997 → ws://h/998 → ws://h/999";
        assert_eq!(path(&hops), text);
        assert_eq!(path(&hops[..8]).matches(" → ").count(), 7);
        assert_eq!(path(&["é".repeat(1000)]).chars().count(), MAX_URL + 1);
    }

    #[test]
    fn dropped_credentials_are_not_sent_again() {
        let away = follow("ws://u:p@h/a", "ws://evil/").expect("a redirect to follow");
        let back = away.redirected(Some("ws://h/b"), 10).expect("a redirect to follow");
        assert!(back.is_foreign && back.target.credentials.is_none());
    }

    #[test]
    fn no_redirect_leads_from_tls_to_an_unencrypted_connection() {
        for location in ["ws://h/", "http://h/", "ws://other/"] {
            let error = follow("wss://h/a", location).expect_err("a downgrade");
            assert!(matches!(error, RedirectError::Downgrade { .. }), "{location}: {error}");
        }
    }

    #[test]
    fn locations_that_cannot_be_followed() {
        assert_eq!(chain("ws://h/").redirected(None, 10), Err(RedirectError::NoLocation));
        for location in ["ftp://h/", "mailto:x", "ws+unix:///run/x.sock", "http://", "ws://h:0/"] {
            let error = follow("ws://h/", location).expect_err("a bad location");
            assert!(matches!(error, RedirectError::BadLocation { .. }), "{location}: {error}");
        }
    }

    #[test]
    fn loops_and_long_chains_are_errors() {
        let b = follow("ws://h/a", "/b").expect("a redirect to follow");
        let hops = ["ws://h/a", "ws://h/b", "ws://h/a"].map(str::to_owned).to_vec();
        assert_eq!(b.redirected(Some("/a"), 10), Err(RedirectError::Loop(hops)));
        let c = b.redirected(Some("/c"), 2).expect("the second redirect");
        let error = c.redirected(Some("/d"), 2).expect_err("the third");
        assert_eq!(
            error.to_string(),
            "more redirects than --max-redirs 2: ws://h/a → ws://h/b → ws://h/c → ws://h/d"
        );
        assert!(matches!(follow("ws://h/a", "/a"), Err(RedirectError::Loop(_))));
        assert!(matches!(
            chain("ws://h/").redirected(Some("/x"), 0),
            Err(RedirectError::TooMany { .. })
        ));
    }

    #[test]
    fn only_an_absolute_url_leaves_a_unix_socket() {
        let from = "ws+unix:///run/x.sock:/a";
        let near = follow(from, "/b").expect("a redirect to follow");
        assert_eq!((near.target.resource.as_str(), near.is_foreign), ("/b", false));
        assert!(matches!(near.target.endpoint, Endpoint::Unix(_)));
        let far = follow(from, "ws://localhost/b").expect("a redirect to follow");
        assert_eq!((far.target.url().as_str(), far.is_foreign), ("ws://localhost/b", true));
    }
}
