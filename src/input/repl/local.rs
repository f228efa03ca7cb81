//! Commands that a prompt carries out itself, without the connection: they are about what was shown, and how.

mod display;
mod grep;
mod messages;
mod record;
mod scenario;

use super::context::PromptContext;
use super::parsed::Parsed;
use super::words::SlashCommand;
use crate::input::{Action, Show};
pub(super) use messages::chosen;
pub(super) use scenario::SCENARIO;

/// These commands.
pub(super) static LOCAL_COMMANDS: [SlashCommand; 12] = [
    messages::FULL,
    messages::AGAIN,
    messages::SAVE,
    messages::COPY,
    grep::GREP,
    record::RECORD,
    display::FILTER,
    display::MUTE,
    display::PAUSE,
    display::RESUME,
    display::TIME,
    display::NUMBERS,
];

/// Whether a command sends something.
pub(super) fn sends(command: &SlashCommand) -> bool {
    command.name == messages::AGAIN.name
}

/// Carries out the command with this name; `None`: it is not one of these.
pub(super) fn execute(
    name: &str,
    argument: &str,
    context: &PromptContext,
) -> Option<Result<Parsed<Action>, String>> {
    let (view, argument) = (&*context.view, argument.trim());
    let ready = |action: Result<Action, String>| action.map(Parsed::Ready);
    Some(match name {
        "full" => messages::full(argument, context),
        "again" => ready(messages::again(argument, view)),
        "save" => ready(messages::save(argument, view)),
        "copy" => ready(messages::copy(argument, view)),
        "grep" => grep::grep(argument, context),
        "record" => ready(record::record(argument, context)),
        "scenario" => scenario::scenario(argument, context),
        "filter" => ready(display::filter(argument, context)),
        "mute" => ready(display::mute(argument, context)),
        "pause" => ready(display::pause(argument, view)),
        "resume" => ready(display::resume(argument, view)),
        "time" => ready(display::time(argument, view)),
        "numbers" => ready(display::numbers(argument, view)),
        _ => return None,
    })
}

/// Shows lines of text.
fn text(text: impl Into<String>) -> Action {
    Action::Show(Show::Text(text.into()))
}
