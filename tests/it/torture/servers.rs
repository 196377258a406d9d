//! A Kafka and a Neo4j of a test's own: it may stop, kill and restart them while other tests go on
//! with theirs.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{program::text, roles::Place};

pub(super) const KAFKA: &str = "kafka";
pub(super) const NEO4J: &str = "neo4j";

pub(super) struct Servers {
    folder: PathBuf,
    /// Two runs of the tests in one folder take turns.
    _turn: File,
}

impl Servers {
    /// Starts both, empty.
    pub(super) fn start() -> (Self, Place) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers");
        fs::create_dir_all(&folder).expect("a folder");
        let turn = File::create(folder.join("turn")).expect("a file");
        turn.lock().expect("it can be locked");
        let servers = Self {
            folder,
            _turn: turn,
        };
        // Of a run that was killed.
        servers.remove();
        servers.share_jars();
        let said = servers.up();
        let url = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.expect("scripts/stack names it").to_owned()
        };
        let place = Place {
            log: url("FOAF_TEST_KAFKA=") + "/torture",
            graph: url("FOAF_TEST_NEO4J="),
        };
        (servers, place)
    }

    /// Starts what does not run, and waits until it answers.
    pub(super) fn up(&self) -> String {
        let output = self.stack(&["up"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Stops one as an operator does.
    pub(super) fn stop(&self, server: &str) {
        let output = self.stack(&["down", server]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    pub(super) fn signal(&self, server: &str, signal: &str) {
        let output = self.stack(&["signal", signal, server]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    fn stack(&self, arguments: &[&str]) -> Output {
        let mut stack = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/stack"));
        stack.args(arguments).env("FOAF_STACK_DIR", &self.folder);
        stack.output().expect("scripts/stack starts")
    }

    /// Those of the servers that the other tests use spare fetching them again.
    fn share_jars(&self) {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/stack");
        let theirs = std::env::var_os("FOAF_STACK_DIR").map_or_else(default, PathBuf::from);
        for server in [KAFKA, NEO4J] {
            let [from, to] = [&theirs, &self.folder].map(|folder| folder.join(server).join("jars"));
            if from.is_dir() && !to.exists() {
                fs::create_dir_all(self.folder.join(server)).expect("a folder");
                std::os::unix::fs::symlink(from, to).expect("a link");
            }
        }
    }

    /// Kills them, also where they are stopped, and removes what they hold.
    fn remove(&self) {
        for server in [KAFKA, NEO4J] {
            // Mostly it fails, for there is none.
            self.stack(&["signal", "KILL", server]);
        }
        self.stack(&["down", "--wipe"]);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.remove();
    }
}
