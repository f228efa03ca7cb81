use super::*;
use crate::config::curl::split;

/// The URL and the arguments of a command line.
#[track_caller]
fn command(text: &str) -> CurlCommand {
    let words = split(text).unwrap_or_else(|fault| panic!("{fault:?}: {text}"));
    CurlCommand::new(&words).unwrap_or_else(|fault| panic!("{fault:?}: {text}"))
}

#[track_caller]
fn args(text: &str) -> Vec<String> {
    command(text).args.into_iter().map(|argument| argument.text).collect()
}

fn fault(text: &str) -> Fault {
    split(text).and_then(|words| CurlCommand::new(&words)).expect_err(text)
}

#[test]
fn options_become_our_own() {
    for (given, expected) in [
        (
            "-H 'X-A: 1' --header 'x-a: 2' -HX-B:3",
            &["--header=X-A: 1", "--header=x-a: 2", "--header=X-B:3"][..],
        ),
        (
            "--header='X: a=b' -H 'Accept:' -H 'X-Empty;'",
            &["--header=X: a=b", "--header=Accept:", "--header=X-Empty;"],
        ),
        ("-b a=b -H 'X: 1' -b 'c=d; '", &["--header=Cookie: a=b; c=d", "--header=X: 1"]),
        ("-b ''", &[]),
        ("-A me/1 -e 'http://a;auto'", &["--user-agent=me/1", "--header=Referer: http://a"]),
        ("-u me:pw --oauth2-bearer t", &["--user=me:pw", "--bearer=t"]),
        ("-kL4 --ipv6 -n", &["--insecure", "--location", "-4", "-6", "--netrc"]),
        (
            "--cacert a --cert b --key c --pass d",
            &["--cacert=a", "--cert=b", "--key=c", "--pass=d"],
        ),
        ("-E b.pem:pa:ss", &["--cert=b.pem", "--pass=pa:ss"]),
        ("-E cé:p", &["--cert=cé", "--pass=p"]),
        (r"-E 'C:\a\\b\:c:pw'", &[r"--cert=C:\a\b:c", "--pass=pw"]),
        ("--tlsv1.2 --tls-max 1.3", &["--tls-min=1.2", "--tls-max=1.3"]),
        ("-x h:3128 --noproxy a,b", &["--no-proxy=a,b", "--proxy=http://h:3128"]),
        ("-x socks5h://h -U 'me:p@ss/'", &["--proxy=socks5h://me:p%40ss%2F@h"]),
        ("--socks5 a:b@h -U me", &["--proxy=socks5://me:@h"]),
        ("-x ''", &["--proxy="]),
        (
            "--resolve a:1:b --connect-to ::c:2 --interface lo",
            &["--resolve=a:1:b", "--connect-to=::c:2", "--interface=lo"],
        ),
        (
            "--unix-socket /s -m 5 --connect-timeout 1.5 --max-redirs 3",
            &["--unix-socket=/s", "--max-time=5", "--connect-timeout=1.5", "--max-redirs=3"],
        ),
        ("-isSvNf -X GET --compressed --http1.1 -g --path-as-is", &[]),
    ] {
        assert_eq!(args(&format!("curl {given} ws://h/")), expected, "{given}");
        assert_eq!(command(&format!("curl {given} ws://h/")).unused, [""; 0], "{given}");
    }
}

#[test]
fn a_url_is_positional_or_an_option() {
    for text in [
        "curl ws://h/x",
        "curl --url ws://h/x",
        "curl --url=ws://h/x",
        "/usr/bin/curl -k -- ws://h/x",
        r"C:\bin\CURL.EXE ws://h/x",
    ] {
        assert_eq!(command(text).url.expect(text).text, "ws://h/x", "{text}");
    }
    assert_eq!(command("curl -k").url, None);
    assert_eq!(command("curl -- -k").url.expect("a URL").text, "http://-k");
}

#[test]
fn what_has_no_meaning_is_named_once() {
    for (given, unused) in [
        ("-X POST --data-raw '{\"a\":1}' --data-raw b", &["-X", "--data-raw"][..]),
        ("-d @/etc/passwd -F a=b --json c", &["-d", "-F", "--json"]),
        ("--http2 -I --limit-rate 1k -w '%{http_code}'", &["--http2", "-I", "--limit-rate", "-w"]),
        ("-b jar.txt", &["-b with a file"]),
        ("-U me:pw", &["--proxy-user without --proxy"]),
    ] {
        let found = command(&format!("curl {given} ws://h/"));
        assert_eq!(found.unused, unused, "{given}");
        assert_eq!(found.args, [], "{given}");
    }
    let both = command("curl -b a=b -H 'cookie: c=d' ws://h/");
    assert_eq!(both.unused, ["--cookie beside a Cookie field"]);
    assert_eq!(both.args[0].text, "--header=cookie: c=d");
    let many = "x".repeat(2) + &" -k".repeat(2000);
    assert!(fault(&format!("curl {many}")).reason.contains("more than 2000 words"));
    let flags = |count| format!("curl ws://h -s -{}", "k".repeat(count));
    let Fault { at, reason, .. } = fault(&flags(1999));
    assert_eq!((at, &*reason), (15, "there are more than 2000 words and short options"));
    assert_eq!(command(&flags(1998)).args.len(), 1998);
    let dots = command("curl --path-as-is 'ws://h/a/../b'");
    assert_eq!(dots.unused, ["--path-as-is"]);
}

