//! The real program as a process: what it prints, how it ends.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

/// Runs the program to its end.
pub(crate) fn foaf(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program starts")
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foaf"));
    command.args(arguments);
    alone(command)
}

/// The program under a limit of the shell, such as `ulimit -f 100`.
pub(crate) fn limited(limit: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_foaf"))
        .args(arguments);
    alone(command)
}

/// Without input, and without settings from the environment.
fn alone(mut command: Command) -> Command {
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FOAF_")) {
        command.env_remove(name);
    }
    command
}

/// A program that runs, and what it says.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(command(arguments))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let (send, lines) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("piped")),
            Box::new(child.stderr.take().expect("piped")),
        ];
        for output in outputs {
            let send = send.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines();
                // It fails when nobody listens any more.
                lines
                    .map_while(Result::ok)
                    .try_for_each(|line| send.send(line))
            });
        }
        let said = String::new();
        Self { child, lines, said }
    }

    /// Waits until it says a line with this part.
    pub(crate) fn until(&mut self, part: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(Duration::from_mins(1)) else {
                panic!("it never said {part:?}, but: {}", self.said);
            };
            self.said += &line;
            self.said.push('\n');
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.id()]).status();
        assert!(killed.expect("kill is there").success());
    }

    /// Waits for the end; the exit code and everything it said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        // Both outputs end with the process.
        for line in &self.lines {
            self.said += &line;
            self.said.push('\n');
        }
        let status = self.child.wait().expect("it ends");
        (status.code(), std::mem::take(&mut self.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that serves.
pub(crate) struct Serving {
    pub(crate) address: String,
    pub(crate) process: Running,
}

impl Serving {
    /// Starts, and waits until it has printed its address.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(Running::start(arguments))
    }

    /// Waits until it has printed its address.
    pub(crate) fn of(mut process: Running) -> Self {
        let line = process.until("http://");
        let start = line.find("http://").expect("it is there");
        let address = line[start..].split_whitespace().next();
        let address = address.expect("the address").to_owned();
        Self { address, process }
    }

    pub(crate) fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// Waits for the end; the exit code and everything it said.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        self.process.end()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.display())
}
