//! The command line: parsing and printing only. Each subcommand is a file.

mod demo;
mod import;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::{graphql, telemetry};

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
    // Described where it stands: a comment here would take the place of its long help.
    Import(import::Import),
    /// Print the GraphQL schema
    Schema,
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
        let ended = runtime.block_on(dispatch(cli.command));
        // What must end well was waited for; a question to a server that is gone is not.
        runtime.shutdown_background();
        ended
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
