use super::*;
use crate::protocol::head::parse_request;

/// A GET request, to which this was received in answer.
fn answered(response: &[u8]) -> Progress {
    let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let (line, parsed) = parse_request(head).unwrap().expect("a whole head");
    let mut progress = Progress::new(Outbound {
        head: head.to_vec(),
        method: "GET".to_owned(),
        body: Transfer::request(&line, &parsed).unwrap(),
        early: Vec::new(),
        opens_websocket: false,
        answer_by: None,
    })
    .unwrap();
    progress.take_response(response);
    progress
}

const PART: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf";

fn lost() -> LostParts {
    LostParts { response: Lost { certain: 5, possible: 0 }, ..LostParts::default() }
}

/// The client takes nothing, so that it is still to be written when the run ends.
#[test]
fn a_response_that_was_cut_off_before_the_end_of_the_run_stays_so() {
    let mut progress = answered(PART);
    progress.server_ended(TransportEnd::Eof);
    match progress.end_of_run(lost()) {
        Exchanged::CutOff(response, CutOff::Server(TransportEnd::Eof), lost) => {
            assert_eq!((response.line.status, lost.certain), (200, 5));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_response_of_which_more_is_to_come_is_cut_by_the_end_of_the_run() {
    match answered(PART).end_of_run(lost()) {
        Exchanged::Ending(Some(response), lost) => {
            assert_eq!((response.line.status, lost.response.certain), (200, 5));
        }
        other => panic!("{other:?}"),
    }
}

/// An answer of the proxy cannot follow a part of an interim response.
#[test]
fn behind_a_part_of_an_interim_response_there_is_no_other() {
    let mut progress = answered(b"HTTP/1.1 103 Early Hints\r\n\r\n");
    progress.server_ended(TransportEnd::Eof);
    let ended = progress.end_of_run(LostParts::default());
    assert!(matches!(&ended, Exchanged::Unanswered(failed) if failed.is_cut), "{ended:?}");
}
