//! The control socket: how another process asks the one that serves to check or rebuild its graph.
//!
//! A Unix domain socket that only its owner can use. One request is one line of JSON, the answer a line
//! for each step and a last one. Must never do two things at once.

mod desk;
mod wire;

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::verify::{Show, Step};

pub use desk::Desk;
use wire::Line;
pub use wire::{Answer, Request};

/// The longest request.
const MAX_REQUEST: u64 = 4_096;

/// A socket that is listened at.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens at a path. What a process left there that is gone is removed.
    ///
    /// # Errors
    /// If another process listens there, or no socket can be made.
    pub async fn bind(path: &Path) -> Result<Self> {
        match UnixStream::connect(path).await {
            Ok(_) => bail!("another process listens at {}", path.display()),
            Err(fault) if fault.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Answers until `stop`.
    pub async fn serve(self, desk: Arc<Desk>, stop: CancellationToken) {
        let mut callers = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = callers.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        callers.spawn(attend(stream, desk.clone()));
                    }
                    Err(fault) => warn!(error = %fault, "a caller of the control socket was lost"),
                },
            }
        }
        // Who waits sees the connection end.
        callers.shutdown().await;
        if let Err(fault) = fs::remove_file(&self.path) {
            warn!(error = %fault, "the control socket could not be removed");
        }
    }
}

/// Sees one caller through; who goes away has the work given up.
async fn attend(stream: UnixStream, desk: Arc<Desk>) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut request = String::new();
    if (&mut reader)
        .take(MAX_REQUEST)
        .read_line(&mut request)
        .await
        .is_err()
    {
        return;
    }
    let (steps, mut shown) = mpsc::channel(16);
    let show = move |step: Step| {
        // A caller who reads slowly misses some.
        let _ = steps.try_send(step);
    };
    let work = async {
        let request = wire::request(&request)?;
        desk.answer(request, &show).await
    };
    let mut work = std::pin::pin!(work);
    let mut gone = [0];
    let last = loop {
        tokio::select! {
            result = &mut work => break Line::last(result),
            Some(step) = shown.recv() => {
                if writer.write_all(&wire::line(&Line::step(step))).await.is_err() {
                    return;
                }
            }
            _ = reader.read(&mut gone) => return,
        }
    };
    // Who went away needs no answer.
    let _ = writer.write_all(&wire::line(&last)).await;
}

/// Asks whoever listens at a path; `None` if nobody does.
///
/// # Errors
/// If it could not be done; says what the other process says.
pub async fn ask(path: &Path, request: Request, show: Show<'_>) -> Result<Option<Answer>> {
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(fault)
            if [ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&fault.kind()) =>
        {
            return Ok(None);
        }
        Err(fault) => return Err(fault).with_context(|| format!("{}", path.display())),
    };
    let (reader, mut writer) = stream.into_split();
    writer.write_all(&wire::line(&request)).await?;
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        match wire::answer(&line)? {
            Line::Step { stage, done, of } => show(Step {
                stage: stage.into(),
                done,
                of,
            }),
            Line::Done(answer) => return Ok(Some(answer)),
            Line::Failed { reason } => bail!(reason),
        }
    }
    bail!("the process that serves ended before it had answered")
}
