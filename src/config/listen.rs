//! Where to listen, and by which names to be called: settings.
//!
//! A leaf.

use std::net::ToSocketAddrs;

use clap::Args;

use super::{ConfigErrors, Hosts};

/// Where to listen.
#[derive(Debug, Clone, Args)]
pub struct ListenArgs {
    /// The address to listen at; port 0 takes a free one.
    #[arg(
        long,
        env = "FOAF_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: String,

    /// The names by which it may be called, and of the sites whose pages may call it, with commas
    /// between; `*` for any. Connections to this machine itself may use its own names in any case; those
    /// from elsewhere any name, unless some are given.
    #[arg(long, env = "FOAF_HOSTS", value_name = "NAMES", default_value = "")]
    pub hosts: String,
}

impl ListenArgs {
    /// The names of the service.
    ///
    /// # Errors
    /// Which is none.
    pub fn hosts(&self) -> Result<Hosts, ConfigErrors> {
        let hosts = Hosts::parse(&self.hosts);
        hosts.map_err(|fault| ConfigErrors(vec![format!("--hosts: {fault}")]))
    }

    /// The address, if it is one.
    ///
    /// # Errors
    /// That it is none, and what one looks like.
    pub fn parse(&self) -> Result<&str, ConfigErrors> {
        self.listen
            .to_socket_addrs()
            .map_err(|error| {
                ConfigErrors(vec![format!(
                    "--listen: {:?} is not HOST:PORT ({error}); write 127.0.0.1:8080, say",
                    self.listen
                )])
            })
            .map(|_| self.listen.as_str())
    }
}
