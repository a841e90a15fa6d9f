//! Threads for calls: as many as there are calls, up to a bound; beyond it calls queue.

use std::cell::RefCell;
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
    /// Threads whose job waits for the supervisor. They do not count: it may have to be served before it answers.
    aside: usize,
    started: u64,
}

impl<T: Send + 'static> Pool<T> {
    pub fn new(most: usize, run: impl Fn(T) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { queue: VecDeque::new(), idle: 0, threads: 0, aside: 0, started: 0 }),
            work: Condvar::new(),
            most,
            run: Box::new(run),
        })
    }

    /// Fails only when there is no thread at all and none can be started; the job is given back.
    pub fn submit(self: &Arc<Self>, job: T) -> Result<(), (T, io::Error)> {
        let mut state = self.lock();
        state.queue.push_back(job);
        self.staff(&mut state).map_err(|error| (state.queue.pop_back().expect("it was pushed above"), error))
    }

    /// Finds a thread for what queues, if there may be one more.
    fn staff(self: &Arc<Self>, state: &mut State<T>) -> Result<(), io::Error> {
        if state.queue.len() <= state.idle {
            self.work.notify_one();
        } else if state.threads - state.aside < self.most {
            state.started += 1;
            let pool = Arc::clone(self);
            let name = format!("call-{}", state.started);
            match thread::Builder::new().name(name).spawn(move || pool.serve()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(error),
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

    fn serve(self: Arc<Self>) {
        POOL.set(Some(self.clone()));
        let mut state = self.lock();
        loop {
            if state.threads - state.aside > self.most {
                // It stood in for one that is back.
                state.threads -= 1;
                self.work.notify_one();
                return;
            }
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

thread_local! {
    /// The pool that this thread works for.
    static POOL: RefCell<Option<Arc<dyn Bound>>> = const { RefCell::new(None) };
}

trait Bound {
    fn step_aside(self: Arc<Self>);
    fn step_back(&self);
}

impl<T: Send + 'static> Bound for Pool<T> {
    fn step_aside(self: Arc<Self>) {
        let mut state = self.lock();
        state.aside += 1;
        if !state.queue.is_empty() {
            // It fails only without any thread, and this is one.
            let _ = self.staff(&mut state);
        }
    }

    fn step_back(&self) {
        self.lock().aside -= 1;
    }
}

/// Waits for the supervisor without keeping other calls from being served.
pub(crate) fn aside<R>(wait: impl FnOnce() -> R) -> R {
    let Some(pool) = POOL.with_borrow(Clone::clone) else {
        return wait();
    };
    pool.clone().step_aside();
    let result = wait();
    pool.step_back();
    result
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

    #[test]
    fn a_job_that_waits_for_the_supervisor_does_not_count() {
        let (done, finished) = mpsc::channel();
        let pool = Pool::new(1, move |job: mpsc::Receiver<u32>| {
            done.send(aside(|| job.recv().unwrap())).unwrap();
        });
        let (outer, outer_job) = mpsc::channel();
        let (inner, inner_job) = mpsc::channel();
        pool.submit(outer_job).unwrap();
        pool.submit(inner_job).unwrap();
        inner.send(2).unwrap();
        assert_eq!(finished.recv(), Ok(2));
        outer.send(1).unwrap();
        assert_eq!(finished.recv(), Ok(1));
    }
}
