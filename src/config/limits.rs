//! What one GraphQL request may ask for: settings, and the values that they have by default.
//!
//! A leaf. Each limit is checked before anything is executed; a refusal names the limit and what the
//! request reached.

use std::{num::NonZeroU32, time::Duration};

use clap::Args;

use super::{ConfigErrors, bound, milliseconds};

/// The limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest document, in bytes.
    pub document_bytes: u64,
    /// The most lexical tokens of a document, those between words included.
    pub tokens: u64,
    /// How deep fields may nest, fragments included.
    pub depth: u64,
    /// The most fields, each fragment counted wherever it is spread.
    pub fields: u64,
    /// The most aliases, counted in the same way.
    pub aliases: u64,
    /// The most directives, counted in the same way.
    pub directives: u64,
    /// The most fields at the root.
    pub root_fields: u64,
    /// The most commands of one mutation.
    pub mutations: u64,
    /// The highest price. One leaf of an answer costs 1, that is, about 10 µs of one processor.
    pub price: u64,
    /// How long a request may be executed.
    pub time: Duration,
    /// The longest answer, in bytes.
    pub answer_bytes: u64,
    /// How many requests one client may send in a second; any number, where there is none.
    pub requests_per_second: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 65_536,
            tokens: 20_000,
            depth: 24,
            fields: 4_000,
            aliases: 200,
            directives: 500,
            root_fields: 200,
            mutations: 100,
            price: 250_000,
            time: Duration::from_secs(10),
            answer_bytes: 64 << 20,
            requests_per_second: NonZeroU32::new(1_000),
        }
    }
}

/// Limits as they are written.
#[derive(Debug, Clone, Args)]
pub struct LimitArgs {
    /// The longest GraphQL document, in bytes.
    #[arg(
        long,
        env = "FOAF_MAX_DOCUMENT_BYTES",
        value_name = "BYTES",
        default_value = "65536"
    )]
    pub max_document_bytes: String,

    /// The most lexical tokens of a document, white space included.
    #[arg(
        long,
        env = "FOAF_MAX_TOKENS",
        value_name = "NUMBER",
        default_value = "20000"
    )]
    pub max_tokens: String,

    /// How deep the fields of a document may nest, fragments included.
    #[arg(
        long,
        env = "FOAF_MAX_DEPTH",
        value_name = "NUMBER",
        default_value = "24"
    )]
    pub max_depth: String,

    /// The most fields of a document, each fragment counted wherever it is spread.
    #[arg(
        long,
        env = "FOAF_MAX_FIELDS",
        value_name = "NUMBER",
        default_value = "4000"
    )]
    pub max_fields: String,

    /// The most aliases of a document, each fragment counted wherever it is spread.
    #[arg(
        long,
        env = "FOAF_MAX_ALIASES",
        value_name = "NUMBER",
        default_value = "200"
    )]
    pub max_aliases: String,

    /// The most directives of a document, each fragment counted wherever it is spread.
    #[arg(
        long,
        env = "FOAF_MAX_DIRECTIVES",
        value_name = "NUMBER",
        default_value = "500"
    )]
    pub max_directives: String,

    /// The most fields at the root of a request.
    #[arg(
        long,
        env = "FOAF_MAX_ROOT_FIELDS",
        value_name = "NUMBER",
        default_value = "200"
    )]
    pub max_root_fields: String,

    /// The most commands that one mutation may give.
    #[arg(
        long,
        env = "FOAF_MAX_MUTATIONS",
        value_name = "NUMBER",
        default_value = "100"
    )]
    pub max_mutations: String,

    /// The highest price of a request. A leaf of an answer costs 1; a walk costs 1 for every 256
    /// friendships that it may look at.
    #[arg(
        long,
        env = "FOAF_MAX_PRICE",
        value_name = "NUMBER",
        default_value = "250000"
    )]
    pub max_price: String,

    /// How long a request may be executed, in milliseconds; a command goes on, and is answered when it
    /// is decided.
    #[arg(
        long,
        env = "FOAF_REQUEST_TIMEOUT_MS",
        value_name = "MS",
        default_value = "10000"
    )]
    pub request_timeout_ms: String,

    /// The longest answer, in bytes, before it is compressed.
    #[arg(
        long,
        env = "FOAF_MAX_ANSWER_BYTES",
        value_name = "BYTES",
        default_value = "67108864"
    )]
    pub max_answer_bytes: String,

    /// How many requests a client may send in a second, and as many at once after a pause; 0 for any
    /// number. A client is known by its address; those on this machine are not counted. Behind a proxy
    /// all clients have one address: set 0, and let the proxy count.
    #[arg(
        long,
        env = "FOAF_MAX_REQUESTS_PER_SECOND",
        value_name = "NUMBER",
        default_value = "1000"
    )]
    pub max_requests_per_second: String,
}

