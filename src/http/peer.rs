//! Who is at the other end of a connection.

use std::net::IpAddr;

use tokio::net::TcpStream;

/// The two ends of a connection, as each of its requests carries them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    /// The address of the client, or of what stands before it.
    pub(super) address: Option<IpAddr>,
    /// Whether it came in by an address that only this machine can reach.
    pub(super) is_to_this_machine: bool,
}

impl Peer {
    pub(super) fn of(stream: &TcpStream) -> Self {
        let is_own = |address: std::net::SocketAddr| address.ip().to_canonical().is_loopback();
        Self {
            address: stream.peer_addr().ok().map(|peer| peer.ip().to_canonical()),
            is_to_this_machine: stream.local_addr().is_ok_and(is_own),
        }
    }
}
