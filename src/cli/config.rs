//! `foaf config`.

use clap::Args;

use super::serve::Serve;

/// Print the settings in force, and where each comes from.
///
/// The output is a settings file: each line ends with the origin of its value (a flag, an environment
/// variable, the line of a file, or the default). Secrets are masked. The exit code is 1 if a setting
/// is wrong.
#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(flatten)]
    _settings: Serve,
}
