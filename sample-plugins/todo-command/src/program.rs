//! One run of the program: killed with the call, with all that it has started.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use bulkhead_plugin::{Call, Error, Level, log};
use serde_json::json;

use crate::keeper;

/// What a program prints beyond this is no list of todos.
const MOST_OUTPUT: u64 = 4 << 20;
const LONGEST_LINE: u64 = 8 << 10;
/// Of stderr, in an error.
const TAIL: usize = 20;

const LOOK: Duration = Duration::from_millis(20);
const REPORT: Duration = Duration::from_secs(1);

/// The program's file: a path, or a name that is looked up in PATH.
pub fn find(program: &str) -> Result<PathBuf, Error> {
    let missing = |why: &str| {
        Error::named("program_missing", format!("the program {program:?} {why}"))
            .with_data(json!({ "code": "program_missing", "program": program }))
    };
    if program.contains('/') {
        let path = PathBuf::from(program);
        return match is_executable(&path) {
            true => Ok(path),
            false if path.exists() => Err(missing("is not executable")),
            false => Err(missing("is not there")),
        };
    }
    let places = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&places)
        .map(|place| place.join(program))
        .find(|path| is_executable(path))
        .ok_or_else(|| missing("is in none of the directories of PATH"))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

enum Heard {
    Ended(io::Result<i32>),
    Printed(io::Result<Vec<u8>>),
    Complained(Vec<String>),
}

/// What the program printed.
pub fn run(call: &Call, path: &Path, arguments: &[String], seconds: u32) -> Result<Vec<u8>, Error> {
    let timeout = Duration::from_secs(seconds.into());
    let started = Instant::now();
    let running = Running::start(path, arguments)?;
    let (mut ended, mut printed, mut complained) = (None, None, None);
    let mut reported = started;
    while ended.is_none() || printed.is_none() || complained.is_none() {
        match running.heard.recv_timeout(LOOK) {
            Ok(Heard::Ended(status)) => ended = Some(status?),
            Ok(Heard::Printed(bytes)) => printed = Some(bytes?),
            Ok(Heard::Complained(lines)) => complained = Some(lines),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::internal("the program was lost")),
        }
        // Leaving drops what runs, and that kills it.
        call.check()?;
        if printed.as_ref().is_some_and(|bytes| bytes.len() as u64 > MOST_OUTPUT) {
            return Err(Error::named(
                "output_invalid",
                format!("it printed more than {MOST_OUTPUT} bytes, and was killed"),
            ));
        }
        if started.elapsed() >= timeout {
            let message = format!("{} ran for {seconds} s, and was killed", path.display());
            return Err(Error::named("program_timeout", message));
        }
        if reported.elapsed() >= REPORT {
            reported = Instant::now();
            call.progress("the program runs", started.elapsed().as_secs(), u64::from(seconds));
        }
    }
    match ended {
        Some(0) => Ok(printed.unwrap_or_default()),
        status => {
            let (status, stderr) = (status.unwrap_or_default(), complained.unwrap_or_default());
            let last = stderr.last().map(|line| format!(": {line}")).unwrap_or_default();
            let message = format!("{} ended with status {status}{last}", path.display());
            let data = json!({ "code": "program_failed", "status": status, "stderr": stderr });
            Err(Error::named("program_failed", message).with_data(data))
        }
    }
}

/// The keeper and, in its process group, the program. Dropping it kills all of them.
struct Running {
    group: u32,
    heard: Receiver<Heard>,
    /// When it closes, because this process has ended in whatever way, the keeper kills the group.
    _alive: Option<ChildStdin>,
    /// Until it is dropped the keeper is not reaped: nobody else can have its number, and the group's, before.
    _unreaped: Sender<()>,
}

impl Running {
    fn start(path: &Path, arguments: &[String]) -> Result<Self, Error> {
        let mut command = Command::new(own_executable()?);
        command.arg(keeper::FLAG).arg(path).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut keeper = command.spawn()?;
        let (tell, heard) = channel();
        let (unreaped, reap) = channel::<()>();
        if let Some(stdout) = keeper.stdout.take() {
            let tell = tell.clone();
            thread::spawn(move || tell.send(Heard::Printed(printed(stdout))));
        }
        if let Some(stderr) = keeper.stderr.take() {
            let tell = tell.clone();
            thread::spawn(move || tell.send(Heard::Complained(complained(stderr))));
        }
        let running = Self { group: keeper.id(), heard, _alive: keeper.stdin.take(), _unreaped: unreaped };
        thread::spawn(move || {
            let status = end(&mut keeper);
            let _ = tell.send(Heard::Ended(status));
            let _ = reap.recv();
            let _ = keeper.wait();
        });
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        kill_group(self.group);
    }
}

/// Waits for the keeper's end, which is the program's. What that has left running in the background goes along: it would
/// hold the pipes open.
#[cfg(unix)]
fn end(keeper: &mut Child) -> io::Result<i32> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let pid = Pid::from_child(keeper);
    let status = loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?,
        }
    };
    kill_group(keeper.id());
    let killed = |signal| keeper::BY_SIGNAL + signal;
    Ok(status
        .and_then(|status| status.exit_status().or_else(|| status.terminating_signal().map(killed)))
        .unwrap_or(keeper::BY_SIGNAL))
}

#[cfg(not(unix))]
fn end(keeper: &mut Child) -> io::Result<i32> {
    Ok(keeper.wait()?.code().unwrap_or(keeper::BY_SIGNAL))
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // When all of it has gone already, there is nothing to kill.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The keeper alone, by its pipe.
#[cfg(not(unix))]
fn kill_group(_: u32) {}

/// Linux runs the very file that this process is, even when another one has its name by now.
fn own_executable() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

fn printed(stdout: ChildStdout) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than the most, to be told from it.
    stdout.take(MOST_OUTPUT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Each line into the plugin's log; the last of them.
fn complained(stderr: ChildStderr) -> Vec<String> {
    let mut reader = BufReader::new(stderr);
    let mut tail = VecDeque::new();
    let mut bytes = Vec::new();
    while (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        if line.is_empty() {
            continue;
        }
        log(Level::Info, &line);
        tail.push_back(line);
        if tail.len() > TAIL {
            tail.pop_front();
        }
    }
    tail.into()
}
