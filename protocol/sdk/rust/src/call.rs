//! One call, as its handler sees it.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Error;
use crate::message::{self, Id};
use crate::output::Output;

/// What a handler knows of the call that it serves, besides the params. Cheap to clone, and clones may go to other
/// threads.
#[derive(Clone)]
pub struct Call {
    inner: Arc<Inner>,
}

struct Inner {
    id: Id,
    method: String,
    deadline: Option<Instant>,
    data_dir: Option<PathBuf>,
    output: Arc<Output>,
    cancelled: Mutex<bool>,
    cancel: Condvar,
    /// Held while progress is sent, so that none leaves after the answer. Not the lock of `cancelled`: a supervisor that
    /// reads slowly must not hold up the thread that cancels.
    answered: Mutex<bool>,
}

/// What progress looks like where a method says nothing else.
#[derive(Serialize)]
struct Progress<'a> {
    message: &'a str,
    done: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

impl Call {
    pub(crate) fn new(
        id: Id,
        method: String,
        time_left: Option<Duration>,
        data_dir: Option<PathBuf>,
        output: Arc<Output>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                id,
                method,
                deadline: time_left.and_then(|left| Instant::now().checked_add(left)),
                data_dir,
                output,
                cancelled: Mutex::default(),
                cancel: Condvar::new(),
                answered: Mutex::default(),
            }),
        }
    }

    /// The request's id.
    pub fn id(&self) -> &Id {
        &self.inner.id
    }

    /// The method as the wire says it: `api.name`.
    pub fn method(&self) -> &str {
        &self.inner.method
    }

    /// Time left until the call's deadline, where the supervisor said so.
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.inner.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// A directory of the plugin's own that outlives the process.
    pub fn data_dir(&self) -> Option<&std::path::Path> {
        self.inner.data_dir.as_deref()
    }

    /// Whether the caller has given up. Its caller was told already; what is left is to stop.
    pub fn cancelled(&self) -> bool {
        *lock(&self.inner.cancelled)
    }

    /// `call.check()?` leaves a handler whose call was cancelled.
    pub fn check(&self) -> Result<(), Error> {
        if self.cancelled() {
            return Err(Error::cancelled());
        }
        Ok(())
    }

    /// Sleeps, but no longer than until the call is cancelled: then it returns the error to leave with.
    pub fn sleep(&self, time: Duration) -> Result<(), Error> {
        let cancelled = lock(&self.inner.cancelled);
        let cancelled = self.inner.cancel.wait_timeout_while(cancelled, time, |cancelled| !*cancelled);
        drop(cancelled);
        self.check()
    }

    /// Tells the caller how far the call is. `total` is a number, or `None` where it is not known.
    ///
    /// Each report costs a message: a loop should send a few a second, not one a step.
    pub fn progress(&self, message: &str, done: u64, total: impl Into<Option<u64>>) {
        let total = total.into();
        let progress = Progress { message, done, total };
        self.progress_value(&progress);
    }

    /// Progress of the method's own shape: see [`Method::progress`](crate::Method::progress). A value that is no JSON is
    /// not sent.
    pub fn progress_value<T: Serialize + ?Sized>(&self, value: &T) {
        let Ok(value) = to_raw_value(value) else {
            return;
        };
        let answered = lock(&self.inner.answered);
        if !*answered {
            let body = message::progress(&self.inner.id, &value);
            self.inner.output.send(&body);
        }
    }

    pub(crate) fn cancel(&self) {
        *lock(&self.inner.cancelled) = true;
        self.inner.cancel.notify_all();
    }

    /// Once, by the session.
    pub(crate) fn answer(&self, outcome: Result<Box<RawValue>, Error>, limit: usize) {
        *lock(&self.inner.answered) = true;
        let outcome = match outcome {
            // Whatever it failed with, it failed because it was told to stop.
            Err(_) if self.cancelled() => Err(Error::cancelled()),
            Err(error) => Err(error.sendable()),
            Ok(result) => Ok(result),
        };
        let body = message::answer(Some(&self.inner.id), &outcome);
        if body.len() <= limit {
            return self.inner.output.send(&body);
        }
        let message = format!("an answer of {} bytes; the limit is {limit}", body.len());
        let error = Error::internal(message).with_data(serde_json::json!({ "code": "answer_too_large" }));
        self.inner.output.send(&message::answer(Some(&self.inner.id), &Err(error)));
    }
}

fn lock(mutex: &Mutex<bool>) -> MutexGuard<'_, bool> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
