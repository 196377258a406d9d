//! A node behind its HTTP server: from the first connection to the last.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow};
use tokio::{
    net::TcpListener,
    runtime::{self, Handle, Runtime},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    graphql::{Api, Lane},
    http::{self, Site},
    telemetry,
};

use super::Node;

/// How long a stop waits for open connections before; those with a command are answered after it, too.
const HANG_UP: Duration = Duration::from_secs(5);

/// The threads for dear requests. They end with what is left on them, as a runtime must not within
/// another one.
struct Threads(Option<Runtime>);

impl Threads {
    fn new() -> std::io::Result<Self> {
        let mut threads = runtime::Builder::new_multi_thread();
        threads.worker_threads(Lane::threads()).thread_name("dear");
        Ok(Self(Some(threads.enable_all().build()?)))
    }

    fn handle(&self) -> Handle {
        let threads = self.0.as_ref();
        threads.map_or_else(Handle::current, |threads| threads.handle().clone())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

/// Serves a node over HTTP until `stop`, then finishes what is under way; calls `greet` once the node
/// is ready for callers.
///
/// # Errors
/// If the node dies, or its projection or server fails while stopping.
pub async fn serve(
    mut node: Node,
    listener: TcpListener,
    stop: CancellationToken,
    greet: impl FnOnce() + Send,
) -> Result<()> {
    let threads = Threads::new().context("no threads could be made")?;
    node.services.lane = Lane::on(threads.handle());
    let site = Site {
        api: Arc::new(Api::new(node.services.clone())),
        services: node.services.clone(),
        started: tokio::time::Instant::now(),
        health: node.health(),
        metrics: telemetry::metrics(crate::metrics::describe)
            .context("metrics could not be set up")?,
        hosts: Arc::new(node.hosts.clone()),
    };
    let (metrics, token) = (site.metrics.clone(), node.stop.clone());
    node.tasks.spawn(async move {
        let keeping_up = telemetry::keep_up(&metrics);
        token.run_until_cancelled(keeping_up).await;
        Ok(())
    });
    let closing = CancellationToken::new();
    let token = closing.clone();
    let router = if node.roles.api {
        http::router(site)
    } else {
        http::operations(site)
    };
    let server = http::serve(listener, router, token, http::HEADER_WAIT);
    let mut server = std::pin::pin!(server);
    let died = tokio::select! {
        () = stop.cancelled() => None,
        error = greet_and_watch(&mut node, greet) => Some(error),
        () = &mut server => Some(anyhow!("the HTTP server ended before its time")),
    };
    if let Some(error) = died {
        // Nothing more can be answered rightly: end at once, whatever waits.
        node.stop.cancel();
        node.services.log.close().await;
        return Err(error);
    }
    info!("stopping");
    closing.cancel();
    if tokio::time::timeout(HANG_UP, server).await.is_err() {
        warn!("connections were still open when the server stopped");
    }
    node.stop().await
}

/// Resolves with the reason when the node dies.
async fn greet_and_watch(node: &mut Node, greet: impl FnOnce()) -> anyhow::Error {
    match node.ready().await {
        Ok(()) => {
            greet();
            node.died().await
        }
        // Halted, not dead: what was projected can be read, and readiness says so.
        Err(_) if node.services.projection.borrow().is_halted => node.died().await,
        Err(error) => error,
    }
}

/// Binds the address to listen at.
///
/// # Errors
/// If it is not an address, or is in use; says which and what to do.
pub async fn bind(address: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen at {address}; choose another address with --listen HOST:PORT")
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
