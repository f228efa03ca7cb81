//! What a curl command would request, as arguments of our own.

use super::headers::{FieldUse, use_of};
use super::options::{self, CurlOption, Meaning};
use super::url::requested;
use super::words::{Fault, Word};

/// What a curl command requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CurlCommand {
    /// The URL, and where it stands.
    pub url: Option<Argument>,
    /// Arguments of `wscope`, in the order of the command.
    pub args: Vec<Argument>,
    /// Options that have no meaning for a WebSocket, as they are written, without values.
    pub unused: Vec<String>,
    /// Names of fields that the handshake has of its own, or none of.
    pub regenerated: Vec<String>,
}

/// An argument of `wscope`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// `--name`, `--name=value`, or the URL.
    pub text: String,
    /// Where it comes from in the command line, in bytes from 0.
    pub at: usize,
}

/// More words, or short options in one word, are not read: each is checked alone.
const MAX_WORDS: usize = 2000;

impl CurlCommand {
    /// What the words of a command line request.
    ///
    /// # Errors
    /// With the first word that cannot be used.
    pub fn new(words: &[Word]) -> Result<Self, Fault> {
        let Some((program, words)) = words.split_first() else {
            return Err(Fault::new(0, "there is no command: copy a request as cURL"));
        };
        if !is_curl(&program.text) {
            return Err(other_program(program.at));
        }
        if let Some(word) = words.get(MAX_WORDS) {
            return Err(Fault::new(word.at, format!("there are more than {MAX_WORDS} words")));
        }
        let left = MAX_WORDS - words.len();
        let mut reader = Reader { words, left, ..Reader::default() };
        reader.read()?;
        reader.finish()
    }
}

/// Refuses a text that does not begin with `curl`, apart from comments. Its words need not be valid.
///
/// # Errors
/// If the first word is another one.
pub(super) fn refuse_other_program(text: &str) -> Result<(), Fault> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let word = line.trim_start();
        if !word.is_empty() && !word.starts_with('#') {
            let start = at + line.len() - word.len();
            let program = match word.strip_prefix(['"', '\'']) {
                Some(quoted) => quoted.split(['"', '\'']).next(),
                None => word.split_whitespace().next(),
            };
            let program = program.unwrap_or_default();
            let is_known = is_curl(program.trim_end_matches(['^', '\\']));
            return if is_known { Ok(()) } else { Err(other_program(start)) };
        }
        at += line.len();
    }
    Ok(())
}

fn other_program(at: usize) -> Fault {
    Fault::new(at, "this is not a curl command: copy the request as cURL (bash) or cURL (cmd)")
}

/// `curl`, `curl.exe`, or a path to it.
fn is_curl(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    name == "curl" || name == "curl.exe"
}

/// A value, and where its option stands.
#[derive(Clone, Debug)]
struct Value {
    at: usize,
    text: String,
}

