//! Connections that send nothing, or half of something.

use std::time::Duration;

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::logs::soon;

/// A connection on which this was sent.
async fn send(address: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let sent = stream.write_all(text.as_bytes()).await;
    sent.expect("it can be sent");
    stream
}

#[tokio::test]
async fn whoever_sends_no_request_is_hung_up_on() {
    let (listener, address) = foaf::app::bind("127.0.0.1:0").await.expect("a free port");
    let address = address.to_string();
    let closing = CancellationToken::new();
    let router = Router::new().route("/", get(async || "here"));
    let wait = Duration::from_millis(200);
    let server = foaf::http::serve(listener, router, closing.clone(), wait);
    let clients = async {
        for text in [
            "",
            "GET / HT",
            "GET / HTTP/1.1\r\nhost: x\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        ] {
            let mut stream = send(&address, text).await;
            let mut answer = Vec::new();
            // Closed, whether politely or not.
            let _ = stream.read_to_end(&mut answer).await;
            let is_whole = text.ends_with("\r\n\r\n");
            assert_eq!(
                String::from_utf8_lossy(&answer).ends_with("here"),
                is_whole,
                "{text:?}"
            );
        }
        let _silent = send(&address, "").await;
        let _half = send(&address, "GET /").await;
        closing.cancel();
        std::future::pending::<()>().await;
    };
    soon(async {
        tokio::select! {
            () = server => {}
            () = clients => {}
        }
    })
    .await;
}
