//! The settings file: TOML, one key for each setting.

use std::{collections::BTreeMap, path::Path};

use clap::Arg;
use toml::de::{DeTable, DeValue};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    path: String,
    values: BTreeMap<String, Value>,
    /// What is wrong with it, each with the line and the key.
    pub(super) faults: Vec<String>,
}

#[derive(Debug)]
struct Value {
    text: String,
    line: usize,
}

impl SettingsFile {
    /// Reads a file that may hold any of `settings`.
    pub(super) fn read(path: &Path, settings: &[Arg]) -> Self {
        let mut file = Self {
            path: path.display().to_string(),
            ..Self::default()
        };
        match std::fs::read_to_string(path) {
            Ok(text) => file.parse(&text, settings),
            Err(error) => file
                .faults
                .push(format!("--config: {} cannot be read: {error}", file.path)),
        }
        file
    }

    fn parse(&mut self, text: &str, settings: &[Arg]) {
        let line = |offset: usize| text[..offset].matches('\n').count() + 1;
        let mut faults = Vec::new();
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = line(error.span().map_or(0, |span| span.start));
            faults.push((line, format!("not TOML: {}", error.message())));
        }
        for (key, value) in table.get_ref() {
            let (line, key) = (line(key.span().start), key.get_ref());
            let read = match settings.iter().find(|arg| arg.get_id().as_str() == key) {
                Some(setting) => text_of(value.get_ref(), setting),
                None => Err(unknown(key, settings)),
            };
            match read {
                Ok(text) => {
                    self.values.insert(key.to_string(), Value { text, line });
                }
                Err(fault) => faults.push((line, format!("{key}: {fault}"))),
            }
        }
        faults.sort();
        let located = faults.iter();
        let located = located.map(|(line, fault)| format!("{}:{line}: {fault}", self.path));
        self.faults.extend(located);
    }

    /// The value of a setting.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.text.as_str())
    }

    /// Where it stands: file and line.
    pub(super) fn place(&self, key: &str) -> Option<String> {
        let line = self.values.get(key)?.line;
        Some(format!("{}:{line}", self.path))
    }
}

/// Whether a setting is a number: its default is one.
pub(super) fn is_number(setting: &Arg) -> bool {
    let default = setting.get_default_values().first();
    default.is_some_and(|text| text.to_string_lossy().parse::<u64>().is_ok())
}

/// A value as the command line would have it.
fn text_of(value: &DeValue<'_>, setting: &Arg) -> Result<String, String> {
    let takes_value = setting.get_action().takes_values();
    match value {
        DeValue::Boolean(value) if !takes_value => Ok(value.to_string()),
        DeValue::Integer(value) if is_number(setting) => Ok(value.as_str().to_owned()),
        DeValue::String(value) if takes_value && !is_number(setting) => Ok(value.to_string()),
        other => {
            let wanted = if !takes_value {
                "true or false"
            } else if is_number(setting) {
                "a number"
            } else {
                "a text in quotes"
            };
            Err(format!("is of type {}; write {wanted}", other.type_str()))
        }
    }
}

fn unknown(key: &str, settings: &[Arg]) -> String {
    let names = settings.iter().map(|arg| arg.get_id().as_str());
    let near = |name: &&str| strsim::normalized_damerau_levenshtein(key, name);
    match names.max_by(|a, b| near(a).total_cmp(&near(b))) {
        Some(name) if near(&name) > 0.6 => {
            format!("no setting has this name; did you mean {name}?")
        }
        _ => "no setting has this name; `foaf config` lists them".to_owned(),
    }
}
