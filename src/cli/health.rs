//! `foaf health`.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::config::ListenArgs;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// The most that is read of it.
const MAX_ANSWER: u64 = 16 * 1024;

/// Ask a running foaf whether it is ready.
///
/// Asks the one that listens at `--listen`, and prints what it says. The exit code is 0 if it is ready for
/// callers, else 1: for the health check of a container, which needs no other program then.
#[derive(Debug, Args)]
pub(super) struct Health {
    #[command(flatten)]
    listen: ListenArgs,
}

impl Health {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let (place, _) = self.listen.parse()?;
        let answer = timeout(PATIENCE, ask(place))
            .await
            .with_context(|| format!("{place} does not answer within {PATIENCE:?}"))?
            .with_context(|| format!("{place} does not answer"))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        println!("{body}");
        Ok(if head.split(' ').nth(1) == Some("200") {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

async fn ask(place: &str) -> std::io::Result<String> {
    let found = lookup_host(place).await?.next();
    let mut address: SocketAddr = found.ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    // Who listens at every address listens at this one too.
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /health/ready HTTP/1.0\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer).await?;
    Ok(answer)
}
