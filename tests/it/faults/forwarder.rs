//! A port that is passed on to a server, and can be cut and restored: for the program the server is
//! gone, while other tests go on with it.

use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

pub(super) struct Forwarder {
    pub(super) port: u16,
    server: Arc<str>,
    /// Who listens, while it is not cut.
    listening: JoinSet<()>,
}

impl Forwarder {
    /// A port where nobody listens yet.
    pub(super) async fn cut_off_from(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self {
            port: listener.local_addr().expect("bound").port(),
            server: server.into(),
            listening: JoinSet::new(),
        }
    }

    /// Passes on what comes from now on.
    pub(super) async fn restore(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await;
        let listener = listener.expect("the port is free");
        let server = self.server.clone();
        self.listening.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let server = server.clone();
                connections.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(&*server).await {
                        // It fails when either side is gone.
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
    }

    /// Ends every connection, and takes no more.
    pub(super) async fn cut(&mut self) {
        self.listening.shutdown().await;
    }
}
