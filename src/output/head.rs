//! The header lines of a head for people.

use super::escape::{Newlines, escape, escape_bytes};
use super::style::{Role, Style};
use crate::event::HeadView;
use crate::event::head_view::HeadLine;

/// The lines after the start line, each after `arrow`.
pub fn head_lines(head: &HeadView, arrow: &str, style: Style) -> String {
    let mut text = String::new();
    for line in head.lines() {
        text += &match line {
            HeadLine::Field(name, value) => {
                let name = style.paint(Role::HeaderName, &escape(name, Newlines::Escape));
                format!("{arrow} {name}: {}\n", escape_bytes(value, Newlines::Escape))
            }
            HeadLine::Malformed(line) => {
                let line = escape_bytes(line, Newlines::Escape);
                format!("{arrow} {}\n", style.paint(Role::Error, &line))
            }
        };
    }
    text
}