#[test]
fn what_cannot_be_used_is_refused_at_its_place() {
    for (text, at, reason) in [
        ("", 0, "there is no command"),
        ("\n# only a comment", 0, "there is no command"),
        ("  wget ws://h/", 2, "not a curl command"),
        ("Invoke-WebRequest 'ws://h/'", 0, "not a curl command"),
        ("# Title\n\nSome words, `code`,\nand more; it's a text.\n", 9, "not a curl command"),
        ("{\n  \"log\": {}\n}\n", 0, "not a curl command"),
        ("\"curl\" ws://h/ | x", 15, "'|' is a shell operator"),
        ("'/a folder/curl' ws://h/ | x", 25, "'|' is a shell operator"),
        ("# a comment\ncurl ws://h/\nls", 25, "the command ends on a line above"),
        ("curl ws://h/ -o f", 13, "-o cannot be used here: a file would be written"),
        ("curl -sSo f ws://h/", 5, "-o cannot"),
        ("curl -of ws://h/", 5, "-o cannot"),
        ("curl ws://h/ -D -", 13, "-D cannot"),
        ("curl -O ws://h/", 5, "-O cannot"),
        ("curl --cookie-jar f ws://h/", 5, "--cookie-jar cannot"),
        ("curl -K f ws://h/", 5, "-K cannot be used here: it names a file with more options"),
        ("curl -T f ws://h/", 5, "-T cannot"),
        ("curl ws://h/ --next ws://i/", 13, "--next cannot be used here: it begins a second"),
        ("curl ws://h/ -: ws://i/", 13, "-: cannot"),
        ("curl ws://h/ ws://i/", 13, "a second URL"),
        ("curl ws://h/ --url ws://i/", 13, "a second URL"),
        ("curl ws://h/ -H @f", 13, "-H names a file"),
        ("curl ws://h/ -H@f", 13, "-H names a file"),
        ("curl ws://h/ --proxy-header @f", 13, "--proxy-header names a file"),
        ("curl ws://h/ -u @f", 13, "-u names a file"),
        ("curl ws://h/ --oauth2-bearer @f", 13, "--oauth2-bearer names a file"),
        ("curl ws://h/ --pass @f", 13, "--pass names a file"),
        ("curl ws://h/ -E c:@f", 13, "-E names a file"),
        ("curl ws://h/ --frob", 13, "curl has no option --frob"),
        ("curl ws://h/ --frob=hunter2", 13, "curl has no option --frob"),
        ("curl ws://h/ '--f hunter2'", 13, "curl has no option --f"),
        ("curl ws://h/ -é", 13, "curl has no option -é"),
        ("curl ws://h/ -H", 13, "-H requires a value"),
        ("curl ws://h/ --insecure=1", 13, "--insecure takes no value"),
        ("curl 'ws://h/{a,b}'", 5, "a list of URLs"),
        ("curl a\0b", 6, "NUL"),
    ] {
        let fault = fault(text);
        assert_eq!(fault.at, at, "{text}: {fault:?}");
        assert!(fault.reason.contains(reason), "{text}: {fault:?}");
        assert!(!fault.reason.contains("hunter2"), "{text}: {fault:?}");
    }
}

/// The other side of [`split`]: how browsers write words.
mod written {
    use proptest::prelude::*;

    use super::*;

    fn escaped(
        text: &str,
        is_special: impl Fn(char) -> bool,
        write: impl Fn(u16) -> String,
    ) -> String {
        let mut units = [0; 2];
        let each = text.chars().map(|c| match c {
            '\\' | '\'' => format!("\\{c}"),
            c if is_special(c) => {
                c.encode_utf16(&mut units).iter().map(|unit| write(*unit)).collect()
            }
            c => c.to_string(),
        });
        format!("$'{}'", each.collect::<String>())
    }

    fn chrome_bash(text: &str) -> String {
        let is_special = |c: char| c.is_control() || c == '!';
        match text.contains(|c| is_special(c) || c == '\'') {
            true => escaped(text, is_special, |unit| format!("\\u{unit:04x}")),
            false => format!("'{text}'"),
        }
    }

    fn firefox_bash(text: &str) -> String {
        let is_special = |c: char| !(' '..='~').contains(&c);
        let write = |unit: u16| match unit {
            0..256 => format!("\\x{unit:02x}"),
            unit => format!("\\u{unit:04x}"),
        };
        match text.contains(|c| is_special(c) || matches!(c, '\'' | '!')) {
            true => escaped(text, is_special, write).replace('!', "\\041"),
            false => format!("'{text}'"),
        }
    }

