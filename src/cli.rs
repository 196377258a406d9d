//! The command line: parsing and printing only. Each subcommand is a file.

mod config;
mod control;
mod demo;
mod export;
mod generate;
mod health;
mod history;
mod import;
mod progress;
mod rebuild;
mod serve;
mod verify;

use std::{ffi::OsString, process::ExitCode};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{
        ConfigErrors, KafkaArgs, LimitArgs, ListenArgs, Loaded, LogArgs, LogUrl, Logs, StoreArgs,
        table,
    },
    graphql, metrics, telemetry,
};

/// The subcommand whose arguments are the settings; the others take some of them.
const SETTINGS_OF: &str = "serve";

/// A friend-of-a-friend service: GraphQL mutations become events in a log, the log becomes a graph,
/// and GraphQL queries ask the graph who knows whom.
///
/// New here? `foaf demo` starts with an example graph and needs nothing else.
#[derive(Debug, Parser)]
#[command(name = "foaf", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    logs: LogArgs,

    /// A TOML file with settings; `foaf.toml` in the working directory, if there is one and this is left
    /// out. Flags and environment variables go before it.
    #[arg(long, global = true, env = "FOAF_CONFIG", value_name = "FILE")]
    config: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the GraphQL API and the playground
    Serve(serve::Serve),
    /// Serve an example graph (Les Misérables) from a temporary folder
    Demo(demo::Demo),
    // Described where it stands: a comment here would take the place of its long help.
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
    Config(config::Config),
    Health(health::Health),
    /// Print the GraphQL schema
    Schema,
}

/// Which log to read: what a command takes that neither writes nor needs a graph. It works beside a
/// running service.
#[derive(Debug, Args)]
struct ReadArgs {
    /// The event log: `sqlite:FOLDER` or `kafka://HOST[:PORT][/TOPIC]`.
    #[arg(
        long,
        env = "FOAF_LOG",
        value_name = "URL",
        default_value = "sqlite:./foaf-data"
    )]
    log: String,

    #[command(flatten)]
    kafka: KafkaArgs,
}

impl ReadArgs {
    fn parse(&self) -> Result<LogUrl, ConfigErrors> {
        let mut log = LogUrl::parse(&self.log)
            .map_err(|fault| ConfigErrors(vec![format!("--log: {fault}")]))?;
        let own = self.kafka.parse().map_err(ConfigErrors)?;
        if let LogUrl::Kafka { security, .. } = &mut log {
            *security = own;
        }
        Ok(log)
    }
}

/// Runs a command line to its end.
#[must_use]
pub fn run(arguments: &[OsString]) -> ExitCode {
    let loaded = match Loaded::read(Cli::command(), SETTINGS_OF, arguments) {
        Ok(loaded) => loaded,
        Err(usage) => {
            for fault in usage.file_faults {
                eprintln!("foaf: {fault}");
            }
            usage.error.exit()
        }
    };
    match parse(&loaded).and_then(|(cli, logs)| start(cli, &logs, &loaded)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("foaf: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The settings of the README, as a table.
#[must_use]
pub fn settings_table() -> String {
    table(&Cli::command(), SETTINGS_OF)
}

/// The command line, if every setting is right.
fn parse(loaded: &Loaded) -> anyhow::Result<(Cli, Logs)> {
    let mut faults = loaded.file_faults();
    faults.extend(loaded.faults_of(|stores: &StoreArgs| stores.parse().map(drop)));
    faults.extend(loaded.faults_of(|listen: &ListenArgs| listen.parse().map(drop)));
    faults.extend(loaded.faults_of(|limits: &LimitArgs| limits.parse().map(drop)));
    faults.extend(loaded.faults_of(|logs: &LogArgs| logs.parse().map(drop)));
    if !faults.is_empty() {
        return Err(ConfigErrors(faults).into());
    }
    let cli = Cli::from_arg_matches(loaded.matches())?;
    let logs = cli.logs.parse()?;
    Ok((cli, logs))
}

fn start(cli: Cli, logs: &Logs, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    telemetry::start_logs(logs.is_json, &logs.filter);
    telemetry::metrics(metrics::describe)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(dispatch(cli.command, loaded));
    // What must end well was waited for; a question to a server that is gone is not.
    runtime.shutdown_background();
    ended
}

async fn dispatch(command: Command, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run(stop_signal()?).await,
        Command::Demo(demo) => demo.run(stop_signal()?).await,
        Command::Import(import) => import.run(stop_signal()?).await,
        Command::Export(export) => export.run(stop_signal()?).await,
        Command::Generate(generate) => generate.run().await,
        Command::History(history) => history.run().await,
        Command::Verify(verify) => Ok(verify.run(stop_signal()?).await),
        Command::Rebuild(rebuild) => rebuild.run(stop_signal()?).await,
        Command::Config(_) => {
            print!("{}", loaded.in_force());
            Ok(ExitCode::SUCCESS)
        }
        Command::Health(health) => health.run().await,
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
    // SIGXFSZ: a file that may not grow any further is an error of the write, not the end of us.
    drop(signal(SignalKind::from_raw(25))?);
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
