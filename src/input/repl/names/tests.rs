use super::*;

/// The last part of a URL is the folder of its messages.
#[derive(Debug)]
pub(in crate::input::repl) struct Known;

impl Destinations for Known {
    fn prepare(&self, _: &str, url: &str) -> Result<Destination, String> {
        let messages = Some(url.rsplit('/').next().unwrap_or_default().into());
        let destination = Destination { messages, ..Destination::default() };
        if url == "bad" { Err("bad URL".to_owned()) } else { Ok(destination) }
    }

    fn endpoints(&self) -> Vec<String> {
        vec!["staging".to_owned(), "local".to_owned()]
    }
}

pub(in crate::input::repl) fn names(stays: bool) -> PromptNames {
    let first = Destination { messages: Some("first".into()), ..Destination::default() };
    PromptNames::new("main", first, Arc::new(Known), stays)
}

#[test]
fn saved_messages_are_those_of_the_current_connection() {
    let names = names(true);
    let folder = |names: &PromptNames| names.messages().map(|it| it.display().to_string());
    assert_eq!(folder(&names).as_deref(), Some("first"));
    names.connect(Some("b"), "ws://other").expect("a name");
    assert_eq!(folder(&names).as_deref(), Some("other"));
    names.select("main").expect("a name");
    assert_eq!(folder(&names).as_deref(), Some("first"));
    names.set("main", Liveness::Ended);
    names.connect(None, "ws://third").expect("a name");
    assert_eq!(folder(&names).as_deref(), Some("third"));
}

#[test]
fn the_prompt_has_a_name_once_there_are_several_connections() {
    let names = names(false);
    assert_eq!(names.prompt(), "> ");
    assert_eq!(names.connect(Some("b"), "ws://h"), Ok("b".to_owned()));
    assert_eq!(names.prompt(), "b> ");
    assert_eq!(names.select("main"), Ok(()));
    assert_eq!(names.prompt(), "main> ");
    assert!(names.select("c").is_err_and(|reason| reason.contains("\"c\"")));
    assert_eq!(names.all(), ["main", "b"]);
}

#[test]
fn lines_go_on_to_the_one_before_if_a_connection_cannot_be_opened() {
    let names = names(false);
    names.set("main", Liveness::Open);
    names.connect(Some("b"), "ws://h").expect("a name");
    names.set("b", Liveness::Ended);
    assert_eq!((names.current().as_str(), names.upcoming().as_str()), ("b", "main"));
    assert_eq!(names.entered(), None, "Enter at the prompt of b does not open it again");
    names.settle();
    assert_eq!(names.prompt(), "main> ");
    assert_eq!(names.entered().as_deref(), Some("main"));
    assert!(names.take_left("b") && !names.take_left("b"), "said once");
    // One that was open is left by the user only, and so is one that was chosen.
    for steps in [&[Liveness::Open, Liveness::Ended][..], &[Liveness::Ended]] {
        names.connect(Some("b"), "ws://h").expect("a name");
        if steps.len() == 1 {
            names.select("b").expect("a name");
        }
        steps.iter().for_each(|step| names.set("b", *step));
        names.settle();
        assert_eq!(names.prompt(), "b> ");
        assert!(!names.take_left("b"));
        names.select("main").expect("a name");
    }
}

#[test]
fn from_one_that_cannot_be_opened_lines_go_to_the_one_before_that() {
    let names = names(false);
    names.connect(Some("b"), "ws://h").expect("a name");
    names.connect(Some("c"), "ws://h").expect("a name");
    names.set("b", Liveness::Ended);
    assert_eq!(names.upcoming(), "c");
    names.set("c", Liveness::Ended);
    assert_eq!(names.upcoming(), "main");
}

#[test]
fn only_a_connection_that_has_ended_is_replaced() {
    let names = names(true);
    assert!(names.connect(None, "ws://h").is_err_and(|reason| reason.contains("main is still")));
    names.set("main", Liveness::Ended);
    assert_eq!(names.connect(None, "bad"), Err("bad URL".to_owned()));
    assert_eq!(names.connect(None, "ws://h"), Ok("main".to_owned()));
    assert_eq!(names.prompt(), "> ");
    let reason = names.connect(None, "ws://h").expect_err("it is being opened");
    assert!(reason.starts_with("main is still connecting: /close cancels it, "), "{reason}");
    names.connect(Some("b"), "ws://h").expect("another one");
    let reason = names.connect(Some("main"), "ws://h").expect_err("it is being opened");
    assert!(reason.contains("still connecting: /use main and /close cancels it"), "{reason}");
    names.set("main", Liveness::Open);
    let reason = names.connect(Some("main"), "ws://h").expect_err("it is open");
    assert!(reason.contains("still connected: /use main and /close closes it"), "{reason}");
}

#[test]
fn names_are_short_words() {
    for name in ["a", "B-2_c", &"x".repeat(MAX_NAME)] {
        assert_eq!(check_name(name), Ok(()));
    }
    for name in ["", "a b", "é", "a/b", "ws://h", &"x".repeat(MAX_NAME + 1)] {
        assert!(check_name(name).is_err(), "{name}");
    }
}

#[test]
fn the_number_of_connections_is_limited() {
    let names = names(true);
    for number in 1..MAX_CONNECTIONS {
        let name = format!("c{number}");
        assert_eq!(names.connect(Some(&name), "ws://h"), Ok(name.clone()));
        names.set(&name, Liveness::Open);
    }
    assert!(names.connect(Some("more"), "ws://h").is_err());
    names.set("c3", Liveness::Ended);
    assert_eq!(names.connect(Some("more"), "ws://h"), Ok("more".to_owned()));
    assert_eq!(names.all().len(), MAX_CONNECTIONS);
    assert!(names.check("c3").is_err());
}

#[test]
fn an_attempt_can_be_cancelled_where_the_prompt_stays() {
    assert_eq!(names(false).cancellable(), None);
    let names = names(true);
    assert_eq!(names.cancellable(), Some("main".to_owned()));
    names.set("main", Liveness::Open);
    assert_eq!(names.cancellable(), None);
}
