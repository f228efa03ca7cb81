//! Loading of the files that lines name.

use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mio::Waker;

use super::NextLine;
use super::parsed::FileRequest;
use crate::input::{Action, Show};
use crate::platform::files::Background;

/// The problem with a file that the end of the session does not wait for any longer.
const UNREAD: &str = "the file was not sent: it was not read to its end within --close-timeout";

/// The time that a line that ends the session waits for a file before that is shown.
const SHOW_WAITING_AFTER: Duration = Duration::from_millis(300);

/// Shown then.
const WAITING: &str = "waiting for the file before it to be read; Ctrl-C to leave at once";

/// Loads the file that the last line named, in a thread. Later lines wait until it is loaded.
#[derive(Debug)]
pub(in crate::input) struct FileLoader<T> {
    thread: Option<Background<Result<T, String>>>,
    /// Ends when the file is not waited for any longer, because a later line ends the session.
    limit: Option<Background<()>>,
    /// Ends when it has to be shown that a later line waits.
    notice: Option<Background<()>>,
}

impl<T> Default for FileLoader<T> {
    fn default() -> Self {
        Self { thread: None, limit: None, notice: None }
    }
}

impl<T: Send + 'static> FileLoader<T> {
    /// Starts to load a file; `waker` announces its end.
    ///
    /// # Errors
    /// When the system refuses a thread, in words.
    pub(in crate::input) fn start(
        &mut self,
        file: FileRequest<T>,
        waker: &Arc<Waker>,
    ) -> Result<(), String> {
        let thread = Background::start(Some(Arc::clone(waker)), || file.load());
        self.thread = Some(thread.map_err(|error| error.to_string())?);
        (self.limit, self.notice) = (None, None);
        Ok(())
    }

    /// A line that ends the session waits for the file: from the first call on, for this long at most.
    pub(in crate::input) fn limit(&mut self, limit: Duration, waker: &Arc<Waker>) {
        if self.thread.is_some() && self.limit.is_none() {
            let after = |time| {
                let waker = Some(Arc::clone(waker));
                Background::start(waker, move || thread::sleep(time)).ok()
            };
            self.limit = after(limit);
            self.notice = after(SHOW_WAITING_AFTER);
        }
    }

    /// Whether it has to be shown now that a later line waits.
    fn take_notice(&mut self) -> bool {
        let is_over = |notice: &mut Background<()>| !matches!(notice.poll(), Ok(None));
        self.notice.take_if(is_over).is_some()
    }

    fn is_too_late(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| !matches!(limit.poll(), Ok(None)))
    }

    /// Whether a file is being loaded, or was loaded and not taken.
    #[inline]
    pub(in crate::input) fn is_loading(&self) -> bool {
        self.thread.is_some()
    }

    /// What was made of the file, once it is loaded; why it cannot be sent, in words. `None` if there is none.
    pub(in crate::input) fn poll(&mut self) -> Option<Poll<Result<T, String>>> {
        let loaded = self.thread.as_ref()?.poll();
        let Some(loaded) = loaded.unwrap_or_else(|error| Some(Err(error.to_string()))) else {
            if !self.is_too_late() {
                return Some(Poll::Pending);
            }
            self.thread = None;
            return Some(Poll::Ready(Err(UNREAD.to_owned())));
        };
        self.thread = None;
        Some(Poll::Ready(loaded))
    }

    /// Drops the file. Returns how many there were.
    pub(in crate::input) fn cancel(&mut self) -> u64 {
        u64::from(self.thread.take().is_some())
    }
}

impl<T: From<Action> + Send + 'static> FileLoader<T> {
    /// As [`FileLoader::start`]: the line to go on with.
    pub(in crate::input) fn start_line(
        &mut self,
        file: FileRequest<T>,
        waker: &Arc<Waker>,
    ) -> NextLine<T> {
        match self.start(file, waker) {
            Ok(()) => NextLine::Pending,
            Err(problem) => NextLine::Line(Action::problem(problem).into()),
        }
    }

    /// As [`FileLoader::poll`]: the line to go on with.
    pub(in crate::input) fn poll_line(&mut self) -> Option<NextLine<T>> {
        Some(match self.poll()? {
            Poll::Pending if self.take_notice() => {
                NextLine::Line(Action::Show(Show::Text(WAITING.to_owned())).into())
            }
            Poll::Pending => NextLine::Pending,
            Poll::Ready(Ok(line)) => NextLine::Line(line),
            Poll::Ready(Err(problem)) => NextLine::Line(Action::problem(problem).into()),
        })
    }
}
