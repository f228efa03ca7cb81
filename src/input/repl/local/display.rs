//! Commands that change what is shown, and how.

use std::sync::Arc;

use super::messages::range;
use super::text;
use crate::input::Action;
use crate::input::repl::context::PromptContext;
use crate::input::repl::words::SlashCommand;
use crate::view::{DisplayFilter, Filters, Timestamps, View};

pub(super) const FILTER: SlashCommand = SlashCommand {
    name: "filter",
    arguments: "[PATTERN|off]",
    summary: "from now on show only what matches PATTERN",
};
pub(super) const MUTE: SlashCommand = SlashCommand {
    name: "mute",
    arguments: "[PATTERN|off]",
    summary: "from now on hide what matches PATTERN",
};
pub(super) const PAUSE: SlashCommand =
    SlashCommand { name: "pause", arguments: "", summary: "show no messages until /resume" };
pub(super) const RESUME: SlashCommand =
    SlashCommand { name: "resume", arguments: "", summary: "show what was held back, and go on" };
pub(super) const TIME: SlashCommand = SlashCommand {
    name: "time",
    arguments: "[off|local|utc|relative|delta]",
    summary: "show the time of each line",
};
pub(super) const NUMBERS: SlashCommand =
    SlashCommand { name: "numbers", arguments: "[on|off]", summary: "show message numbers" };

/// `/filter`: the pattern replaces the ones before.
pub(super) fn filter(argument: &str, context: &PromptContext) -> Result<Action, String> {
    match argument {
        "" => {}
        "off" => context.view.change_filters(|filters| filters.only.clear()),
        pattern => {
            let filter = parse("filter", pattern, context)?;
            context.view.change_filters(|filters| filters.only = vec![filter]);
        }
    }
    Ok(shown(&context.view))
}

/// `/mute`: the pattern is added to the ones before.
pub(super) fn mute(argument: &str, context: &PromptContext) -> Result<Action, String> {
    match argument {
        "" => {}
        "off" => context.view.change_filters(|filters| filters.mute.clear()),
        pattern => {
            let filter = parse("mute", pattern, context)?;
            context.view.change_filters(|filters| {
                filters.mute.retain(|other| other.source() != pattern);
                filters.mute.push(filter);
            });
        }
    }
    Ok(shown(&context.view))
}

fn parse(
    command: &str,
    pattern: &str,
    context: &PromptContext,
) -> Result<Arc<dyn DisplayFilter>, String> {
    (context.parse_filter)(pattern)
        .map_err(|reason| format!("/{command} {pattern}: {reason}; nothing was changed"))
}

/// Describes what is shown.
fn shown(view: &View) -> Action {
    let Filters { only, mute } = view.filters();
    let list = |filters: &[Arc<dyn DisplayFilter>]| {
        filters.iter().map(|filter| filter.source()).collect::<Vec<_>>().join(" or ")
    };
    text(match (only.is_empty(), mute.is_empty()) {
        (true, true) => "all messages are shown".to_owned(),
        (false, true) => format!("shown: {}{}", list(&only), exactness(&only)),
        (true, false) => format!("not shown: {}{}", list(&mute), exactness(&mute)),
        (false, false) => format!("shown: {}\nnot shown: {}", list(&only), list(&mute)),
    })
}

/// A reminder that a plain text has to be the whole message.
fn exactness(filters: &[Arc<dyn DisplayFilter>]) -> String {
    let is_word = |text: &str| {
        !matches!(text, "ping" | "pong")
            && text.chars().all(|c| c.is_alphanumeric() || " _-".contains(c))
    };
    let is_plain =
        |filter: &&Arc<dyn DisplayFilter>| filter.is_about_content() && is_word(filter.source());
    match filters.iter().find(is_plain) {
        Some(filter) => {
            let pattern = filter.source();
            format!(" (the whole message; /{pattern}/ finds it anywhere in a message)")
        }
        None => String::new(),
    }
}

pub(super) fn pause(argument: &str, view: &View) -> Result<Action, String> {
    no_argument("pause", argument)?;
    view.pause();
    Ok(text("the display is paused until /resume; the connection goes on"))
}

pub(super) fn resume(argument: &str, view: &View) -> Result<Action, String> {
    no_argument("resume", argument)?;
    let Some((waiting, dropped)) = view.resume(false) else {
        return Err("the display is not paused".to_owned());
    };
    let mut words = match waiting {
        0 => "resumed: no messages were held back".to_owned(),
        count => format!("resumed: {count} message{} held back", was(count)),
    };
    if dropped > 0 {
        words += &format!("; {dropped} earlier ones were dropped");
    }
    Ok(text(words))
}

fn was(count: u64) -> &'static str {
    if count == 1 { " was" } else { "s were" }
}

pub(super) fn time(argument: &str, view: &View) -> Result<Action, String> {
    let timestamps = match argument {
        "" => {
            let words = view.timestamps().map_or("off", name);
            return Ok(text(format!("times: {words}")));
        }
        "off" => None,
        "local" | "on" => Some(Timestamps::Local),
        "utc" => Some(Timestamps::Utc),
        "relative" => Some(Timestamps::Relative),
        "delta" => Some(Timestamps::Delta),
        other => {
            return Err(format!("/time takes off, local, utc, relative or delta, not {other:?}"));
        }
    };
    view.set_timestamps(timestamps);
    Ok(text(format!("times: {}", timestamps.map_or("off", name))))
}

fn name(timestamps: Timestamps) -> &'static str {
    match timestamps {
        Timestamps::Utc => "utc",
        Timestamps::Local => "local",
        Timestamps::Relative => "relative, since the start",
        Timestamps::Delta => "delta, since the line before",
    }
}

pub(super) fn numbers(argument: &str, view: &View) -> Result<Action, String> {
    let on = match argument {
        "" => !view.shows_numbers(),
        "on" => true,
        "off" => false,
        other => return Err(format!("/numbers takes on or off, not {other:?}")),
    };
    view.set_numbers(on);
    let kept = view.kept().map_or_else(String::new, |kept| format!("; kept: {}", range(kept)));
    Ok(text(format!("numbers: {}{kept}", if on { "on" } else { "off" })))
}

fn no_argument(name: &str, argument: &str) -> Result<(), String> {
    if argument.is_empty() { Ok(()) } else { Err(format!("/{name} takes no argument")) }
}
