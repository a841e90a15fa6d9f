//! The one way out: whole frames, in the order in which they were given.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::frame;

/// Beyond this much unwritten, senders wait for the supervisor to read.
const HIGH_WATER: usize = 1 << 20;

/// Whoever finds nobody writing writes, and takes along what others add meanwhile: one frame leaves without waiting for
/// another thread, many leave in one system call.
pub(crate) struct Output {
    state: Mutex<State>,
    changed: Condvar,
    /// Without one, what is sent is dropped.
    file: Option<File>,
}

#[derive(Default)]
struct State {
    pending: Vec<u8>,
    writing: bool,
}

impl Output {
    pub fn new(file: Option<File>) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), file }
    }

    pub fn send(&self, body: &[u8]) {
        let mut state = self.lock();
        while state.writing && state.pending.len() > HIGH_WATER {
            state = self.wait(state);
        }
        state.pending.extend_from_slice(&frame::encode(body));
        if state.writing {
            return;
        }
        state.writing = true;
        while !state.pending.is_empty() {
            let bytes = std::mem::take(&mut state.pending);
            drop(state);
            self.changed.notify_all();
            if let Some(Err(error)) = self.file.as_ref().map(|mut file| file.write_all(&bytes)) {
                gone(&error);
            }
            state = self.lock();
        }
        state.writing = false;
        self.changed.notify_all();
    }

    /// Waits until everything is written, but no longer than `patience`: the supervisor may have stopped reading.
    pub fn flush(&self, patience: Duration) {
        let state = self.lock();
        let _ = self.changed.wait_timeout_while(state, patience, |state| state.writing);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is left to talk to.
fn gone(error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let _ = writeln!(io::stderr(), "stdout can not be written: {error}");
    std::process::exit(crate::plugin::EXIT_IO)
}
