//! Compares two recordings.
//!
//! Events become [`Connection`]s in bounded memory ([`Collector`]); [`compare`] pairs the connections and their messages
//! and gives out differences one by one; [`Human`] and [`json`] write them.

mod common;
mod compare;
mod connection;
mod difference;
mod distance;
mod heads;
mod human;
mod item;
pub mod json;
mod pairs;
mod shape;

pub use compare::{Compared, Comparing, compare};
pub use connection::{CollectError, Collecting, Collector, Connection, End};
pub use difference::{Difference, Found, Totals, ValueChange, ValueChanges};
pub use heads::HeadDifference;
pub use human::Human;
pub use item::{Item, ItemKind};
