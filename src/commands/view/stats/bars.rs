//! A histogram in characters.

use unicode_width::UnicodeWidthStr;

use super::time;
use crate::output::human::grouped;
use crate::output::style::{Role, Style};
use crate::recording::stats::Histogram;

/// The most rows.
const MAX_ROWS: usize = 12;

/// The least columns before the bars: "≤ 500 ms ".
const LABEL: usize = 11;

/// The longest bar.
const MAX_BAR: usize = 40;

/// A row for each range of times from the shortest to the longest.
pub(super) fn bars(times: &Histogram, style: Style, columns: usize) -> String {
    let rows = rows(times);
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let digits = grouped(most).len();
    let label = |limit: u64| format!("≤ {}", time(limit));
    let lead = rows.iter().map(|(limit, _)| label(*limit).width()).fold(LABEL, usize::max);
    let width = columns.saturating_sub(lead + digits + 2).clamp(1, MAX_BAR);
    let row = |(limit, count): &(u64, u64)| {
        let label = style.paint(Role::Dim, &format!("{:>lead$}", label(*limit)));
        let bar = bar(*count, most, width);
        format!("{label} {bar:<width$} {:>digits$}\n", grouped(*count))
    };
    rows.iter().map(row).collect()
}

/// The upper limits of ranges in microseconds, and how many times are in each: 1, 2, 5, 10, 20 …, or powers of ten if
/// these are too many.
fn rows(times: &Histogram) -> Vec<(u64, u64)> {
    let rows = ranges(times, &[1, 2, 5]);
    if rows.len() <= MAX_ROWS { rows } else { ranges(times, &[1]) }
}

fn ranges(times: &Histogram, steps: &[u64]) -> Vec<(u64, u64)> {
    let decades = std::iter::successors(Some(1u64), |decade| decade.checked_mul(10));
    let limits = decades.flat_map(|at| steps.iter().filter_map(move |step| at.checked_mul(*step)));
    let (mut rows, mut below) = (Vec::new(), 0);
    for limit in limits.chain([u64::MAX]) {
        let up_to = times.up_to(limit);
        if up_to > 0 {
            rows.push((limit, up_to - below));
        }
        if up_to == times.count() {
            break;
        }
        below = up_to;
    }
    rows
}

/// A bar of this share of the width, in eighths of a column. What is not nothing is seen.
fn bar(count: u64, most: u64, width: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    if count == 0 {
        return String::new();
    }
    let share = count as f64 / most as f64 * width as f64 * 8.0;
    let eighths = (share.round() as usize).max(1);
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bars_begin_in_one_column() {
        let mut times = Histogram::default();
        for micros in [900_000, 100_000_000, 3_000_000_000] {
            times.add(micros);
        }
        let text = bars(&times, Style::plain(), 60);
        let starts: Vec<_> = text.lines().filter_map(|line| line.find(['█', '▏'])).collect();
        assert!(text.contains("≤ 1 min 40 s "), "{text}");
        assert!(starts.len() == 3 && starts.iter().all(|it| *it == starts[0]), "{text}");
    }
}
