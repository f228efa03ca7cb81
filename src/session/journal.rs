//! Tells the outputs what happens, with the time of it.

use crate::event::{Clock, Event, EventKind, Stamp};
use crate::output::Outputs;
use crate::protocol::MessageKind;

/// The outputs of a run and its clock.
pub struct Journal<'a> {
    outputs: &'a mut Outputs,
    clock: Clock,
    now: Stamp,
    connection: Option<u64>,
}

impl<'a> Journal<'a> {
    /// Tells `outputs` by this clock.
    pub fn new(outputs: &'a mut Outputs, clock: Clock) -> Self {
        Self { outputs, clock, now: clock.now(), connection: None }
    }

    /// Marks all events as those of connection `number`.
    pub fn for_connection(mut self, number: u64) -> Self {
        self.connection = Some(number);
        self
    }

    /// The same journal for a while.
    pub fn again(&mut self) -> Journal<'_> {
        Journal { outputs: self.outputs, ..*self }
    }

    /// Takes the time. All that one read brings has happened at the same moment.
    pub fn tick(&mut self) {
        self.now = self.clock.now();
    }

    /// Tells all outputs of what happens at this moment.
    pub fn emit_now(&mut self, what: EventKind<'_>) {
        self.tick();
        self.emit(what);
    }

    /// Tells all outputs.
    pub fn emit(&mut self, what: EventKind<'_>) {
        self.outputs.event(&Event { at: self.now, connection: self.connection, what });
    }

    /// Whether an output has something to say about a message of ours.
    #[inline]
    pub fn shows_sent(&self, kind: MessageKind) -> bool {
        self.outputs.show_sent(kind)
    }

    /// The outputs.
    pub fn outputs(&mut self) -> &mut Outputs {
        self.outputs
    }

    /// Whether so much is waiting that nothing should be added.
    pub fn is_backed_up(&self) -> bool {
        self.outputs.are_backed_up()
    }
}
