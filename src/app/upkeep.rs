//! How a node's graph is looked after while it serves: the control socket, and the check in the
//! background.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};

use super::{Node, empty_graph};
use crate::{
    control::{Desk, Socket},
    verify::watch::Watch,
};

/// How a node lets its graph be looked after.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upkeep {
    /// Where another process can ask it to check or rebuild its graph.
    pub control: Option<PathBuf>,
    /// How often it checks its graph by itself.
    pub verify_every: Option<Duration>,
}

impl Node {
    /// Looks after the graph from now on.
    ///
    /// # Errors
    /// If the control socket cannot be made.
    pub async fn attend(&mut self, upkeep: Upkeep) -> Result<()> {
        let log = self.services.log.clone();
        if let Some(path) = upkeep.control {
            let bound = Socket::bind(&path).await;
            let socket = bound.with_context(|| {
                format!(
                    "no control socket can be made at {}; choose another place with --control PATH",
                    path.display()
                )
            })?;
            let differences = self.differences.clone();
            let desk = Desk::new(log.clone(), self.graph.clone(), empty_graph, differences);
            let token = self.stop.clone();
            self.tasks.spawn(async move {
                socket.serve(Arc::new(desk), token).await;
                Ok(())
            });
        }
        if let Some(every) = upkeep.verify_every {
            let watch = Watch {
                log,
                replay: self.services.replay.clone(),
                graph: self.graph.clone(),
                empty: empty_graph,
                differences: self.differences.clone(),
            };
            let token = self.stop.clone();
            self.tasks.spawn(async move {
                watch.run(every, token).await;
                Ok(())
            });
        }
        Ok(())
    }
}
