//! Rows of the table, and the figures in them.

use std::time::Duration;

pub(crate) fn row(what: &str, figure: &str) {
    println!("| {what} | {figure} |");
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The value that so large a part of `times`, which must not be empty, does not exceed.
pub(crate) fn percentile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize]
}

pub(crate) fn percentiles(times: &mut [Duration]) -> String {
    let (half, most) = (percentile(times, 0.5), percentile(times, 0.99));
    format!("p50 {:.2} ms, p99 {:.2} ms", ms(half), ms(most))
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
