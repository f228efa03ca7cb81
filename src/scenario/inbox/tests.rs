use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Arrival, Breach, Control, End, Group, Inbox, Message, Progress, Taken, WaitFailure};
use crate::protocol::{CloseCode, MessageKind};
use crate::scenario::pattern::{ClosePattern, Matcher, Pattern, bare_json};

fn text(text: &str) -> Pattern {
    let matcher = bare_json(text).map_or_else(|| Matcher::Text(text.to_owned()), Matcher::Json);
    Pattern::new(text, matcher)
}

fn pong() -> Pattern {
    Pattern::new("pong:", Matcher::Pong(None))
}

fn close(text: &str) -> Pattern {
    let pattern = ClosePattern::parse(text).expect("pattern");
    Pattern::new(format!("close:{text}"), Matcher::Close(pattern))
}

fn push(inbox: &mut Inbox, at: Instant, texts: &[&str]) {
    for text in texts {
        inbox.push_message(Message {
            kind: MessageKind::Text,
            data: text.as_bytes(),
            at,
            frames: 1,
            wire_size: 2 + text.len() as u64,
            is_compressed: false,
        });
    }
}

fn filled(texts: &[&str]) -> (Inbox, Instant) {
    let now = Instant::now();
    let mut inbox = Inbox::new(1 << 20, Vec::new());
    push(&mut inbox, now, texts);
    (inbox, now)
}

fn end(code: CloseCode) -> End {
    End {
        code,
        reason: "bye".to_owned(),
        is_clean: true,
        is_ours: false,
        sent: None,
        description: String::new(),
        incomplete: None,
    }
}

fn kept(inbox: &Inbox) -> Vec<String> {
    inbox.kept().map(|it| String::from_utf8_lossy(&it.data).into_owned()).collect()
}

fn words(taken: &Taken) -> String {
    match taken {
        Taken::Message(message) => String::from_utf8_lossy(&message.data).into_owned(),
        Taken::Control(control) => format!("control {:?}", control.payload),
        Taken::End(end) => format!("end {}", end.code.get()),
    }
}

/// Polls once at `now`; what was taken, in words.
fn taken(group: &mut Group, inbox: &mut Inbox, now: Instant) -> Result<Vec<String>, WaitFailure> {
    match group.poll(inbox, now) {
        Progress::Done(outcome) => Ok(outcome.wanted.iter().map(words).collect()),
        Progress::Failed(failure) => Err(failure),
        Progress::Pending(_) => Ok(vec!["pending".to_owned()]),
    }
}

fn group(wanted: &[&str], optional: &[&str], is_strict: bool, now: Instant) -> Group {
    let all = |list: &[&str]| list.iter().map(|it| text(it)).collect();
    Group::new(all(wanted), all(optional), is_strict, now + Duration::from_secs(5))
}

/// Scenario language, section 3: "`<` takes the first kept message that matches, and with it those before it"
#[test]
fn the_first_match_is_taken_and_those_before_it() {
    let (mut inbox, now) = filled(&["x", "a", "b", "a"]);
    let mut wait = group(&["a"], &[], false, now);
    assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["a".to_owned()]));
    assert_eq!((wait.seen().count, kept(&inbox)), (1, vec!["b".to_owned(), "a".to_owned()]));
}

/// Scenario language, section 3: "With `strict: true` the next message has to match."
#[test]
fn strict_takes_the_next_message_or_none() {
    let (mut inbox, now) = filled(&["x", "a"]);
    let mut wait = group(&["a"], &[], true, now);
    let Err(WaitFailure::Unexpected(message)) = taken(&mut wait, &mut inbox, now) else {
        panic!("a failure")
    };
    assert_eq!(message.data, "x");
    let (mut inbox, now) = filled(&["o", "a"]);
    assert_eq!(
        taken(&mut group(&["a"], &["o"], true, now), &mut inbox, now),
        Ok(vec!["a".to_owned()])
    );
}

/// Scenario language, section 1: "`<?` may come before what the next "<" waits for; no failure if not"
#[test]
fn an_optional_message_comes_first_or_not_at_all() {
    for (messages, optional) in [(&["o", "a"] as &[_], true), (&["a", "o"], false), (&["a"], false)]
    {
        let (mut inbox, now) = filled(messages);
        let mut wait = group(&["a"], &["o"], false, now);
        let Progress::Done(outcome) = wait.poll(&mut inbox, now) else { panic!("done") };
        assert_eq!(outcome.optional[0].is_some(), optional, "{messages:?}");
        assert_eq!(wait.seen().count, 0);
    }
}

