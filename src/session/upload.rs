//! A file that is sent while it is read. Until its last byte was passed to the connection no other action is
//! taken; receiving continues.

use super::Session;
use super::resend::Tracked;
use super::sender::ActionOrigin;
use crate::event::{EventKind, FileSent, Level};
use crate::input::file::{FileMessage, FileStream, Piece};
use crate::input::{Action, InputError};
use crate::protocol::Header;
use crate::protocol::vocabulary::{Direction, FrameEvent, Misuse, Part};

/// A file that is being sent.
#[derive(Debug)]
pub(super) struct Upload {
    file: FileMessage,
    stream: FileStream,
    origin: ActionOrigin,
    typed: bool,
    /// Of the frame, once it was begun.
    header: Option<Header>,
}

/// How much of the frame is shown with `-vvv`, in bytes.
const SHOWN: usize = 4 << 10;

impl Session<'_> {
    /// Starts a thread that reads the file. [`Session::continue_upload`] sends it.
    pub(super) fn start_upload(&mut self, file: FileMessage, origin: ActionOrigin, typed: bool) {
        match FileStream::start(&file, self.reactor.waker()) {
            Ok(stream) => {
                self.outgoing.upload = Some(Upload { file, stream, origin, typed, header: None });
            }
            Err(error) => self.refuse(&format!("{}: {error}", file.name), typed),
        }
    }

    /// Sends more of the file: `None` if there is none, else whether more can be sent without waiting.
    pub(super) fn continue_upload(&mut self) -> Option<bool> {
        let upload = self.outgoing.upload.as_ref()?;
        let (is_begun, piece) = (upload.header.is_some(), upload.stream.poll());
        self.discard_if_failed();
        // Before the frame was begun: the connection is closing. After that: the frame was taken back, or the
        // transport has failed.
        let goes_on =
            if is_begun { self.connection.is_inside_frame() } else { self.connection.is_open() };
        if !goes_on {
            self.end_upload();
            return Some(true);
        }
        let Some(piece) = piece else { return Some(false) };
        match piece {
            Piece::First { length, bytes } => self.begin_upload(length, &bytes),
            Piece::Next(bytes) => self.push(&bytes),
            Piece::Failed(error) => self.fail_upload(&error.to_string()),
        }
        Some(true)
    }

    fn begin_upload(&mut self, length: u64, bytes: &[u8]) {
        let Some(upload) = &mut self.outgoing.upload else { return };
        let start = self.connection.unwritten();
        match self.connection.begin_frame(upload.file.kind, length) {
            Ok(header) => {
                upload.header = Some(header);
                if upload.origin == ActionOrigin::Input {
                    let action = Action::File(upload.file.clone());
                    self.sender().track(start, Tracked::Input(action));
                }
                self.report_frame(header, bytes);
                self.push(bytes);
            }
            Err(Misuse::Closing) => self.end_upload(),
            Err(misuse) => self.fail_upload(&misuse.to_string()),
        }
    }

    fn report_frame(&mut self, header: Header, bytes: &[u8]) {
        if !self.connection.observes_frames() {
            return;
        }
        let message = self.connection.sent_counters().messages + 1;
        self.sender().report(EventKind::Frame(&FrameEvent {
            direction: Direction::Sent,
            header,
            payload: &bytes[..bytes.len().min(SHOWN)],
            has_payload: true,
            part: Some(Part { message, fragment: 1, compressed: false, is_final_block: false }),
            plain: None,
            plain_size: None,
            raw: false,
        }));
    }

    fn push(&mut self, bytes: &[u8]) {
        self.connection.push_payload(bytes);
        if self.connection.is_inside_frame() {
            return;
        }
        let Some(Upload { file, header: Some(header), .. }) = self.outgoing.upload.take() else {
            return;
        };
        self.traffic.on_send(self.connection.received_counters().messages);
        self.traffic.on_action(self.clock.event_time());
        self.sender().report(EventKind::FileSent(&FileSent {
            kind: file.kind,
            path: &file.path.to_string_lossy(),
            size: header.length,
            wire_size: header.wire_size(),
        }));
    }

    /// After a frame that cannot be completed, TCP can only be ended inside it.
    fn fail_upload(&mut self, reason: &str) {
        let Some(upload) = self.outgoing.upload.take() else { return };
        let problem = format!("{}: {reason}", upload.file.name);
        if upload.header.is_none() {
            return self.refuse(&problem, upload.typed);
        }
        self.outgoing.clear_presets();
        self.input.fail(InputError::Refused(problem));
        self.connection.abandon();
    }

    /// Gives up the file that is being sent, if there is one. The next connection, if there is one, sends it
    /// from the beginning.
    pub(super) fn end_upload(&mut self) {
        let Some(Upload { file, origin, header, .. }) = self.outgoing.upload.take() else { return };
        match &mut self.outgoing.resend {
            // A frame that was begun is tracked.
            Some(resend) if origin == ActionOrigin::Input && header.is_none() => {
                resend.put_back(Action::File(file));
            }
            Some(_) if origin == ActionOrigin::Input => {}
            _ => {
                let text = match header {
                    None => format!("not sent: {}", file.name),
                    Some(header) => {
                        format!("sent only in part: {} ({} bytes)", file.name, header.length)
                    }
                };
                self.journal.emit(EventKind::Notice(Level::Warning, &text));
            }
        }
    }
}