#[derive(Default)]
struct Reader<'a> {
    words: &'a [Word],
    /// How many short options may follow the first ones of their words.
    left: usize,
    url: Option<Value>,
    headers: Vec<Value>,
    cookies: Vec<Value>,
    proxy: Option<Value>,
    proxy_user: Option<Value>,
    takes_brackets: bool,
    keeps_dots: bool,
    found: CurlCommand,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Fault> {
        let mut are_options_over = false;
        while let Some((word, rest)) = self.words.split_first() {
            self.words = rest;
            match word.text.strip_prefix('-') {
                Some("-") if !are_options_over => are_options_over = true,
                Some(name) if !are_options_over && !name.is_empty() => {
                    match name.strip_prefix('-') {
                        Some(name) => self.long(word, name)?,
                        None => self.cluster(word, name)?,
                    }
                }
                _ => self.set_url(word.at, &word.text)?,
            }
        }
        Ok(())
    }

    /// `--name value` or `--name=value`
    fn long(&mut self, word: &Word, name: &str) -> Result<(), Fault> {
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let option = options::long(name)
            .ok_or_else(|| unknown(word.at, &format!("--{}", shown_name(name))))?;
        let shown = format!("--{name}");
        if value.is_some() && !option.takes_value {
            return Err(Fault::new(word.at, format!("{shown} takes no value")));
        }
        self.option(option, &shown, word.at, value)
    }

    /// Short options in one argument. What follows one that takes a value is its value: `-sSHName: value`.
    fn cluster(&mut self, word: &Word, letters: &str) -> Result<(), Fault> {
        for (place, letter) in letters.char_indices() {
            let shown = format!("-{letter}");
            if place > 0 {
                let too_many = || {
                    let reason = format!("there are more than {MAX_WORDS} words and short options");
                    Fault::new(word.at, reason)
                };
                self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
            }
            let option = options::short(letter).ok_or_else(|| unknown(word.at, &shown))?;
            let rest = &letters[place + letter.len_utf8()..];
            if option.takes_value {
                let value = (!rest.is_empty()).then(|| rest.to_owned());
                return self.option(option, &shown, word.at, value);
            }
            self.option(option, &shown, word.at, None)?;
        }
        Ok(())
    }

    fn option(
        &mut self,
        option: CurlOption,
        shown: &str,
        at: usize,
        value: Option<String>,
    ) -> Result<(), Fault> {
        if let Meaning::Refused(reason) = option.meaning {
            return Err(Fault::new(at, format!("{shown} cannot be used here: {reason}")));
        }
        let text = match value {
            None if option.takes_value => match self.words.split_first() {
                Some((word, rest)) => {
                    self.words = rest;
                    word.text.clone()
                }
                None => return Err(Fault::new(at, format!("{shown} requires a value"))),
            },
            value => value.unwrap_or_default(),
        };
        self.apply(option.meaning, shown, Value { at, text })
    }

    fn apply(&mut self, meaning: Meaning, shown: &str, value: Value) -> Result<(), Fault> {
        let Value { at, text } = &value;
        match meaning {
            Meaning::Url => self.set_url(*at, text)?,
            Meaning::Header => {
                refuse_file(shown, &value)?;
                self.headers.push(value);
            }
            Meaning::Cookie => match text.contains('=') || text.is_empty() {
                true => self.cookies.push(value),
                false => self.unused(&format!("{shown} with a file")),
            },
            Meaning::Referer => {
                let url = text.strip_suffix(";auto").unwrap_or(text);
                self.headers.push(Value { at: *at, text: format!("Referer: {url}") });
            }
            Meaning::Secret(option) => {
                refuse_file(shown, &value)?;
                self.arg(*at, format!("{option}={text}"));
            }
            Meaning::Certificate => {
                let (file, passphrase) = certificate(text);
                self.arg(*at, format!("--cert={file}"));
                if let Some(passphrase) = passphrase {
                    refuse_file(shown, &Value { at: *at, text: passphrase.clone() })?;
                    self.arg(*at, format!("--pass={passphrase}"));
                }
            }
            Meaning::Proxy(scheme) => {
                let has_scheme = text.contains("://") || text.is_empty();
                let text = if has_scheme { text.clone() } else { format!("{scheme}://{text}") };
                self.proxy = Some(Value { at: *at, text });
            }
            Meaning::ProxyUser => self.proxy_user = Some(value),
            Meaning::Method if text.eq_ignore_ascii_case("GET") => {}
            Meaning::Method => self.unused(shown),
            Meaning::GlobOff => self.takes_brackets = true,
            Meaning::PathAsIs => self.keeps_dots = true,
            Meaning::Same(option) => self.arg(*at, format!("{option}={text}")),
            Meaning::Flag(option) => self.arg(*at, option.to_owned()),
            Meaning::Unused => self.unused(shown),
            Meaning::Harmless | Meaning::Refused(_) => {}
        }
        Ok(())
    }

    fn set_url(&mut self, at: usize, text: &str) -> Result<(), Fault> {
        if self.url.is_some() {
            return Err(Fault::new(at, "a second URL: only one connection is opened"));
        }
        self.url = Some(Value { at, text: text.to_owned() });
        Ok(())
    }

    fn arg(&mut self, at: usize, text: String) {
        self.found.args.push(Argument { text, at });
    }

    fn unused(&mut self, shown: &str) {
        if !self.found.unused.iter().any(|other| other == shown) {
            self.found.unused.push(shown.to_owned());
        }
    }

    fn finish(mut self) -> Result<CurlCommand, Fault> {
        if let Some(Value { at, text }) = self.url.take() {
            let text = requested(&text, at, !self.takes_brackets)?;
            if self.keeps_dots && text.split(['/', '?']).any(|part| part == "." || part == "..") {
                self.unused("--path-as-is");
            }
            self.found.url = Some(Argument { text, at });
        }
        self.finish_proxy();
        self.finish_headers();
        Ok(self.found)
    }

    fn finish_proxy(&mut self) {
        let user = self.proxy_user.take();
        let Some(Value { at, mut text }) = self.proxy.take() else {
            if user.is_some() {
                self.unused("--proxy-user without --proxy");
            }
            return;
        };
        if let (Some(user), Some((scheme, rest))) = (user, text.split_once("://")) {
            let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            let (name, password) = user.text.split_once(':').unwrap_or((&user.text, ""));
            text = format!("{scheme}://{}:{}@{rest}", encoded(name), encoded(password));
        }
        self.arg(at, format!("--proxy={text}"));
    }

    fn finish_headers(&mut self) {
        let is_cookie = |value: &Value| name_of(&value.text).eq_ignore_ascii_case("Cookie");
        let cookies: Vec<_> = self.cookies.drain(..).filter(|it| !it.text.is_empty()).collect();
        if let Some(Value { at, .. }) = cookies.first() {
            if self.headers.iter().any(is_cookie) {
                // As with curl, the field counts.
                self.unused("--cookie beside a Cookie field");
            } else {
                let lists: Vec<_> =
                    cookies.iter().map(|it| it.text.trim_end_matches([';', ' '])).collect();
                let text = format!("Cookie: {}", lists.join("; "));
                self.headers.push(Value { at: *at, text });
            }
        }
        // A cookie that is between fields stays there.
        self.headers.sort_by_key(|header| header.at);
        for Value { at, text } in std::mem::take(&mut self.headers) {
            let name = name_of(&text).to_owned();
            match use_of(&text, self.found.url.as_ref().map(|url| url.text.as_str())) {
                FieldUse::Kept => self.arg(at, format!("--header={text}")),
                FieldUse::Replaced(value) => self.arg(at, format!("--header={name}: {value}")),
                FieldUse::Subprotocols(names) => {
                    names.iter().for_each(|it| self.arg(at, format!("--subprotocol={it}")));
                }
                FieldUse::Regenerated => {
                    if !self.found.regenerated.contains(&name) {
                        self.found.regenerated.push(name);
                    }
                }
            }
        }
    }
}

