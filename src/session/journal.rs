//! Emits events to the outputs, with their time.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::event::{Clock, Event, EventKind, Stamp, Transit};
use crate::output::Outputs;
use crate::protocol::MessageKind;

/// The outputs of a run and its clock.
pub struct Journal<'a> {
    outputs: &'a mut Outputs,
    clock: Clock,
    now: Stamp,
    connection: Option<u64>,
    /// Events have the number only if this is set.
    are_several: Option<&'a AtomicBool>,
    is_in_transit: bool,
}

impl<'a> Journal<'a> {
    /// Emits events to `outputs` with the time of `clock`.
    pub fn new(outputs: &'a mut Outputs, clock: Clock) -> Self {
        let now = clock.now();
        Self { outputs, clock, now, connection: None, are_several: None, is_in_transit: false }
    }

    /// Marks all events as those of connection `number`.
    pub fn for_connection(mut self, number: u64) -> Self {
        self.connection = Some(number);
        self
    }

    /// Marks all events as those of connection `number` while there are several.
    pub fn for_one_of_several(self, number: u64, are_several: &'a AtomicBool) -> Self {
        Self { connection: Some(number), are_several: Some(are_several), ..self }
    }

    /// Marks all events as those of a connection between two other endpoints.
    pub fn in_transit(self) -> Self {
        Self { is_in_transit: true, ..self }
    }

    /// The same journal, borrowed.
    pub fn reborrow(&mut self) -> Journal<'_> {
        Journal { outputs: self.outputs, ..*self }
    }

    /// Takes the time. All events of one read have the same time.
    pub fn tick(&mut self) {
        self.now = self.clock.now();
    }

    /// A wait is over: events may follow. See [`Outputs::announce`].
    pub fn wake(&mut self) {
        self.tick();
        self.outputs.announce(self.now.elapsed);
    }

    /// Emits an event that happens now.
    pub fn emit_now(&mut self, what: EventKind<'_>) {
        self.tick();
        self.emit(what);
    }

    /// Records an event that happens now, and shows it nowhere.
    pub fn record_now(&mut self, what: EventKind<'_>) {
        self.tick();
        let event = self.event(what);
        self.outputs.record_only(&event);
    }

    /// Emits an event with the time that was taken last.
    // Inlined into the loop over messages: an event that is copied just after it was made waits for its parts to be stored.
    #[inline(always)]
    pub fn emit(&mut self, what: EventKind<'_>) {
        let event = self.event(what);
        self.outputs.event(&event);
    }

    /// Emits an event about what was not just passed on, with the time that was taken last.
    pub fn emit_in_transit(&mut self, transit: Transit<'_>, what: EventKind<'_>) {
        let event = Event { transit: Some(transit), ..self.event(what) };
        self.outputs.event(&event);
    }

    #[inline(always)]
    fn event<'e>(&self, what: EventKind<'e>) -> Event<'e> {
        let is_marked = self.are_several.is_none_or(|several| several.load(Ordering::Relaxed));
        let connection = self.connection.filter(|_| is_marked);
        let transit = self.is_in_transit.then(Transit::default);
        Event { at: self.now, connection, mark: None, transit, what }
    }

    /// Whether an output shows messages that we send.
    #[inline]
    pub fn shows_sent(&self, kind: MessageKind) -> bool {
        self.outputs.show_sent(kind)
    }

    /// The command whose filters hide this: `filter` or `mute`.
    pub fn hidden_by(&self, what: &EventKind<'_>) -> Option<&'static str> {
        self.outputs.hidden_by(self.connection, what)
    }

    /// The outputs.
    pub fn outputs(&mut self) -> &mut Outputs {
        self.outputs
    }

    /// Whether so much of what we sent is waiting that nothing more should be sent.
    pub fn holds_up_sending(&self) -> bool {
        self.outputs.hold_up_sending()
    }

    /// Whether more is waiting than should be.
    pub fn is_backed_up(&self) -> bool {
        self.outputs.are_backed_up()
    }
}
