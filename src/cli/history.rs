//! `foaf history`.

use std::{
    io::{BufWriter, Write},
    process::ExitCode,
};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde::Serialize;

use crate::{
    app,
    domain::{EdgeKind, Event, Handle, Name, Profile},
    event_log::record::{command_text, time_text, type_of},
    graphql,
    history::{self, Happening, Person, Who},
};

use super::ReadArgs;

/// Tell what happened to a user, the newest last.
///
/// Each line tells when (log time), at which position, who acted, what happened, which friendships,
/// requests and blocks of the user began or ended with it, and by whom and which command it was
/// caused. People have the handles and names that they had then. It reads the log from its
/// beginning, also beside a running service.
///
/// With --json each line is an object: position, time, type, actor, command, record, subject (who acted,
/// or whom it is about), profile (where it changed), ties (kind, change, from, to, other).
#[derive(Debug, Args)]
pub(super) struct History {
    /// A handle, a UUID or a global id. A handle means who holds it now, or held it last.
    #[arg(value_name = "USER", env = "FOAF_HISTORY_USER")]
    user: String,

    /// Print JSON lines.
    #[arg(long, env = "FOAF_HISTORY_JSON")]
    json: bool,

    #[command(flatten)]
    log: ReadArgs,
}

impl History {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let url = self.log.parse()?;
        let who = who(&self.user)?;
        let log = app::open_log_to_read(&url).await?;
        let history = history::history(&*log, &who).await?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut print = || -> std::io::Result<()> {
            for happening in &history.happenings {
                if self.json {
                    serde_json::to_writer(&mut out, &Line::of(happening))?;
                    writeln!(out)?;
                } else {
                    writeln!(out, "{}", text(happening))?;
                }
            }
            out.flush()
        };
        print().context("the history cannot be printed")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn who(user: &str) -> Result<Who> {
    // Other forms of a UUID are handles too.
    let uuid = || (user.len() == 36).then(|| user.parse().ok()).flatten();
    if let Some(id) = uuid().or_else(|| graphql::parse_user_id(user)) {
        return Ok(Who::Id(id));
    }
    let handle = Handle::parse(user);
    handle.map(Who::Handle).map_err(|refusal| {
        anyhow!(
            "{user:?} is no user: {}; or name one by UUID or global id",
            refusal.message()
        )
    })
}

/// `foaf.user.profile-updated.v1` becomes "user profile updated".
fn text(happening: &Happening) -> String {
    let kind = type_of(&happening.event);
    let words = kind.trim_start_matches("foaf.").trim_end_matches(".v1");
    let mut what = vec![words.replace(['.', '-'], " ")];
    for tie in &happening.ties {
        let change = if tie.began { "began" } else { "ended" };
        what.push(format!("{} {} {change}", tie.relation(), name(&tie.other)));
    }
    format!(
        "{}  {:>6}  {}: {}  [{}, command {}]",
        time_text(happening.at.time),
        happening.at.position,
        name(&happening.subject),
        what.join(", "),
        happening.actor,
        command_text(happening.command)
    )
}

fn name(person: &Person) -> String {
    let profile = &person.profile;
    format!("{} ({})", profile.handle.as_str(), profile.full_name())
}

/// An event as people and programs may rely on it.
#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    time: String,
    r#type: &'static str,
    actor: &'a str,
    command: String,
    record: String,
    subject: PersonLine<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileLine<'a>>,
    ties: Vec<TieLine<'a>>,
}

#[derive(Serialize)]
struct PersonLine<'a> {
    uuid: String,
    #[serde(flatten)]
    profile: ProfileLine<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProfileLine<'a> {
    handle: &'a str,
    first_name: &'a str,
    last_name: Option<&'a str>,
}

#[derive(Serialize)]
struct TieLine<'a> {
    kind: &'static str,
    change: &'static str,
    from: String,
    to: String,
    other: PersonLine<'a>,
}

impl<'a> Line<'a> {
    fn of(happening: &'a Happening) -> Self {
        let profile = match &happening.event {
            Event::UserRegistered { profile, .. } | Event::ProfileUpdated { profile, .. } => {
                Some(ProfileLine::of(profile))
            }
            Event::StateChanged { .. } | Event::PairChanged { .. } => None,
        };
        let ties = happening.ties.iter().map(|tie| TieLine {
            kind: match tie.edge.kind {
                EdgeKind::Friend => "FRIEND",
                EdgeKind::Requested => "REQUESTED",
                EdgeKind::Blocked => "BLOCKED",
            },
            change: if tie.began { "BEGAN" } else { "ENDED" },
            from: tie.edge.from.to_string(),
            to: tie.edge.to.to_string(),
            other: PersonLine::of(&tie.other),
        });
        Self {
            position: happening.at.position,
            time: time_text(happening.at.time),
            r#type: type_of(&happening.event),
            actor: &happening.actor,
            command: command_text(happening.command),
            record: happening.record.0.to_string(),
            subject: PersonLine::of(&happening.subject),
            profile,
            ties: ties.collect(),
        }
    }
}

impl<'a> PersonLine<'a> {
    fn of(person: &'a Person) -> Self {
        Self {
            uuid: person.id.to_string(),
            profile: ProfileLine::of(&person.profile),
        }
    }
}

impl<'a> ProfileLine<'a> {
    fn of(profile: &'a Profile) -> Self {
        Self {
            handle: profile.handle.as_str(),
            first_name: profile.first_name.as_str(),
            last_name: profile.last_name.as_ref().map(Name::as_str),
        }
    }
}
