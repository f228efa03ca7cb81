use super::*;
use crate::recording::replay::testing::events;

fn collected(lines: &[&str], entry: Option<&str>) -> Result<Vec<Connection>, CollectError> {
    let (selector, ignore) = (Selector::new(entry), Ignore::default());
    let mut collector = Collector::new(Collecting { selector, ignore, control: false });
    for event in events(lines) {
        if collector.push(event).is_break() {
            break;
        }
    }
    collector.finish()
}

fn shown(connection: &Connection) -> String {
    let messages = connection.items.iter().map(|item| {
        let side = if item.side == Side::Client { '>' } else { '<' };
        format!("{}{side}{}", item.number, String::from_utf8_lossy(&item.data))
    });
    format!("{}:{}", connection.label, messages.collect::<Vec<_>>().join(","))
}

#[test]
fn each_connection_has_its_messages_by_side() {
    let lines =
        ["#1", "accept ws://a/x", "#2", "open ws://a/y", "> c", "#1", "> s", "< c", ">ping 1"];
    let all = collected(&lines, None).expect("connections");
    assert_eq!(all.iter().map(shown).collect::<Vec<_>>(), ["1:1<s,2>c", "2:1>c"]);
    let one = collected(&lines, Some("/y")).expect("a connection");
    assert_eq!(one.iter().map(shown).collect::<Vec<_>>(), ["2:1>c"]);
    let again = ["open ws://a", "> a", "end self 1000 1000", "open ws://a", "> b"];
    let again = collected(&again, None).expect("connections");
    assert_eq!(again.iter().map(shown).collect::<Vec<_>>(), ["1:1>a", "2:1>b"]);
    assert_eq!((again[0].end.is_some(), again[1].end.is_some()), (true, false));
    // The recording was begun later.
    let cut = collected(&["< a"], None).expect("a connection");
    assert_eq!((shown(&cut[0]), cut[0].url.is_none()), ("1:1<a".to_owned(), true));
}

#[test]
fn what_cannot_be_compared_is_named() {
    assert_eq!(collected(&[], None).expect_err("nothing"), CollectError::None);
    let lines = vec!["open ws://a/x"; 40];
    let error = collected(&lines, Some("/y")).expect_err("none");
    let CollectError::NotFound(entry, list) = error else { panic!("{error:?}") };
    assert_eq!((&*entry, &*list[0], list.len()), ("/y", "1  ws://a/x", MAX_LISTED + 1));
    assert_eq!(list[MAX_LISTED], "… and 10 more");
    let many = vec!["open ws://a"; MAX_CONNECTIONS + 1];
    assert_eq!(collected(&many, None).expect_err("many"), CollectError::TooManyConnections);
}

#[test]
fn memory_is_bounded() {
    let (selector, ignore) = (Selector::Only, Ignore::default());
    let mut collector = Collector::new(Collecting { selector, ignore, control: false });
    collector.left = 100;
    let long = format!("> {}", "a".repeat(90));
    for event in events(&["open ws://a", &long, &long, "> b"]) {
        assert!(collector.push(event).is_continue());
    }
    let connections = collector.finish().expect("a connection");
    let items = &connections[0].items;
    assert_eq!(items.iter().map(|it| it.data.len()).collect::<Vec<_>>(), [90, 64, 1]);
    assert_eq!(items.iter().map(|it| it.size).collect::<Vec<_>>(), [90, 90, 1]);
    assert!(items[1].content().is_none() && items[2].content().is_some());
    assert_eq!(items[0].print, items[1].print);
}

#[test]
fn the_path_is_what_environments_have_in_common() {
    for (url, path) in [
        ("wss://a.example:443/x/y?token=1", "/x/y"),
        ("ws://a", ""),
        ("ws://a/", "/"),
        ("ws://a?b=/c", ""),
        ("", ""),
        ("://", ""),
    ] {
        let line = format!("open {url}");
        let connections = collected(&[&line], None).expect("a connection");
        assert_eq!(connections[0].path(), path, "{url}");
    }
}

#[test]
fn handshakes_and_ends_have_a_limit() {
    let long = "a".repeat(MAX_DETAILS / 2);
    let open = format!("open ws://a/{long}");
    let end = format!("end self 1000 1000 {long}");
    for lines in [[&*open, &*open], [&*open, &*end]] {
        let error = collected(&lines, None).expect_err("too much");
        assert_eq!(error, CollectError::TooLarge);
    }
    assert_eq!(collected(&[&open, "open ws://b"], Some("ws://b")).expect("one").len(), 1);
    let error = collected(&[&open, &open], Some("2.2")).expect_err("none");
    let CollectError::NotFound(_, list) = error else { panic!("{error:?}") };
    assert!(list[0].ends_with("aaa…") && list[0].chars().count() == MAX_URL + 4, "{list:?}");
}