/// The name of a field that is written as for `-H`.
fn name_of(line: &str) -> &str {
    let end = line.char_indices().skip(1).find(|(_, c)| matches!(c, ':' | ';'));
    line[..end.map_or(line.len(), |(at, _)| at)].trim()
}

fn unknown(at: usize, shown: &str) -> Fault {
    Fault::new(at, format!("curl has no option {shown}"))
}

/// A name of an option for a message: it may be anything, also a secret.
fn shown_name(name: &str) -> String {
    name.chars().take_while(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).take(40).collect()
}

/// curl would send the contents of a file. A copied command is not trusted with that.
fn refuse_file(shown: &str, value: &Value) -> Result<(), Fault> {
    if !value.text.starts_with('@') {
        return Ok(());
    }
    let reason =
        format!("{shown} names a file, which is not read: give it as an option beside --from-curl");
    Err(Fault::new(value.at, reason))
}

/// The file of `--cert` and the passphrase behind a colon. A backslash escapes a colon; that of a drive is none.
fn certificate(text: &str) -> (String, Option<String>) {
    let mut file = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_drive = at == 1 && c == ':' && text[at + 1..].starts_with(['\\', '/']);
        match c {
            '\\' => match chars.next_if(|(_, next)| ":\\".contains(*next)) {
                Some((_, escaped)) => file.push(escaped),
                None => file.push(c),
            },
            ':' if !is_drive => return (file, Some(text[at + 1..].to_owned())),
            c => file.push(c),
        }
    }
    (file, None)
}

/// Percent-encoded for the userinfo of a URL.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests;
