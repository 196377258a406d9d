//! The real program as a process: what it prints, how it ends.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// Runs the program to its end.
pub(crate) fn foaf(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program starts")
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foaf"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FOAF_")) {
        command.env_remove(name);
    }
    command
}

/// A program that serves.
pub(crate) struct Serving {
    pub(crate) address: String,
    child: Child,
}

impl Serving {
    /// Starts, and waits until it has printed its address.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        let address = lines.find_map(|line| {
            let line = line.expect("text");
            let start = line.find("http://")?;
            let address = line[start..].split_whitespace().next()?;
            Some(address.to_owned())
        });
        let Some(address) = address else {
            let mut said = String::new();
            let stderr = child.stderr.as_mut().expect("piped");
            let _ = stderr.read_to_string(&mut said);
            let _ = child.kill();
            panic!("it printed no address: {said}");
        };
        // What it still prints must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        Self { address, child }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args([signal, &pid]).status();
        assert!(killed.expect("kill is there").success());
    }

    /// Waits for the end; the exit code and what it wrote to standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("piped");
        stderr.read_to_string(&mut said).expect("text");
        let status = self.child.wait().expect("it ends");
        (status.code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Ended already, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.display())
}
