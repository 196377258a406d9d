//! Where each value comes from: flag, environment, file, default, in this order of precedence.
//!
//! `clap` knows the settings, their names, defaults and meaning; a value of the file becomes a
//! default. So there is one list of the settings, and all that is told of them comes from it.

use std::{ffi::OsString, fmt::Write as _, path::Path};

use clap::{Arg, ArgMatches, Args, Command, parser::ValueSource};

use super::{
    ConfigErrors,
    file::{SettingsFile, is_number},
};

/// The file that is read where it exists and no other is named.
const DEFAULT_FILE: &str = "foaf.toml";

/// The argument that names the file.
const CONFIG: &str = "config";

/// A command line with its environment and its file.
#[derive(Debug)]
pub struct Loaded {
    command: Command,
    matches: ArgMatches,
    settings: Vec<Arg>,
    file: SettingsFile,
}

/// The command line asks for help, or is none.
#[derive(Debug)]
pub struct UsageError {
    /// What to print.
    pub error: clap::Error,
    /// The faults of the file; none where help was asked for.
    pub file_faults: Vec<String>,
}

impl Loaded {
    /// Reads the arguments, the environment, and the file that they name. The settings are the named
    /// arguments of `program` and of its subcommand `of`.
    ///
    /// # Errors
    /// If the arguments are not of the program, or ask for help. Faults of values and of the file are
    /// told by [`Self::file_faults`] and [`Self::faults_of`].
    pub fn read(program: Command, of: &str, arguments: &[OsString]) -> Result<Self, UsageError> {
        let settings = settings(&program, of);
        let lenient = program.clone().ignore_errors(true);
        let named = lenient.try_get_matches_from(arguments).ok();
        let named = named.and_then(|matches| matches.get_one::<String>(CONFIG).cloned());
        let file = match named {
            Some(path) => SettingsFile::read(path.as_ref(), &settings),
            None if Path::new(DEFAULT_FILE).exists() => {
                SettingsFile::read(DEFAULT_FILE.as_ref(), &settings)
            }
            None => SettingsFile::default(),
        };
        let command = with_defaults(program, &file);
        match command.clone().try_get_matches_from(arguments) {
            Ok(matches) => Ok(Self {
                command,
                matches,
                settings,
                file,
            }),
            Err(error) => {
                let file_faults = if error.use_stderr() {
                    file.faults
                } else {
                    Vec::new()
                };
                Err(UsageError { error, file_faults })
            }
        }
    }

    /// What was parsed.
    #[must_use]
    pub fn matches(&self) -> &ArgMatches {
        &self.matches
    }

    /// The faults of the file.
    #[must_use]
    pub fn file_faults(&self) -> Vec<String> {
        self.file.faults.clone()
    }

    /// The faults of a group of settings, if the subcommand takes it: each begins with the place where
    /// the value stands.
    #[must_use]
    pub fn faults_of<A: Args>(
        &self,
        check: impl Fn(&A) -> Result<(), ConfigErrors>,
    ) -> Vec<String> {
        let Some((name, matches)) = self.matches.subcommand() else {
            return Vec::new();
        };
        let taken: Vec<_> = settings(&self.command, name);
        let group = A::augment_args(Command::new("group"));
        let is_taken = |arg: &Arg| taken.iter().any(|taken| taken.get_id() == arg.get_id());
        if !group.get_arguments().all(is_taken) {
            return Vec::new();
        }
        let result = match A::from_arg_matches(matches) {
            Ok(args) => check(&args),
            Err(error) => Err(ConfigErrors(vec![error.to_string()])),
        };
        let faults = result.err().map(|errors| errors.0).unwrap_or_default();
        faults.iter().map(|fault| self.locate(fault)).collect()
    }

    /// A fault that begins with a flag, with the place of the value in its stead.
    fn locate(&self, fault: &str) -> String {
        let Some((flag, what)) = fault.split_once(": ") else {
            return fault.to_owned();
        };
        let key = flag.trim_start_matches('-').replace('-', "_");
        let setting = self
            .settings
            .iter()
            .find(|arg| arg.get_id() == key.as_str());
        match setting.map(|setting| self.origin(setting)) {
            Some(Origin::Environment(name)) => format!("{name}: {what}"),
            Some(Origin::File(place)) => format!("{place}: {key}: {what}"),
            _ => fault.to_owned(),
        }
    }

