//! One call, as its handler sees it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::asked::{Asked, HostError, Reply};
use crate::error::{Error, INVALID_PARAMS};
use crate::host::Host;
use crate::message::{self, Id};
use crate::output::Output;
use crate::pack::Packed;
use crate::pool;

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
    bulk: bool,
    data_dir: Option<PathBuf>,
    peer: Arc<Peer>,
    caller: Mutex<Caller>,
    changed: Condvar,
    /// Held while anything about the call is sent, so that nothing leaves after the answer. Not the lock of `caller`: a
    /// supervisor that reads slowly must not hold up the thread that cancels.
    sent: Mutex<Sent>,
}

/// What the caller has said since it called.
struct Caller {
    cancelled: bool,
    /// How many more items it takes.
    credit: u64,
}

#[derive(Default)]
struct Sent {
    items: u64,
    answered: bool,
}

/// The other side of the wire, as calls need it.
pub(crate) struct Peer {
    pub output: Output,
    pub asked: Asked,
    /// How long a body may be.
    pub frame_bytes: AtomicUsize,
}

impl Peer {
    pub fn frame_limit(&self) -> usize {
        self.frame_bytes.load(Relaxed)
    }

    fn takes(&self, length: usize) -> Result<(), String> {
        let limit = self.frame_limit();
        if length <= limit {
            return Ok(());
        }
        Err(format!("of {length} bytes; the limit is {limit}"))
    }
}

/// What a request says of itself besides its params.
pub(crate) struct Terms {
    pub time_left: Option<Duration>,
    pub credit: u64,
    /// Whether the answer may carry data.
    pub bulk: bool,
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
        terms: &Terms,
        data_dir: Option<PathBuf>,
        peer: Arc<Peer>,
    ) -> Self {
        let Terms { time_left, credit, bulk } = *terms;
        Self {
            inner: Arc::new(Inner {
                id,
                method,
                deadline: time_left.and_then(|left| Instant::now().checked_add(left)),
                bulk,
                data_dir,
                peer,
                caller: Mutex::new(Caller { cancelled: false, credit }),
                changed: Condvar::new(),
                sent: Mutex::default(),
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

    pub(crate) fn frame_limit(&self) -> usize {
        self.inner.peer.frame_limit()
    }

    /// Whether its answer may carry data beside the JSON.
    pub(crate) fn takes_data(&self) -> bool {
        self.inner.bulk
    }

    /// A directory of the plugin's own that outlives the process.
    pub fn data_dir(&self) -> Option<&std::path::Path> {
        self.inner.data_dir.as_deref()
    }

    /// The services of the host, on behalf of this call.
    pub fn host(&self) -> Host {
        Host::new(self.clone())
    }

    /// Whether the caller has given up. Its caller was told already; what is left is to stop.
    pub fn cancelled(&self) -> bool {
        lock(&self.inner.caller).cancelled
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
        let caller = lock(&self.inner.caller);
        let caller = self.inner.changed.wait_timeout_while(caller, time, |caller| !caller.cancelled);
        drop(caller);
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
        let sent = lock(&self.inner.sent);
        if !sent.answered {
            let body = message::progress(&self.inner.id, &value);
            self.inner.peer.output.send(body);
        }
    }

    pub(crate) fn send_item<T: Serialize>(&self, item: &T, cursor: Option<&str>) -> Result<(), Error> {
        let value =
            to_raw_value(item).map_err(|error| Error::internal(format!("the item is no JSON: {error}")))?;
        // Before credit is taken for it. No number is longer than this one.
        let longest = message::item(&self.inner.id, u64::MAX, &value, cursor);
        self.inner.peer.takes(longest.len()).map_err(|what| {
            Error::internal(format!("an item {what}")).with_data(json!({ "code": "item_too_large" }))
        })?;
        self.take_credit()?;
        let mut sent = lock(&self.inner.sent);
        if sent.answered {
            return Err(Error::internal("an item after the answer"));
        }
        let body = message::item(&self.inner.id, sent.items, &value, cursor);
        sent.items += 1;
        self.inner.peer.output.send(body);
        Ok(())
    }

    /// Waits until the reader takes an item.
    fn take_credit(&self) -> Result<(), Error> {
        let waits = |caller: &mut Caller| caller.credit == 0 && !caller.cancelled;
        let mut caller = lock(&self.inner.caller);
        if waits(&mut caller) {
            drop(caller);
            caller = pool::aside(|| {
                let caller = lock(&self.inner.caller);
                self.inner.changed.wait_while(caller, waits).unwrap_or_else(PoisonError::into_inner)
            });
        }
        if caller.cancelled {
            return Err(Error::cancelled());
        }
        caller.credit -= 1;
        Ok(())
    }

    /// Sends a request to the host, for this call as long as it is not answered.
    pub(crate) fn ask(&self, method: &str, params: &RawValue, time: Option<Duration>) -> Receiver<Reply> {
        let Inner { id, peer, .. } = &*self.inner;
        let sent = lock(&self.inner.sent);
        let parent = (!sent.answered).then_some(id);
        let (ask, reply) = peer.asked.open(parent.cloned());
        let body = message::request(&ask, method, params, parent, time);
        let refused = if parent.is_some() && self.cancelled() {
            // Whoever cancels says so before looking for what was asked: this, or the other, sees it.
            Some(HostError::cancelled())
        } else {
            peer.takes(body.len())
                .err()
                .map(|what| HostError::local(INVALID_PARAMS, "too_large", format!("a request {what}")))
        };
        if let Some(error) = refused {
            peer.asked.settle(&ask, Err(error));
        } else {
            peer.output.send(body);
        }
        reply
    }

    pub(crate) fn add_credit(&self, n: u64) {
        let mut caller = lock(&self.inner.caller);
        caller.credit = caller.credit.saturating_add(n);
        self.inner.changed.notify_all();
    }

    pub(crate) fn cancel(&self) {
        lock(&self.inner.caller).cancelled = true;
        self.inner.changed.notify_all();
        self.inner.peer.asked.cancel(&self.inner.id);
    }

    /// Once, by the session.
    pub(crate) fn answer(&self, outcome: Result<Packed, Error>) {
        let outcome = match outcome {
            // Whatever it failed with, it failed because it was told to stop.
            Err(_) if self.cancelled() => Err(Error::cancelled()),
            Err(error) => Err(error.sendable()),
            Ok(result) => Ok(result),
        };
        let Inner { id, peer, .. } = &*self.inner;
        let mut frame = message::answer(Some(id), outcome);
        if let Err(what) = peer.takes(frame.len()) {
            let error =
                Error::internal(format!("an answer {what}")).with_data(json!({ "code": "answer_too_large" }));
            frame = message::answer(Some(id), Err(error));
        }
        let mut sent = lock(&self.inner.sent);
        sent.answered = true;
        peer.output.send(frame);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
