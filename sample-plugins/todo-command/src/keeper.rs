//! The process between the plugin and the program, so that the program never outlives the plugin: whatever ends the plugin,
//! SIGKILL included, closes the pipe that the keeper reads. It leads a process group, which the program and what that
//! starts are in, and which goes as a whole.

use std::io::{self, Read};
use std::process::{Command, Stdio, exit};
use std::thread;

pub const FLAG: &str = "--keep";

/// From sysexits.h and the shell: what can not be run, and a program that a signal has ended.
const NOT_RUN: i32 = 126;
pub const BY_SIGNAL: i32 = 128;

/// Runs the program that the arguments after the flag name, and ends as it does.
pub fn run() -> ! {
    let mut words = std::env::args_os().skip(2);
    let Some(program) = words.next() else {
        eprintln!("{FLAG} takes a program");
        exit(NOT_RUN);
    };
    thread::spawn(|| {
        // Nothing is ever written there: it ends when the plugin does.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        kill_own_group();
    });
    match Command::new(&program).args(words).stdin(Stdio::null()).status() {
        Ok(status) => exit(status.code().unwrap_or(BY_SIGNAL + signal(status))),
        Err(error) => {
            eprintln!("{} can not be run: {error}", program.to_string_lossy());
            exit(NOT_RUN);
        }
    }
}

#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.signal().unwrap_or(0)
}

#[cfg(not(unix))]
fn signal(_: std::process::ExitStatus) -> i32 {
    0
}

/// The keeper included.
#[cfg(unix)]
fn kill_own_group() {
    use rustix::process::{Signal, kill_current_process_group};
    let _ = kill_current_process_group(Signal::KILL);
}

#[cfg(not(unix))]
fn kill_own_group() {
    exit(BY_SIGNAL);
}
