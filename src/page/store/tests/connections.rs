//! What a store knows of connections.

use proptest::prelude::*;

use crate::page::store::*;
use crate::page::testing::{line, store, store_of};
use crate::protocol::Side;

#[test]
fn a_side_that_has_closed_is_known_before_the_end() {
    let store = store_of(&[
        line("open", 0, r#""connection":1,"initiator":"client""#),
        line("frame", 1, r#""connection":1,"direction":"client","opcode":"close","fin":true"#),
    ]);
    let state = || serde_json::to_value(&store.connections(0, 1).list[0]).expect("JSON");
    assert_eq!(state()["state"], "closing");
    assert!(store.is_closing(Some(1), Side::Server) && !store.is_closing(Some(1), Side::Client));
    store.set_closing(Some(1), Side::Client);
    assert!(store.is_closing(Some(1), Side::Client));
    let end =
        r#""connection":1,"code":1006,"initiator":"client","end":{"client":"fin","server":"fin"}"#;
    store.append(line("close", 2, end).as_bytes());
    let shown = state();
    assert_eq!((&shown["state"], &shown["initiator"]), (&"closed".into(), &"client".into()));
    assert_eq!(shown["why"], "ended without a Close frame by client");
    assert!(!store.is_closing(Some(1), Side::Server), "the connection is not open at all");
}

#[test]
fn a_close_frame_that_a_rule_drops_leaves_the_connection_open() {
    let members = r#""connection":1,"direction":"client""#;
    let store = store_of(&[
        line("open", 0, r#""connection":1,"initiator":"client""#),
        line("frame", 1, &format!(r#"{members},"opcode":"close","fin":true"#)),
        line("close_frame", 2, &format!(r#"{members},"code":1000,"rule":1,"action":"drop""#)),
    ]);
    let state = serde_json::to_value(&store.connections(0, 1).list[0]).expect("JSON");
    assert_eq!(state["state"], "open");
    assert!(!store.is_closing(Some(1), Side::Server));
}

#[test]
fn connections_are_bounded() {
    let store = store(1 << 20, 1 << 20);
    for number in 0..10_100 {
        let number = format!("\"connection\":{number}");
        store.append(line("open", 1, &number).as_bytes());
        store.append(line("close", 2, &format!("{number},\"code\":1000")).as_bytes());
    }
    let ConnectionList { total, forgotten, list, .. } = store.connections(9_999, 500);
    assert_eq!((total, forgotten, list.len()), (10_000, 100, 1));
    assert_eq!(serde_json::to_value(&list[0]).expect("JSON")["number"], 100);
    assert_eq!(store.summary().connections, 10_100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rings_never_overlap(lengths in prop::collection::vec(1_u64..60, 1..200), full in 0_usize..400) {
        let mut ring = Ring::new(200);
        let mut kept = std::collections::VecDeque::new();
        for (at, length) in lengths.into_iter().enumerate() {
            let Some(room) = ring.room(length) else { continue };
            prop_assert!(room.offset + room.length <= 200);
            if at == full {
                ring.limit_to(room);
                continue;
            }
            while kept.front().is_some_and(|(offset, length)| room.claims(*offset, *length)) {
                kept.pop_front();
            }
            let overlaps = |(offset, length): &(u64, u64)| {
                *offset < room.offset + room.length && room.offset < offset + length
            };
            prop_assert!(!kept.iter().any(overlaps), "{room:?} of {kept:?}");
            ring.take(room);
            kept.push_back((room.offset, room.length));
        }
    }
}

#[test]
fn connections_of_a_live_run_get_numbers_and_keep_them_when_they_get_their_own() {
    let store = Store::new(StoreOptions { is_connect: true, ..StoreOptions::default() });
    let take = |event: &str, members: &str| {
        store.append(line(event, 1, members).as_bytes());
        store.facts(store.summary().rows - 1).and_then(|facts| facts.connection)
    };
    let (open, text) =
        (r#""url":"ws://h/""#, r#""direction":"sent","type":"text","data":"x","size":1"#);
    assert_eq!(take("open", open), Some(1));
    assert_eq!((store.own_number(Some(1)), store.own_number(None)), (Some(None), Some(None)));
    take("close", r#""code":1006"#);
    assert_eq!(store.own_number(Some(1)), None, "it has ended");
    assert_eq!(take("open", open), Some(2), "another one under the same name");
    assert_eq!(take("message", text), Some(2));
    assert_eq!(store.own_number(Some(2)), Some(None));
    // Several names: they have numbers from now on, which are those of attempts asked for.
    assert_eq!(take("redirect", r#""connection":2,"status":301,"from":"a","to":"b""#), Some(3));
    assert_eq!(take("open", &format!(r#""connection":2,{open}"#)), Some(3), "2 is taken");
    assert_eq!(take("error", r#""connection":1,"kind":"protocol","message":"m""#), Some(2));
    assert_eq!(take("message", &format!(r#""connection":1,{text}"#)), Some(2));
    assert_eq!(take("open", &format!(r#""connection":7,{open}"#)), Some(7));
    let own = [2, 3, 7].map(|number| store.own_number(Some(number)));
    assert_eq!(own, [Some(Some(1)), Some(Some(2)), Some(Some(7))]);
    assert_eq!(store.own_number(Some(9)), None);
}
