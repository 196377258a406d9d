//! The control socket: how another process asks the one that serves to check or rebuild its graph.
//!
//! A Unix domain socket that only its owner can use. One request is one line of JSON, the answer a line
//! for each step and a last one. Must never do two things at once.

mod desk;
mod wire;

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Interest},
    net::{UnixListener, UnixSocket, UnixStream, unix::OwnedWriteHalf},
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

/// The longest path that the system takes for a socket, in bytes.
pub const MAX_PATH: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

/// How many callers may wait to be accepted.
const BACKLOG: u32 = 64;

/// How long to wait after a caller could not be accepted: the reason seldom goes away at once.
const PAUSE: Duration = Duration::from_secs(1);

/// How often to look whether a caller is still there who has nothing more to say.
const LOOK: Duration = Duration::from_millis(250);

/// A socket that is listened at.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Which file it is.
    file: (u64, u64),
}

/// Whether the system takes such a path for a socket.
///
/// # Errors
/// The limit, and what to do.
pub fn check_path(path: &Path) -> Result<()> {
    let bytes = path.as_os_str().as_bytes().len();
    if bytes > MAX_PATH {
        bail!(
            "the path {} has {bytes} bytes, and the most is {MAX_PATH} for a socket: name a shorter one with --control PATH",
            path.display()
        );
    }
    Ok(())
}

impl Socket {
    /// Listens at a path. A socket that a process left there which is gone is removed, and nothing
    /// else is.
    ///
    /// # Errors
    /// If something else is there, another process listens there, or no socket can be made.
    pub async fn bind(path: &Path) -> Result<Self> {
        check_path(path)?;
        match UnixStream::connect(path).await {
            Ok(_) => bail!("another process listens at {}", path.display()),
            // So does the system answer for a file, too.
            Err(fault) if fault.kind() == ErrorKind::ConnectionRefused => {
                if !fs::symlink_metadata(path)?.file_type().is_socket() {
                    bail!("{} is there, and is no socket", path.display());
                }
                fs::remove_file(path)?;
            }
            Err(_) => {}
        }
        let socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
        let ready = || {
            // Before anybody can connect, which is from `listen` on.
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok::<_, io::Error>((socket.listen(BACKLOG)?, identity(path)?))
        };
        let made = ready().inspect_err(|_| drop(fs::remove_file(path)));
        let (listener, file) = made?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file,
        })
    }

    /// Answers until `stop`.
    pub async fn serve(self, desk: Arc<Desk>, stop: CancellationToken) {
        let mut callers = JoinSet::new();
        let accept = || self.listener.accept();
        let mut is_failing = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = callers.join_next() => {}
                (stream, _) = patiently(accept, &mut is_failing) => {
                    callers.spawn(attend(stream, desk.clone()));
                }
            }
        }
        // Who waits sees the connection end.
        callers.shutdown().await;
        // Somebody may have put something else there.
        match identity(&self.path) {
            Ok(found) if found == self.file => {
                if let Err(fault) = fs::remove_file(&self.path) {
                    warn!(error = %fault, "the control socket could not be removed");
                }
            }
            _ => warn!("the control socket is not in its place any more"),
        }
    }
}

/// Which file stands at a path.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// The next caller. While none can be accepted it says so once, and tries again now and then. Cancel
/// safe, for `is_failing` is kept by who asks.
async fn patiently<T, F: Future<Output = io::Result<T>>>(
    accept: impl Fn() -> F,
    is_failing: &mut bool,
) -> T {
    loop {
        match accept().await {
            Ok(accepted) => {
                *is_failing = false;
                return accepted;
            }
            Err(fault) => {
                if !*is_failing {
                    warn!(error = %fault, "no caller of the control socket can be accepted");
                }
                *is_failing = true;
                tokio::time::sleep(PAUSE).await;
            }
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
    let last = loop {
        tokio::select! {
            result = &mut work => break Line::last(result),
            Some(step) = shown.recv() => {
                if writer.write_all(&wire::line(&Line::step(step))).await.is_err() {
                    return;
                }
            }
            () = gone(&mut reader, &writer) => return,
        }
    };
    // Who went away needs no answer.
    let _ = writer.write_all(&wire::line(&last)).await;
}

/// Resolves when a caller has gone. One who only has nothing more to say is still there.
async fn gone(reader: &mut (impl AsyncRead + Unpin), writer: &OwnedWriteHalf) {
    let mut more = [0; 64];
    // What more is said is passed over.
    while matches!(reader.read(&mut more).await, Ok(1..)) {}
    loop {
        match writer.ready(Interest::WRITABLE).await {
            Ok(ready) if !ready.is_write_closed() => tokio::time::sleep(LOOK).await,
            _ => return,
        }
    }
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_cannot_accept_waits_before_the_next_try() {
        let tries = Cell::new(0);
        let accept = || async {
            tries.set(tries.get() + 1);
            if tries.get() <= 10 {
                return Err(io::Error::from(ErrorKind::Other));
            }
            Ok(tries.get())
        };
        let start = tokio::time::Instant::now();
        let mut is_failing = false;
        assert_eq!(patiently(accept, &mut is_failing).await, 11);
        assert_eq!(start.elapsed(), 10 * PAUSE);
        assert!(!is_failing);
    }
}
