//! The one way out: whole frames, in the order in which they were given.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::frame::Frame;

/// Beyond this much unwritten, senders wait for the supervisor to read.
const HIGH_WATER: usize = 1 << 20;

/// What is this long is not copied behind what waits already.
const LARGE: usize = 64 << 10;

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
    pending: Pending,
    writing: bool,
}

/// What one thread writes at a time: small frames joined, large parts as they are.
#[derive(Default)]
struct Pending {
    parts: Vec<Vec<u8>>,
    bytes: usize,
}

impl Pending {
    fn add(&mut self, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        match self.parts.last_mut() {
            Some(last) if bytes.len() < LARGE && last.len() < LARGE => last.extend_from_slice(&bytes),
            _ => self.parts.push(bytes),
        }
    }
}

impl Output {
    pub fn new(file: Option<File>) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), file }
    }

    pub fn send(&self, frame: impl Into<Frame>) {
        let frame = frame.into();
        let mut state = self.lock();
        while state.writing && state.pending.bytes > HIGH_WATER {
            state = self.wait(state);
        }
        state.pending.add(frame.header());
        state.pending.add(frame.json);
        if let Some(data) = frame.data {
            state.pending.add(data);
        }
        if state.writing {
            return;
        }
        state.writing = true;
        while state.pending.bytes > 0 {
            let Pending { parts, .. } = std::mem::take(&mut state.pending);
            drop(state);
            self.changed.notify_all();
            if let Some(mut file) = self.file.as_ref() {
                for part in parts {
                    file.write_all(&part).unwrap_or_else(|error| gone(&error));
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_frames_leave_together_and_large_data_is_not_copied() {
        let mut pending = Pending::default();
        let data = vec![7; LARGE];
        let place = data.as_ptr();
        for bytes in [vec![1; 3], vec![2; 3], data, vec![3; 2], vec![4; 2]] {
            pending.add(bytes);
        }
        let [small, large, next] = &pending.parts[..] else { panic!("{} parts", pending.parts.len()) };
        assert_eq!((&small[..], &next[..]), (&[1, 1, 1, 2, 2, 2][..], &[3, 3, 4, 4][..]));
        assert_eq!((large.as_ptr(), large.len(), pending.bytes), (place, LARGE, LARGE + 10));
    }
}
