//! Threads for calls: as many as there are calls, up to a bound; beyond it calls queue.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A thread without work for this long ends.
const IDLE: Duration = Duration::from_secs(10);

pub(crate) struct Pool<T> {
    state: Mutex<State<T>>,
    work: Condvar,
    most: usize,
    run: Box<dyn Fn(T) + Send + Sync>,
}

struct State<T> {
    queue: VecDeque<T>,
    idle: usize,
    threads: usize,
    started: u64,
}

impl<T: Send + 'static> Pool<T> {
    pub fn new(most: usize, run: impl Fn(T) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { queue: VecDeque::new(), idle: 0, threads: 0, started: 0 }),
            work: Condvar::new(),
            most,
            run: Box::new(run),
        })
    }

    /// Fails only when there is no thread at all and none can be started; the job is given back.
    pub fn submit(self: &Arc<Self>, job: T) -> Result<(), (T, io::Error)> {
        let mut state = self.lock();
        state.queue.push_back(job);
        if state.queue.len() <= state.idle {
            self.work.notify_one();
        } else if state.threads < self.most {
            state.started += 1;
            let pool = Arc::clone(self);
            let name = format!("call-{}", state.started);
            match thread::Builder::new().name(name).spawn(move || pool.serve()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    let job = state.queue.pop_back().expect("it was pushed above");
                    return Err((job, error));
                }
                // The system has no thread to give: those that exist will come to it.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Takes a job out that no thread has begun.
    pub fn withdraw(&self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let mut state = self.lock();
        let index = state.queue.iter().position(is_it)?;
        state.queue.remove(index)
    }

    fn serve(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                (self.run)(job);
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (woken, waited) = self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_job_that_blocks_holds_up_no_other_below_the_bound() {
        let (done, finished) = mpsc::channel();
        let pool = Pool::new(2, move |job: mpsc::Receiver<u32>| {
            done.send(job.recv().unwrap()).unwrap();
        });
        let (slow, slow_job) = mpsc::channel();
        let (fast, fast_job) = mpsc::channel();
        pool.submit(slow_job).unwrap();
        pool.submit(fast_job).unwrap();
        fast.send(2).unwrap();
        assert_eq!(finished.recv(), Ok(2));
        slow.send(1).unwrap();
        assert_eq!(finished.recv(), Ok(1));
    }

    #[test]
    fn a_job_beyond_the_bound_waits_and_can_be_withdrawn() {
        let (started, starts) = mpsc::channel();
        let pool = Pool::new(1, move |(name, gate): (u32, Option<mpsc::Receiver<()>>)| {
            started.send(name).unwrap();
            if let Some(gate) = gate {
                gate.recv().unwrap();
            }
        });
        let (open, gate) = mpsc::channel();
        pool.submit((1, Some(gate))).unwrap();
        assert_eq!(starts.recv(), Ok(1));
        pool.submit((2, None)).unwrap();
        pool.submit((3, None)).unwrap();
        assert_eq!(pool.withdraw(|job| job.0 == 2).map(|job| job.0), Some(2));
        assert!(pool.withdraw(|job| job.0 == 1).is_none());
        open.send(()).unwrap();
        assert_eq!(starts.recv(), Ok(3));
    }
}