/// The deepest documents that the program can take without running out of stack.
const MAX_DEPTH: u64 = 60;
/// Far more than any machine answers in a day, and small enough that sums of prices do not overflow.
const MAX_PRICE: u64 = 1 << 40;

impl LimitArgs {
    /// The limits, if all are right.
    ///
    /// # Errors
    /// Every fault, each with the setting and the fix.
    pub fn parse(&self) -> Result<Limits, ConfigErrors> {
        let mut faults = Vec::new();
        let mut number = |flag: &str, text: &str, most: u64| match text.parse() {
            Ok(number) if (1..=most).contains(&number) => number,
            _ => {
                faults.push(format!(
                    "--{flag}: {text:?} is not a whole number from 1 to {most}"
                ));
                0
            }
        };
        let limits = Limits {
            document_bytes: number("max-document-bytes", &self.max_document_bytes, 1 << 20),
            tokens: number("max-tokens", &self.max_tokens, 1 << 20),
            depth: number("max-depth", &self.max_depth, MAX_DEPTH),
            fields: number("max-fields", &self.max_fields, 1 << 20),
            aliases: number("max-aliases", &self.max_aliases, 1 << 20),
            directives: number("max-directives", &self.max_directives, 1 << 20),
            root_fields: number("max-root-fields", &self.max_root_fields, 1 << 20),
            mutations: number("max-mutations", &self.max_mutations, 1 << 20),
            price: number("max-price", &self.max_price, MAX_PRICE),
            answer_bytes: number("max-answer-bytes", &self.max_answer_bytes, 1 << 40),
            time: Duration::ZERO,
            requests_per_second: None,
        };
        let rate = bound(&self.max_requests_per_second, u32::MAX)
            .map(NonZeroU32::new)
            .map_err(|fault| faults.push(format!("--max-requests-per-second: {fault}")));
        let time = milliseconds(&self.request_timeout_ms, 1, 3_600_000)
            .map_err(|fault| faults.push(format!("--request-timeout-ms: {fault}")));
        match (time, rate) {
            (Ok(time), Ok(requests_per_second)) if faults.is_empty() => Ok(Limits {
                time,
                requests_per_second,
                ..limits
            }),
            _ => Err(ConfigErrors(faults)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Limits, ConfigErrors> {
        let command = LimitArgs::augment_args(clap::Command::new("foaf"));
        let matches = command.get_matches_from([&["foaf"], arguments].concat());
        LimitArgs::from_arg_matches(&matches)
            .expect("LimitArgs")
            .parse()
    }

    #[test]
    fn the_defaults_of_the_settings_are_those_of_the_type() {
        assert_eq!(parse(&[]).expect("right"), Limits::default());
    }

    #[test]
    fn every_fault_names_its_setting_and_the_bounds() {
        let faults = parse(&["--max-depth", "61", "--max-price", "0", "--max-tokens", "x"]);
        let faults = faults.expect_err("three").to_string();
        for part in [
            "--max-depth: \"61\" is not a whole number from 1 to 60",
            "--max-price: \"0\"",
            "--max-tokens: \"x\"",
        ] {
            assert!(faults.contains(part), "{faults}");
        }
    }
}