    fn double(text: &str) -> String {
        let each = text.chars().map(|c| match c {
            '\\' | '"' | '$' | '`' => format!("\\{c}"),
            c => c.to_string(),
        });
        format!("\"{}\"", each.collect::<String>())
    }

    fn carets(text: &str, plain: &str) -> String {
        let mut written = String::new();
        let mut after_percent = false;
        for c in text.chars() {
            let is_name = c.is_ascii_alphanumeric() || c == '_';
            let is_plain = is_name || c.is_whitespace() || plain.contains(c);
            if !is_plain || after_percent && is_name {
                written.push('^');
            }
            written.push(c);
            after_percent = c == '%';
        }
        written.replace('\n', "^\n\n")
    }

    const PLAIN: &str = "-:=+~'/.,?;()*`";

    fn chrome_cmd(text: &str) -> String {
        format!("^\"{}^\"", carets(&text.replace('\\', r"\\").replace('"', "\\\""), PLAIN))
    }

    fn chrome_cmd_2023(text: &str) -> String {
        format!("\"{}\"", carets(&text.replace('\\', r"\\").replace('"', "\\\""), PLAIN))
    }

    fn chrome_cmd_2018(text: &str) -> String {
        format!("\"{}\"", text.replace('"', "\"\"").replace('%', "\"%\""))
    }

    fn firefox_cmd(text: &str) -> String {
        format!("^\"{}^\"", carets(&text.replace('"', "\\\""), PLAIN))
    }

    fn read(
        program: &str,
        continued: &str,
        words: &[String],
        write: fn(&str) -> String,
    ) -> Vec<String> {
        let words: Vec<_> = words.iter().map(|word| write(word)).collect();
        let line = format!("{program} {}\n", words.join(continued));
        let words = split(&line).unwrap_or_else(|fault| panic!("{fault:?}: {line:?}"));
        words.into_iter().skip(1).map(|word| word.text).collect()
    }

    proptest! {
        #[test]
        fn words_written_for_bash_are_read_again(words in prop::collection::vec("(\\PC|['\"\\\\!$`\n\t^%]){0,12}", 1..5)) {
            prop_assert_eq!(&read("curl", " \\\n  ", &words, chrome_bash), &words);
            prop_assert_eq!(&read("curl", " \\\r\n  ", &words, chrome_bash), &words);
        }

        /// Characters from U+0080 to U+00FF, which Firefox writes as bytes, are read one at a time.
        #[test]
        fn words_written_by_firefox_are_read_again(words in prop::collection::vec("([ -~é\u{ff}][ -~]|[\u{100}-\u{10ffff}]|['\"\\\\!\n]){0,12}", 1..5)) {
            prop_assert_eq!(&read("curl", " \\\n  ", &words, firefox_bash), &words);
        }

        #[test]
        fn words_in_double_quotes_are_read_again(words in prop::collection::vec("(\\PC|['\"\\\\!$`\n]){0,12}", 1..5)) {
            // A first word in another style, as the quotes alone may be those of cmd.
            let words: Vec<_> = ["".to_owned()].into_iter().chain(words).collect();
            let write = |word: &str| if word.is_empty() { "''".to_owned() } else { double(word) };
            prop_assert_eq!(&read("curl", " ", &words, write), &words);
        }

        #[test]
        fn words_written_for_cmd_are_read_again(words in prop::collection::vec("(\\PC|['\"\\\\!$`%^&|<>a]){0,12}", 2..5)) {
            prop_assert_eq!(&read("curl", " ^\r\n  ", &words, chrome_cmd), &words);
            prop_assert_eq!(&read("curl", " ^\r\n  ", &words, chrome_cmd_2023), &words);
        }

        #[test]
        fn line_breaks_for_cmd_are_read_again(words in prop::collection::vec("[a \n]{0,8}", 1..5)) {
            prop_assert_eq!(&read("curl", " ^\n  ", &words, chrome_cmd), &words);
        }

        /// A backslash before a quote, or at the end, is not what Firefox meant.
        #[test]
        fn words_written_by_firefox_for_cmd_are_read_again(words in prop::collection::vec("([ -\\[\\]-~é\u{20ac}\u{1f600}]|\\\\[a-z]){0,12}", 1..5)) {
            prop_assert_eq!(&read("curl.exe", " ^\r\n  ", &words, firefox_cmd), &words);
        }

        /// Without carets and backslashes, which it wrote ambiguously.
        #[test]
        fn words_written_by_old_chromes_are_read_again(words in prop::collection::vec("[ -\\[\\]_-~é]{0,12}", 1..5)) {
            prop_assert_eq!(&read("curl.exe", " ^\r\n  ", &words, chrome_cmd_2018), &words);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "curl (\\PC|['\"\\\\$^%`|&<>;#{}\\[\\]\n\r\0]| -[a-zA-Z]|http://){0,30}") {
            match split(&text).and_then(|words| CurlCommand::new(&words)) {
                Ok(_) => {}
                Err(fault) => prop_assert!(fault.at <= text.len() && !fault.reason.is_empty()),
            }
        }
    }
}
