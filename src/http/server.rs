//! Connections: accepted until told to stop, and closed when no request comes.
//!
//! axum's own `serve` waits for a header for ever.

use std::{sync::Arc, time::Duration};

use axum::{Router, http::Request, serve::Listener};
use hyper::{
    body::Incoming,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

use super::peer::Peer;

/// How many connections there may be at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;
/// How long a client may take to read something of its answer.
const WRITE_WAIT: Duration = Duration::from_secs(30);
/// How long a connection may take to send the header of its next request.
pub const HEADER_WAIT: Duration = Duration::from_secs(30);

/// Serves until `closing`, then finishes the requests under way. Cancel safe: connections that are
/// left then go on by themselves.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    closing: CancellationToken,
    header_wait: Duration,
) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let service = TowerToHyperService::new(router);
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, _)) = tokio::select! {
            accepted = accepted => accepted,
            () = closing.cancelled() => break,
        };
        let peer = Peer::of(&stream);
        // Who does not read is cut off; hyper sees to those who do not send.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_WAIT));
        let stream = Box::pin(stream);
        let (service, closing) = (service.clone(), closing.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            service.call(request)
        });
        connections.spawn(async move {
            // It would wait for the version of the protocol for ever, too.
            let mut builder = Builder::new(TokioExecutor::new()).http1_only();
            builder
                .http1()
                .timer(TokioTimer::new())
                .header_read_timeout(header_wait);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = &mut connection => ended,
                () = closing.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            drop(place);
            if let Err(error) = ended {
                debug!(error = %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}
