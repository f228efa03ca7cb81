//! A client's side, played against the clock.

use super::*;
use crate::recording::replay::testing::script;

const TIMEOUT: Option<Duration> = Some(Duration::from_secs(5));

/// A played client, and what it did: sent texts, `W` for a wait, with the seconds until it ends, `C` for the end.
struct Played {
    player: Player,
    start: Instant,
}

impl Played {
    fn new(lines: &[&str], pace: Pace, timeout: Option<Duration>) -> Self {
        let mut player = Player::new(Arc::new(script(lines)), pace, timeout);
        let start = Instant::now();
        assert_eq!(player.poll(start), Turn::Wait, "it is not open");
        player.on_open(start);
        Self { player, start }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn receive(&mut self, ms: u64) {
        self.player.on_message(self.at(ms));
    }

    /// What is done at this time, up to the next wait.
    fn run(&mut self, ms: u64) -> String {
        let mut done = Vec::new();
        loop {
            match self.player.poll(self.at(ms)) {
                Turn::Send(StepKind::Message(content, _)) => {
                    done.push(String::from_utf8_lossy(&content.data).into_owned());
                }
                Turn::Send(StepKind::Ping(_)) => done.push("ping".to_owned()),
                Turn::Send(other) => done.push(format!("{other:?}")),
                Turn::Wait => {
                    let deadline = self.player.deadline();
                    done.push(deadline.map_or("W".to_owned(), |deadline| {
                        format!("W{}", (deadline - self.start).as_millis())
                    }));
                    return done.join(" ");
                }
                Turn::Close => {
                    done.push("C".to_owned());
                    return done.join(" ");
                }
            }
        }
    }
}

#[test]
fn each_message_follows_as_many_answers_as_in_the_recording() {
    let lines = ["< hi", "> a", "> b", "< 1", "< 2", ">ping x", "> c", "< 3", "end self 1000 1000"];
    let mut played = Played::new(&lines, Pace::Answers, TIMEOUT);
    assert_eq!(played.run(0), "W5000");
    played.receive(100);
    assert_eq!(played.run(100), "a b W5100");
    played.receive(200);
    assert_eq!(played.run(200), "W5200");
    played.receive(300);
    assert_eq!(played.run(300), "ping c W5300");
    played.receive(400);
    assert_eq!(played.run(400), "C");
    assert_eq!(played.player.take_warning(), None);
    assert_eq!(played.player.sent(), (3, 3));
    assert_eq!(played.player.expired_waits(), []);
}

#[test]
fn answers_that_come_early_are_not_waited_for() {
    let mut played = Played::new(&["> a", "< 1", "> b", "< 2"], Pace::Answers, TIMEOUT);
    played.receive(0);
    played.receive(0);
    assert_eq!(played.run(0), "a b C");
}

#[test]
fn without_answers_the_next_goes_out_with_a_warning() {
    let lines = ["> a", "< 1", "< 2", "> b", "< 3", "> c", "< 4"];
    let mut played = Played::new(&lines, Pace::Answers, TIMEOUT);
    assert_eq!(played.run(0), "a W5000");
    played.receive(1000);
    assert_eq!(played.run(1000), "W6000");
    assert_eq!(played.run(5999), "W6000");
    assert_eq!(played.run(6000), "b W11000");
    let warning = played.player.take_warning().expect("a warning");
    assert_eq!(
        warning,
        "sending message 2, \"b\", without 1 of the 2 answers before that: nothing was received for 5s \
         (--timeout)"
    );
    // The answer that did not come is not waited for again.
    played.receive(7000);
    assert_eq!(played.run(7000), "c W12000");
    played.receive(8000);
    // Before the end it is: it may come late.
    assert_eq!(played.run(8000), "W13000");
    assert_eq!(played.run(13000), "C");
    let warning = played.player.take_warning().expect("a warning");
    assert!(warning.starts_with("closing without 1 of the 4 answers before that: "), "{warning}");
    let waits: Vec<_> = played.player.expired_waits().iter().map(|wait| wait.answers).collect();
    assert_eq!(waits, [2, 4]);
}

#[test]
fn without_a_timeout_it_waits_for_ever() {
    let mut played = Played::new(&["> a", "< 1", "> b"], Pace::Answers, None);
    assert_eq!(played.run(0), "a W");
    assert_eq!(played.run(1_000_000), "W");
}

#[test]
fn original_gaps_are_kept_or_divided() {
    let lines = ["open x", "@1000", "> a", "< 1", "@3000", "> b", "@4000", "< 2"];
    for (speed, times) in [(1.0, [1000, 3000, 4000]), (2.0, [500, 1500, 2000])] {
        let mut played = Played::new(&lines, Pace::Original(speed), TIMEOUT);
        assert_eq!(played.run(0), format!("W{}", times[0]));
        assert_eq!(played.run(times[0]), format!("a W{}", times[1]));
        assert_eq!(played.run(times[1]), format!("b W{}", times[2]));
        played.receive(times[1]);
        played.receive(times[1]);
        assert_eq!(played.run(times[2]), "C");
    }
}

#[test]
fn a_time_that_is_too_far_away_is_waited_for() {
    let lines = ["open x", "@1000000000000", "> a"];
    let mut played = Played::new(&lines, Pace::Original(1e-300), TIMEOUT);
    assert_eq!(played.run(1_000_000), "W");
}

#[test]
fn fast_only_the_end_waits_for_answers() {
    let lines = ["< hi", "> a", "< 1", "> b", "< 2", "end self 1000 1000"];
    let mut played = Played::new(&lines, Pace::Fast, TIMEOUT);
    assert_eq!(played.run(0), "a b W5000");
    for ms in [10, 20, 30] {
        played.receive(ms);
    }
    assert_eq!(played.run(30), "C");
}

#[test]
fn a_server_that_closed_is_waited_for() {
    for end in ["end peer 1000 1000", "end peer - -"] {
        let mut played = Played::new(&["> a", "< 1", end], Pace::Answers, TIMEOUT);
        assert_eq!(played.run(0), "a W5000");
        played.receive(100);
        assert_eq!(played.run(100), "W5100");
        assert_eq!(played.run(5100), "C");
        let warning = played.player.take_warning().expect("a warning");
        assert_eq!(
            warning,
            "closing, as the server did not: nothing was received for 5s (--timeout)"
        );
    }
}

#[test]
fn an_empty_recording_closes_at_once() {
    let mut played = Played::new(&[], Pace::Answers, TIMEOUT);
    assert_eq!(played.run(0), "C");
    assert_eq!(played.run(0), "C");
}
