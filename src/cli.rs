//! The command line: parsing and printing only. Each subcommand is a file.

mod control;
mod demo;
mod export;
mod generate;
mod history;
mod import;
mod progress;
mod rebuild;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{ConfigErrors, LogUrl},
    graphql, telemetry,
};

/// A friend-of-a-friend service: GraphQL mutations become events in a log, the log becomes a graph,
/// and GraphQL queries ask the graph who knows whom.
///
/// New here? `foaf demo` starts with an example graph and needs nothing else.
#[derive(Debug, Parser)]
#[command(name = "foaf", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the GraphQL API and the playground
    Serve(serve::Serve),
    /// Serve an example graph (Les Misérables) from a temporary folder
    Demo(demo::Demo),
    /// Import people and friendships from files
    Import(import::Import),
    /// Export the log, or the people and friendships of now, to files
    Export(export::Export),
    /// Generate a synthetic social graph, as files or straight into a log
    Generate(generate::Generate),
    /// Tell what happened to a user, when, by whom and by which command
    History(history::History),
    /// Compare the graph with the log, and mend what differs
    Verify(verify::Verify),
    /// Make the graph anew from the log
    Rebuild(rebuild::Rebuild),
    /// Print the GraphQL schema
    Schema,
}

/// Which log to read: what a command takes that neither writes nor needs a graph. It works beside a
/// running service.
#[derive(Debug, Args)]
struct LogArgs {
    /// The event log: `sqlite:FOLDER` or `kafka://HOST:PORT/TOPIC`.
    #[arg(
        long,
        env = "FOAF_LOG",
        value_name = "URL",
        default_value = "sqlite:./foaf-data"
    )]
    log: String,
}

impl LogArgs {
    fn parse(&self) -> Result<LogUrl, ConfigErrors> {
        let fault = |fault| ConfigErrors(vec![format!("--log: {fault}")]);
        LogUrl::parse(&self.log).map_err(fault)
    }
}

/// Runs a command line to its end.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        telemetry::start_logs();
        telemetry::metrics()?;
        runtime.block_on(dispatch(cli.command))
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("foaf: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run(stop_signal()?).await,
        Command::Demo(demo) => demo.run(stop_signal()?).await,
        Command::Import(import) => import.run(stop_signal()?).await,
        Command::Export(export) => export.run(stop_signal()?).await,
        Command::Generate(generate) => generate.run().await,
        Command::History(history) => history.run().await,
        Command::Verify(verify) => Ok(verify.run(stop_signal()?).await),
        Command::Rebuild(rebuild) => rebuild.run(stop_signal()?).await,
        Command::Schema => {
            print!("{}", graphql::sdl());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Cancelled by SIGTERM or ctrl-C.
#[expect(clippy::disallowed_methods, reason = "it ends with the process")]
fn stop_signal() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    });
    Ok(stop)
}