    fn origin(&self, setting: &Arg) -> Origin {
        let id = setting.get_id().as_str();
        let matches = self.matches.subcommand().map_or(&self.matches, |(_, m)| m);
        match matches.value_source(id) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Environment(env(setting)),
            _ => match self.file.place(id) {
                Some(place) => Origin::File(place),
                None => Origin::Default,
            },
        }
    }

    /// Every setting in force, as TOML, with its origin in a comment. Secrets are masked.
    #[must_use]
    pub fn in_force(&self) -> String {
        let matches = self.matches.subcommand().map_or(&self.matches, |(_, m)| m);
        let mut text = String::new();
        for setting in &self.settings {
            let id = setting.get_id().as_str();
            let raw = matches.get_raw(id).and_then(|mut values| values.next());
            let Some(value) = raw.map(|value| value.to_string_lossy()) else {
                let _ = writeln!(text, "# {id} is not set");
                continue;
            };
            let is_bare = is_number(setting) && value.parse::<u64>().is_ok();
            let value = if is_bare || !setting.get_action().takes_values() {
                value.into_owned()
            } else {
                toml::Value::String(masked(setting, &value)).to_string()
            };
            let _ = writeln!(text, "{id} = {value} # {}", self.origin(setting));
        }
        text
    }
}

/// Where a value comes from.
enum Origin {
    Flag,
    Environment(String),
    File(String),
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(place) => f.write_str(place),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The settings as a table in Markdown.
#[must_use]
pub fn table(program: &Command, of: &str) -> String {
    let mut text =
        "| flag | environment | key in the file | default | meaning |\n|---|---|---|---|---|\n"
            .to_owned();
    for setting in settings(program, of) {
        let key = setting.get_id().as_str();
        let default = setting.get_default_values().first();
        let default = default.map_or(String::new(), |value| {
            format!("`{}`", value.to_string_lossy())
        });
        let meaning = setting.get_help().map(ToString::to_string);
        let meaning = meaning.unwrap_or_default().replace('\n', " ");
        let _ = writeln!(
            text,
            "| `--{}` | `{}` | `{key}` | {default} | {} |",
            key.replace('_', "-"),
            env(&setting),
            meaning.replace('|', "\\|"),
        );
    }
    text
}

/// The named arguments of a subcommand and of its program, but for the file's own name.
fn settings(program: &Command, of: &str) -> Vec<Arg> {
    let own = program.find_subcommand(of).into_iter();
    let all = own
        .flat_map(Command::get_arguments)
        .chain(program.get_arguments());
    let mut settings: Vec<Arg> = Vec::new();
    for arg in all {
        let is_setting = arg.get_long().is_some()
            && arg.get_env().is_some()
            && arg.get_id() != CONFIG
            && settings.iter().all(|other| other.get_id() != arg.get_id());
        if is_setting {
            settings.push(arg.clone());
        }
    }
    settings
}

/// The program with the file's values as its defaults.
fn with_defaults(program: Command, file: &SettingsFile) -> Command {
    let mut command = program;
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, |sub| own_defaults(sub, file));
    }
    own_defaults(command, file)
}

fn own_defaults(command: Command, file: &SettingsFile) -> Command {
    command.mut_args(|arg| match file.value(arg.get_id().as_str()) {
        // Hidden: it may be a secret.
        Some(value) => arg.default_value(value.to_owned()).hide_default_value(true),
        None => arg,
    })
}

fn env(setting: &Arg) -> String {
    let name = setting.get_env().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A value as it may be shown: without the password of a URL, and without any of a secret.
fn masked(setting: &Arg, value: &str) -> String {
    let is_url = setting
        .get_value_names()
        .is_some_and(|names| names[0] == "URL");
    if !is_url && setting.is_hide_env_values_set() {
        return "***".to_owned();
    }
    let parts = value
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts {
        Some((scheme, (user, place))) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}:***@{place}")
        }
        None => value.to_owned(),
    }
}
