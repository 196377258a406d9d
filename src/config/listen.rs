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
    /// The address, and the names of the service.
    ///
    /// # Errors
    /// What is no address, and which is no name.
    pub fn parse(&self) -> Result<(&str, Hosts), ConfigErrors> {
        let mut faults = Vec::new();
        if let Err(error) = self.listen.to_socket_addrs() {
            faults.push(format!(
                "--listen: {:?} is not HOST:PORT ({error}); write 127.0.0.1:8080, say",
                self.listen
            ));
        }
        match Hosts::parse(&self.hosts) {
            Ok(hosts) if faults.is_empty() => return Ok((&self.listen, hosts)),
            Ok(_) => {}
            Err(fault) => faults.push(format!("--hosts: {fault}")),
        }
        Err(ConfigErrors(faults))
    }
}
