//! A page that only shows.

use wscope::page::{Control, ControlState, HeldMessage, Payload, RuleText, Target};
use wscope::protocol::Side;
use wscope::protocol::close::ClosePayload;

/// Refuses everything.
pub(crate) struct NoControl;

fn refused<T>() -> Result<T, String> {
    Err("there is nothing to act on".to_owned())
}

impl Control for NoControl {
    fn send(&mut self, _: Option<u64>, _: Side, _: Payload) -> Result<(), String> {
        refused()
    }

    fn close(&mut self, _: Option<u64>, _: Target, _: ClosePayload) -> Result<(), String> {
        refused()
    }

    fn hold(&mut self, _: bool) -> Result<(), String> {
        refused()
    }

    fn held(&mut self, _: usize) -> Result<Vec<HeldMessage>, String> {
        refused()
    }

    fn held_payload(&mut self, _: u64) -> Result<Payload, String> {
        refused()
    }

    fn release(&mut self, _: Option<u64>, _: bool) -> Result<(), String> {
        refused()
    }

    fn edit(&mut self, _: u64, _: Payload) -> Result<(), String> {
        refused()
    }

    fn rules(&mut self) -> Result<Vec<RuleText>, String> {
        refused()
    }

    fn add_rule(&mut self, _: &str) -> Result<(), String> {
        refused()
    }

    fn remove_rule(&mut self, _: u64) -> Result<(), String> {
        refused()
    }

    fn state(&self) -> ControlState {
        ControlState::default()
    }
}