/// Scenario language, section 1: "`<&` this one too, in any order with the "<" before it"
#[test]
fn together_messages_find_their_places_in_any_order() {
    let (general, special) = (r#"{"t":1}"#, r#"{"t":1,"u":2}"#);
    for messages in [[general, special], [special, general]] {
        for wanted in [[general, special], [special, general]] {
            let (mut inbox, now) = filled(&messages);
            let expected = wanted.map(str::to_owned).to_vec();
            let mut wait = group(&wanted, &[], false, now);
            assert_eq!(taken(&mut wait, &mut inbox, now), Ok(expected), "{messages:?} {wanted:?}");
        }
    }
}

/// Scenario language, section 1: "`<&` this one too, […] under the same limit"
#[test]
fn one_message_is_not_taken_twice() {
    let (mut inbox, now) = filled(&["a"]);
    let mut wait = group(&["a", "a"], &[], false, now);
    assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["pending".to_owned()]));
    assert_eq!(wait.missing().collect::<Vec<_>>(), [1]);
    let late = now + Duration::from_secs(5);
    assert_eq!(taken(&mut wait, &mut inbox, late), Err(WaitFailure::Timeout));
    push(&mut inbox, late, &["a"]);
    assert_eq!(taken(&mut wait, &mut inbox, late), Ok(vec!["a".to_owned(); 2]));
}

/// Scenario language, section 3: "Patterns of control frames take no data messages with them."
#[test]
fn control_frames_take_no_messages_with_them() {
    let (mut inbox, now) = filled(&["a"]);
    let payload = Bytes::from_static(b"p");
    inbox.push_control(Control { is_pong: true, payload, at: now, rtt: None });
    let mut wait = Group::new(vec![pong()], Vec::new(), true, now);
    assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["control b\"p\"".to_owned()]));
    assert_eq!(kept(&inbox), ["a"]);
    inbox.push_end(end(CloseCode::NORMAL));
    let mut wait = Group::new(vec![close("1000")], Vec::new(), false, now);
    assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["end 1000".to_owned()]));
    assert_eq!(kept(&inbox), ["a"]);
}

/// Scenario language, section 3: "each connection keeps what came until a step takes it"
#[test]
fn what_was_kept_is_taken_after_the_end_and_then_the_wait_fails() {
    let (mut inbox, now) = filled(&["a"]);
    inbox.push_end(end(CloseCode::GOING_AWAY));
    let mut first = group(&["a"], &[], false, now);
    assert_eq!(taken(&mut first, &mut inbox, now), Ok(vec!["a".to_owned()]));
    let failure = taken(&mut group(&["b"], &[], false, now), &mut inbox, now);
    assert_eq!(failure, Err(WaitFailure::Ended(end(CloseCode::GOING_AWAY))));
}

