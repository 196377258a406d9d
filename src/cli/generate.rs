//! `foaf generate`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    config::StoreArgs,
    generate::{Person, SocialGraph},
    import::Source,
    output::Output,
};

use super::{import::import_into, stop_signal};

/// Generate a synthetic social graph, as files or straight into a log.
///
/// Most people have few friends and some have very many (a power law), friends of somebody are often friends of each
/// other, and anybody is a few steps from anybody else. One seed gives one graph, on every machine.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true))]
pub(super) struct Generate {
    /// How many users, exactly.
    #[arg(long, value_name = "N", env = "FOAF_GENERATE_USERS")]
    users: u64,

    /// How many different friendships, exactly.
    #[arg(long, value_name = "M", env = "FOAF_GENERATE_FRIENDSHIPS")]
    friendships: u64,

    /// Another seed gives another graph.
    #[arg(
        long,
        value_name = "S",
        env = "FOAF_GENERATE_SEED",
        default_value_t = 1
    )]
    seed: u64,

    /// Write users.csv and friendships.csv into this folder, for `foaf import --users … --friendships …`.
    #[arg(long, value_name = "FOLDER", env = "FOAF_GENERATE_OUT", group = "to")]
    out: Option<PathBuf>,

    /// Write an edge list, for `foaf import`; packed if the name ends in `.gz`.
    #[arg(long, value_name = "FILE", env = "FOAF_GENERATE_EDGES", group = "to")]
    edges: Option<PathBuf>,

    /// Put it straight into the log.
    #[arg(long, env = "FOAF_GENERATE_INTO_LOG", group = "to")]
    into_log: bool,

    /// Overwrite files that are there.
    #[arg(long, env = "FOAF_GENERATE_FORCE")]
    force: bool,

    #[command(flatten)]
    stores: StoreArgs,
}

impl Generate {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let stores = self.stores.parse()?;
        let grow = || SocialGraph::grow(self.users, self.friendships, self.seed);
        if self.into_log {
            return import_into(&stores, &Source::generated(grow()?), stop_signal()?).await;
        }
        if let Some(folder) = &self.out {
            fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
            let output = |name| Output::create(&folder.join(name), self.force);
            let (users, friendships) = (output("users.csv")?, output("friendships.csv")?);
            csv_files(&grow()?, users, friendships)?;
        }
        if let Some(path) = &self.edges {
            let output = Output::create(path, self.force)?;
            self.edge_list(&grow()?, output, path)?;
        }
        println!("users: {}, friendships: {}", self.users, self.friendships);
        Ok(ExitCode::SUCCESS)
    }

    fn edge_list(&self, graph: &SocialGraph, mut output: Output, path: &Path) -> Result<()> {
        let mut write = || {
            let Self {
                users,
                friendships,
                seed,
                ..
            } = self;
            writeln!(
                output,
                "# foaf generate --users {users} --friendships {friendships} --seed {seed}"
            )?;
            for (from, to) in graph.friendships() {
                writeln!(output, "{from}\t{to}")?;
            }
            std::io::Result::Ok(())
        };
        write().with_context(|| format!("{} cannot be written", path.display()))?;
        output.finish()
    }
}

fn csv_files(graph: &SocialGraph, users: Output, friendships: Output) -> Result<()> {
    let mut csv = csv::Writer::from_writer(users);
    csv.write_record(["handle", "firstName", "lastName", "uuid"])?;
    let mut handles = Vec::with_capacity(graph.users() as usize);
    for number in 0..graph.users() {
        let Person {
            uuid,
            handle,
            first_name,
            last_name,
        } = graph.person(number);
        csv.write_record([&handle, first_name, last_name, &uuid.to_string()])?;
        handles.push(handle);
    }
    finish(csv)?;
    let mut csv = csv::Writer::from_writer(friendships);
    csv.write_record(["from", "to"])?;
    for (from, to) in graph.friendships() {
        csv.write_record([&handles[from as usize], &handles[to as usize]])?;
    }
    finish(csv)
}

fn finish(csv: csv::Writer<Output>) -> Result<()> {
    let output = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
    output.finish()
}
