//! Lines and what they are parsed to.

use super::*;
use crate::input::Show;
use crate::input::repl::Prompt;

/// Rules and payloads are what was typed, with the contents of files behind it. What begins with `bad` is not valid.
struct Typed;

impl ProxyGrammar for Typed {
    type Rule = String;
    type Payload = String;

    fn rule_files(source: &str) -> Vec<PathBuf> {
        source.split('@').skip(1).map(|path| path.trim().into()).collect()
    }

    fn rule(source: &str, contents: Vec<Vec<u8>>) -> Result<String, String> {
        typed(source, contents)
    }

    fn payload_file(source: &str) -> Option<PathBuf> {
        source.split_once('@').map(|(_, path)| path.into())
    }

    fn payload(source: &str, content: Option<Vec<u8>>) -> Result<String, String> {
        typed(source, content.into_iter().collect())
    }
}

fn typed(source: &str, contents: Vec<Vec<u8>>) -> Result<String, String> {
    let contents = contents.iter().map(|content| String::from_utf8_lossy(content));
    match source.starts_with("bad") {
        true => Err(format!("{source:?} is not valid")),
        false => Ok(contents.fold(source.to_owned(), |text, content| text + "|" + &content)),
    }
}

type TypedCommand = ProxyCommand<String, String>;

fn parse(line: &str) -> TypedCommand {
    match proxy_commands::<Typed>().parse(line, Prompt::Editor, None).expect("a line") {
        Parsed::Ready(command) | Parsed::Long { line: command, .. } => command,
        Parsed::File(file) => file.load().unwrap_or_else(|problem| Action::problem(problem).into()),
    }
}

fn inject(to: Side, connection: u64, payload: &str) -> TypedCommand {
    ProxyCommand::Inject { to, connection, payload: payload.to_owned() }
}

fn release(number: Option<u64>, is_dropped: bool) -> TypedCommand {
    ProxyCommand::Release { number, is_dropped }
}

fn close(connection: u64, side: Option<Side>, code: u16, reason: &str) -> TypedCommand {
    let payload = ClosePayload { code: Some(CloseCode::new(code)), reason: reason.to_owned() };
    ProxyCommand::Close { connection, side, payload }
}

#[test]
fn lines_are_commands() {
    let rule = "client {\"a\": 1} nth 2 => drop";
    for (line, expected) in [
        ("/connections", ProxyCommand::Connections),
        ("/client 1 a  b", inject(Side::Client, 1, "a  b")),
        ("/client #1  a", inject(Side::Client, 1, " a")),
        ("/server 12 json:{}", inject(Side::Server, 12, "json:{}")),
        ("/server 1 a\nb", inject(Side::Server, 1, "a\nb")),
        ("/rule client {\"a\": 1} nth 2 => drop", ProxyCommand::AddRule(rule.to_owned())),
        ("/rules ", ProxyCommand::Rules),
        ("/unrule 3", ProxyCommand::RemoveRule(3)),
        ("/hold", ProxyCommand::Hold(None)),
        ("/hold on", ProxyCommand::Hold(Some(true))),
        ("/hold off ", ProxyCommand::Hold(Some(false))),
        ("/held", ProxyCommand::Held),
        ("/go", release(None, false)),
        ("/go 3", release(Some(3), false)),
        ("/drop", release(None, true)),
        ("/drop #3", release(Some(3), true)),
        ("/edit 3 x y", ProxyCommand::Edit(3, "x y".to_owned())),
        ("/close 1", close(1, None, 1000, "")),
        ("/close 1 client", close(1, Some(Side::Client), 1000, "")),
        ("/close 1  server  4000 bye", close(1, Some(Side::Server), 4000, "bye")),
        ("/close 1 4001 \"all out\"", close(1, None, 4001, "all out")),
        ("/close 1 1000 'tis enough", close(1, None, 1000, "'tis enough")),
        ("/close 1 1000 'all out'", close(1, None, 1000, "all out")),
        ("/status", ProxyCommand::Action(Action::Show(Show::Status))),
        ("/quit", ProxyCommand::Quit),
        ("hello", ProxyCommand::Action(Action::text("hello"))),
        ("//hello", ProxyCommand::Action(Action::text("/hello"))),
    ] {
        assert_eq!(parse(line), expected, "{line}");
    }
}

#[test]
fn files_are_loaded_before_their_line_is_carried_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("a"), "first").expect("a file");
    std::fs::write(path("b"), "second").expect("a file");
    let (a, b) = (path("a"), path("b"));
    let line = format!("/server 2 text:@{a}");
    assert_eq!(parse(&line), inject(Side::Server, 2, &format!("text:@{a}|first")));
    let line = format!("/edit 2 text:@{b}");
    assert_eq!(parse(&line), ProxyCommand::Edit(2, format!("text:@{b}|second")));
    let line = format!("/rule any @{a} @{b}");
    assert_eq!(parse(&line), ProxyCommand::AddRule(format!("any @{a} @{b}|first|second")));
    let missing = path("missing");
    assert!(problem(&format!("/client 1 text:@{missing}")).starts_with(&format!("{missing}: ")));
}

fn problem(line: &str) -> String {
    match parse(line) {
        ProxyCommand::Action(Action::Show(Show::Problem(text))) => text,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn invalid_commands_are_explained() {
    for (line, reason) in [
        ("/serve 1 x", "unknown command /serve; did you mean /server? /help lists the commands"),
        ("/again", "unknown command /again; /help lists the commands"),
        ("/text x", "unknown command /text; /help lists the commands"),
        (
            "/server",
            "/server N PAYLOAD requires the number of a connection; /connections lists them",
        ),
        ("/client x y", "requires the number of a connection, not \"x\"; /connections"),
        ("/client +1 y", "not \"+1\""),
        (
            "/client 1",
            "/client 1 requires what is sent, as in /client 1 hello; text: alone is an empty",
        ),
        ("/server 1 bad", "\"bad\" is not valid"),
        ("/rule", "/rule SIDE [PATTERN] [WHEN] => ACTION requires a rule, as in /rule client {"),
        ("/rule bad", "\"bad\" is not valid"),
        ("/unrule", "/unrule N requires the number of a rule; /rules lists them"),
        ("/unrule 1 2", "not \"1 2\""),
        ("/hold maybe", "/hold takes on or off, not \"maybe\""),
        ("/held 1", "/held takes no argument"),
        ("/go all", "/go [N] requires the number of a held message, not \"all\"; /held lists them"),
        ("/drop -1", "/drop [N] requires the number of a held message"),
        ("/edit", "/edit N PAYLOAD requires the number of a held message; /held"),
        ("/edit 3", "/edit 3 requires what is sent"),
        ("/close", "/close N [SIDE] [CODE [REASON]] requires the number of a connection"),
        (
            "/close 1 sever 1000",
            "\"sever\" is neither a side nor a close code: did you mean /close 1 server?",
        ),
        (
            "/close 1 both",
            "/close 1 closes both sides without a word for that: /close 1 [client|server] [CODE [REASON]]",
        ),
        ("/close 1 1006", "must not be sent"),
        ("/connections 1", "/connections takes no argument"),
    ] {
        let text = problem(line);
        assert!(text.contains(reason), "{line}: {text}");
    }
}

#[test]
fn only_quit_ends_the_run() {
    let set = proxy_commands::<Typed>();
    for (line, ends) in [("/quit", true), ("/close 1", false), ("/go", false)] {
        let parsed = set.parse(line, Prompt::Editor, None).expect("a line");
        assert_eq!(set.is_end(&parsed), ends, "{line}");
    }
}
