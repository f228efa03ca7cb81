//! Reports of data that was not delivered, as text.

use crate::session::Lost;

/// A line for each kind of loss. `on_display`: received messages are shown by the human display.
pub(super) fn texts(lost: &Lost, on_display: bool, peer_closed: bool) -> Vec<String> {
    let unread = match lost.is_slow {
        true => "standard output did not take them in time",
        false => "standard output was not read",
    };
    let received = match (lost.received, on_display) {
        (0, _) if lost.bytes > 0 && !on_display => {
            let bytes =
                if lost.bytes == 1 { "1 byte was" } else { &*format!("{} bytes were", lost.bytes) };
            Some(format!("{bytes} not written: {unread}"))
        }
        (0, _) => None,
        (count, true) => Some(format!("{} received and not shown", messages(count))),
        (count, false) => Some(format!("{} received and not written: {unread}", messages(count))),
    };
    let sent = (lost.sent > 0).then(|| {
        let why = if peer_closed { ": the peer closed before" } else { "" };
        let input = match lost.input_left {
            true => "; standard input was not read to its end",
            false => "",
        };
        format!("{} not sent{why}{input}", messages(lost.sent))
    });
    received.into_iter().chain(sent).collect()
}

fn messages(count: u64) -> String {
    match count {
        1 => "1 message was".to_owned(),
        many => format!("{many} messages were"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_loss_is_reported_on_its_own_line() {
        let lost = |received, bytes, sent| Lost { received, bytes, sent, ..Lost::default() };
        let slow = Lost { is_slow: true, ..lost(2, 9, 0) };
        let with_input_left = Lost { input_left: true, ..lost(0, 0, 2) };
        for (lost, on_display, peer_closed, expected) in [
            (lost(0, 0, 0), false, false, &[][..]),
            (lost(1, 9, 0), true, false, &["1 message was received and not shown"]),
            (
                lost(12, 9, 1),
                false,
                true,
                &[
                    "12 messages were received and not written: standard output was not read",
                    "1 message was not sent: the peer closed before",
                ],
            ),
            (
                slow,
                false,
                false,
                &[
                    "2 messages were received and not written: standard output did not take them in time",
                ],
            ),
            (lost(0, 9, 2), true, false, &["2 messages were not sent"]),
            (
                with_input_left,
                false,
                false,
                &["2 messages were not sent; standard input was not read to its end"],
            ),
            (
                lost(0, 9, 0),
                false,
                false,
                &["9 bytes were not written: standard output was not read"],
            ),
        ] {
            assert_eq!(texts(&lost, on_display, peer_closed), expected);
        }
    }
}