#[test]
fn the_closest_message_is_known() {
    let (mut inbox, now) = filled(&[r#"{"a":1,"b":3}"#, r#"{"a":9,"b":9}"#, "x"]);
    let mut wait = group(&[r#"{"a":1,"b":2}"#], &[], false, now);
    assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["pending".to_owned()]));
    let (message, first) = wait.closest().expect("a message");
    assert_eq!(message.start, r#"{"a":1,"b":3}"#);
    assert_eq!(first.to_string(), "at $.b expected 2, got 3");
    assert_eq!(wait.seen().count, 3);
}

#[test]
fn of_two_that_differ_as_much_the_one_that_has_the_member_is_closest() {
    let wanted = r#"{"status":"done"}"#;
    let (running, heartbeat) = (r#"{"status":"running"}"#, r#"{"heartbeat":1}"#);
    for messages in [[running, heartbeat], [heartbeat, running]] {
        let (mut inbox, now) = filled(&messages);
        let mut wait = group(&[wanted], &[], false, now);
        assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["pending".to_owned()]));
        let (message, difference) = wait.closest().expect("a message");
        assert_eq!(message.start, running, "{messages:?}");
        assert_eq!(difference.to_string(), r#"at $.status expected "done", got "running""#);
    }
}

/// Deadlines and signals are looked at between polls.
#[test]
fn a_poll_compares_a_limited_number_of_messages() {
    let patterns: Vec<_> = (0..1000).map(|number| format!("{{\"q{number}\":1}}")).collect();
    let patterns: Vec<_> = patterns.iter().map(String::as_str).collect();
    let messages = vec![r#"{"y":1}"#; 300];
    let (mut inbox, now) = filled(&messages);
    let mut wait = group(&patterns, &[], false, now);
    assert_eq!(wait.poll(&mut inbox, now), Progress::Pending(now));
    let left = inbox.kept().count();
    assert!((1..300).contains(&left), "{left}");
    let late = now + Duration::from_secs(60);
    assert_eq!(wait.poll(&mut inbox, late), Progress::Failed(WaitFailure::Timeout));
    assert!(inbox.kept().count() < left);
}

#[test]
fn the_last_messages_are_compared_even_if_the_time_is_over() {
    let (mut inbox, now) = filled(&["x", "a"]);
    let late = now + Duration::from_secs(60);
    assert_eq!(
        taken(&mut group(&["a"], &[], false, now), &mut inbox, late),
        Ok(vec!["a".to_owned()])
    );
}

/// Scenario language, section 1: "`<!` must not come"
#[test]
fn what_is_forbidden_fails_whatever_waits() {
    let (mut inbox, now) = filled(&["a"]);
    inbox.forbid(7, text("e"));
    assert_eq!(inbox.fault(), None);
    push(&mut inbox, now, &["e"]);
    let Err(WaitFailure::Forbidden(Breach { step, arrival: Arrival::Message(message) })) =
        taken(&mut group(&["a"], &[], false, now), &mut inbox, now)
    else {
        panic!("a failure")
    };
    assert_eq!((step, &message.data[..]), (7, &b"e"[..]));
    let (mut inbox, _) = filled(&["e"]);
    inbox.forbid(1, text("e"));
    assert!(inbox.fault().is_some(), "what is kept counts");
}

/// Scenario language, section 1: "`<!` must not come"; section 3: "at the end of its part an open one is closed with 1000"
#[test]
fn an_answer_to_our_own_close_is_not_forbidden() {
    let sent = Some(CloseCode::NORMAL);
    for (code, is_ours, is_forbidden) in [
        (CloseCode::NORMAL, true, false),
        (CloseCode::NORMAL, false, true),
        (CloseCode::GOING_AWAY, true, true),
        (CloseCode::ABNORMAL, true, false),
    ] {
        let (mut inbox, _) = filled(&[]);
        inbox.forbid(0, close(""));
        inbox.push_end(End { is_ours, sent, ..end(code) });
        assert_eq!(inbox.fault().is_some(), is_forbidden, "{code:?} {is_ours}");
        let (mut inbox, _) = filled(&[]);
        inbox.push_end(End { is_ours, sent, ..end(code) });
        inbox.forbid(0, close(""));
        assert_eq!(inbox.fault().is_some(), is_forbidden, "{code:?} {is_ours}, the end first");
    }
}

/// Scenario language, section 3: "SILENCE and DURING begin with what is kept."
#[test]
fn silence_and_during_begin_with_what_is_kept() {
    let (mut inbox, now) = filled(&["a", "b"]);
    let until = now + Duration::from_secs(1);
    let mut all = Vec::new();
    assert_eq!(inbox.during(until, false, &mut all, now), Progress::Pending(until));
    push(&mut inbox, until, &["c"]);
    push(&mut inbox, until + Duration::from_millis(1), &["d"]);
    assert_eq!(inbox.during(until, false, &mut all, until), Progress::Done(()));
    assert_eq!((all.len(), kept(&inbox)), (3, vec!["d".to_owned()]));
    inbox.release(all);
    let failure = inbox.silence(until, false, now);
    assert!(matches!(failure, Progress::Failed(WaitFailure::NotSilent(_))), "{failure:?}");
    assert_eq!(inbox.held, 0);
    assert_eq!(inbox.silence(until, false, now), Progress::Pending(until));
    inbox.push_end(end(CloseCode::NORMAL));
    assert_eq!(inbox.silence(until, true, until), Progress::Done(()));
    assert!(matches!(inbox.silence(until, false, until), Progress::Failed(WaitFailure::Ended(_))));
}

/// Scenario language, section 3: "Messages that match an `ignore: PATTERN` […] are set aside before either rule"
#[test]
fn what_is_ignored_is_set_aside() {
    let now = Instant::now();
    let mut inbox = Inbox::new(1 << 20, vec![text(r#"{"type":"heartbeat"}"#)]);
    push(&mut inbox, now, &[r#"{"type":"heartbeat","n":1}"#, "a"]);
    assert_eq!(kept(&inbox), ["a"]);
}

/// Scenario language, section 3: "memory is bounded by `max-buffered` […] over it the part fails and says so"
#[test]
fn too_much_is_a_failure_and_takes_no_memory() {
    let now = Instant::now();
    let mut inbox = Inbox::new(1000, Vec::new());
    push(&mut inbox, now, &["a"; 100]);
    assert_eq!(inbox.fault(), Some(WaitFailure::TooMuch(1000)));
    assert!(inbox.held <= 1000);
}

/// Scenario language, section 3: "`duration` counts from the last send on that connection."
#[test]
fn a_duration_counts_from_the_last_send() {
    let (mut inbox, now) = filled(&["a"]);
    inbox.note_sent(now);
    push(&mut inbox, now + Duration::from_millis(3), &["b"]);
    let times: Vec<_> = inbox.kept().map(|it| it.since_send).collect();
    assert_eq!(times, [None, Some(Duration::from_millis(3))]);
}

/// Scenario language, section 3: "each connection keeps what came […] however fast"
#[test]
fn a_million_small_messages_fit() {
    let now = Instant::now();
    let mut inbox = Inbox::new(256 << 20, Vec::new());
    for _ in 0..1_000_000 {
        push(&mut inbox, now, &["{\"n\":1}"]);
    }
    assert_eq!((inbox.fault(), inbox.kept().count()), (None, 1_000_000));
}

/// What `<` patterns take in the end of what was passed over, by its index, and what is left in the inbox.
fn settled(
    received: &[&str],
    wanted: &[&str],
    chosen: &[(usize, usize)],
) -> (Option<Vec<String>>, Vec<String>) {
    let (mut inbox, now) = filled(received);
    let mut group = group(wanted, &[], false, now).keeping_passed();
    let late = now + Duration::from_secs(5);
    assert_eq!(taken(&mut group, &mut inbox, late), Err(WaitFailure::Timeout));
    push(&mut inbox, late, &["later"]);
    let outcome = group.settle(&mut inbox, chosen);
    let cost: usize = inbox.kept().map(|it| it.data.len() + super::OVERHEAD).sum();
    assert_eq!(inbox.held, cost);
    (outcome.map(|it| it.wanted.iter().map(words).collect()), kept(&inbox))
}

#[test]
fn a_message_that_was_passed_over_can_still_be_taken() {
    let strings = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    for (received, wanted, chosen, expected, left) in [
        (&["a", "b", "c"][..], &["x"][..], &[(0, 1)][..], Some(&["b"][..]), &["c", "later"][..]),
        (&["a", "b", "c"], &["x"], &[(0, 0)], Some(&["a"]), &["b", "c", "later"]),
        // What was received before a message that is taken has been passed over.
        (&["a", "b", "c", "d"], &["c", "x"], &[(1, 0)], Some(&["c", "a"]), &["d", "later"]),
        (&["a", "b"], &["x", "y"], &[(1, 0), (0, 1)], Some(&["b", "a"]), &["later"]),
        (&["a", "b"], &["x", "y"], &[(1, 0)], None, &["b", "later"]),
        (&["a"], &["x"], &[], None, &["a", "later"]),
    ] {
        let expected = (expected.map(strings), strings(left));
        assert_eq!(settled(received, wanted, chosen), expected, "{received:?} {wanted:?}");
    }
}

#[test]
fn what_is_passed_over_is_released_when_the_step_is_over() {
    let (mut inbox, now) = filled(&["a", "b", "c"]);
    let mut group = group(&["b"], &[], false, now).keeping_passed();
    assert_eq!(taken(&mut group, &mut inbox, now), Ok(vec!["b".to_owned()]));
    assert_eq!(kept(&inbox), ["c"]);
    assert_eq!(inbox.held, 1 + super::OVERHEAD);
}

#[test]
fn what_is_passed_over_takes_half_of_the_limit() {
    let now = Instant::now();
    let mut inbox = Inbox::new(10 * (1 + super::OVERHEAD), Vec::new());
    let mut group = group(&["x"], &[], false, now).keeping_passed();
    for _ in 0..4 {
        push(&mut inbox, now, &["a", "b", "c", "d", "e"]);
        assert_eq!(taken(&mut group, &mut inbox, now), Ok(vec!["pending".to_owned()]));
    }
    assert_eq!((inbox.fault(), group.passed().count()), (None, 5));
}

/// Polls a group as the step with this number.
fn step(number: usize, wanted: &[&str], inbox: &mut Inbox, now: Instant) {
    inbox.begin_step(number);
    let taken = taken(&mut group(wanted, &[], false, now), inbox, now);
    assert!(taken.is_ok_and(|taken| taken.len() == wanted.len() && taken[0] != "pending"));
}

#[test]
fn what_earlier_steps_did_with_a_message_is_known() {
    let (mut inbox, now) = filled(&["a", "b", "a", "c"]);
    step(1, &["b"], &mut inbox, now);
    step(2, &["c"], &mut inbox, now);
    inbox.begin_step(3);
    let found = |text: &str| {
        let earlier = inbox.earlier(&self::text(text))?;
        Some((earlier.step, earlier.is_taken, earlier.shown().start))
    };
    assert_eq!(found("a"), Some((2, false, "a".into())), "the last one");
    assert_eq!(found("b"), Some((1, true, "b".into())));
    assert_eq!(found("d"), None);
    inbox.begin_step(2);
    assert_eq!(inbox.earlier(&text("c")), None, "the step itself is not an earlier one");
    assert_eq!(inbox.earlier(&text("a")).map(|it| it.step), Some(1));
}

#[test]
fn a_message_that_repeats_one_that_was_taken_is_known() {
    let (mut inbox, now) = filled(&["x", "a", "a", "x"]);
    step(1, &["a"], &mut inbox, now);
    inbox.begin_step(2);
    let equal: Vec<_> = inbox.kept().map(|it| inbox.earlier_equal(it).map(|it| it.step)).collect();
    assert_eq!(equal, [Some(1), None], "x was passed over, not taken");
}

#[test]
fn earlier_messages_are_bounded() {
    let now = Instant::now();
    let mut inbox = Inbox::new(10_000, Vec::new());
    for number in 0..50 {
        let long = format!("{number}{}", "x".repeat(900));
        push(&mut inbox, now, &[&long, "a"]);
        step(1, &["a"], &mut inbox, now);
    }
    inbox.begin_step(2);
    let numbered = |number: u32| text(&format!("{number}{}", "x".repeat(900)));
    assert!(inbox.earlier(&numbered(49)).is_some() && inbox.earlier(&numbered(0)).is_none());
    assert_eq!(inbox.held, 0, "they do not count as kept");
}

#[test]
fn a_message_that_is_taken_after_all_was_not_passed_over() {
    let (mut inbox, now) = filled(&["x", "y", "z"]);
    inbox.begin_step(1);
    let mut wait = group(&["a"], &[], false, now).keeping_passed();
    assert_eq!(taken(&mut wait, &mut inbox, now), Ok(vec!["pending".to_owned()]));
    wait.settle(&mut inbox, &[(0, 1)]).expect("an outcome");
    inbox.begin_step(2);
    let found = ["x", "y", "z"].map(|it| inbox.earlier(&text(it)).map(|it| it.is_taken));
    assert_eq!((found, kept(&inbox)), ([Some(false), Some(true), None], vec!["z".to_owned()]));
}

#[test]
fn what_is_kept_is_compared_with_a_pattern() {
    let (inbox, _) = filled(&["{\"a\":1,\"n\":1}", "{\"a\":1,\"n\":2}", "{}"]);
    let found = inbox.kept_match(&text("{\"a\":1}")).map(|it| it.data.clone());
    assert_eq!(found.as_deref(), Some(&b"{\"a\":1,\"n\":2}"[..]));
    assert_eq!(inbox.kept_match(&text("{\"b\":1}")), None);
}
