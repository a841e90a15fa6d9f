//! The plugin's own requests, and what comes back.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::error::{CANCELLED, INTERNAL_ERROR};
use crate::message::Id;

/// Why the host gave no result. With `?` it becomes an `internal_error` of the call that asked.
#[derive(Clone, Debug, PartialEq)]
pub struct HostError {
    number: i64,
    message: String,
    data: Option<Value>,
}

impl HostError {
    pub(crate) fn new(number: i64, message: String, data: Option<Value>) -> Self {
        Self { number, message, data }
    }

    pub(crate) fn local(number: i64, code: &str, message: String) -> Self {
        Self::new(number, message, Some(json!({ "code": code })))
    }

    pub(crate) fn cancelled() -> Self {
        Self::local(CANCELLED, "cancelled", "the call that asked was cancelled".into())
    }

    /// The stable name, `data.code`, such as `service_not_granted`; without one, `rpc_` and the number.
    pub fn code(&self) -> String {
        match self.data.as_ref().and_then(|data| data.get("code")).and_then(Value::as_str) {
            Some(code) => code.to_owned(),
            None => format!("rpc_{}", self.number),
        }
    }

    /// The number of the JSON-RPC error.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The sentence for a human.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What a program may want to know.
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code())
    }
}

impl std::error::Error for HostError {}

pub(crate) type Reply = Result<Box<RawValue>, HostError>;

/// The plugin's own requests that are not answered yet.
#[derive(Default)]
pub(crate) struct Asked {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Nobody is there to answer.
    alone: bool,
    last: i64,
    waiting: HashMap<i64, Waiting>,
}

struct Waiting {
    parent: Option<Id>,
    reply: Sender<Reply>,
}

impl Asked {
    /// Where there is no host.
    pub fn of_nobody() -> Self {
        Self { state: Mutex::new(State { alone: true, ..State::default() }) }
    }

    /// Numbers a request.
    pub fn open(&self, parent: Option<Id>) -> (Id, Receiver<Reply>) {
        let (reply, receiver) = channel();
        let mut state = self.lock();
        state.last += 1;
        let id = state.last;
        if state.alone {
            let _ = reply.send(Err(HostError::local(INTERNAL_ERROR, "no_host", "there is no host".into())));
        } else {
            state.waiting.insert(id, Waiting { parent, reply });
        }
        (Id::Integer(id), receiver)
    }

    /// An answer to nothing, or to what nobody waits for any more, is passed over.
    pub fn settle(&self, id: &Id, outcome: Reply) {
        if let Id::Integer(id) = id {
            if let Some(waiting) = self.lock().waiting.remove(id) {
                let _ = waiting.reply.send(outcome);
            }
        }
    }

    /// Waits no longer for what was asked for this call. The host gives up on it by itself.
    pub fn cancel(&self, parent: &Id) {
        self.lock().waiting.retain(|_, waiting| {
            let cancelled = waiting.parent.as_ref() == Some(parent);
            if cancelled {
                let _ = waiting.reply.send(Err(HostError::cancelled()));
            }
            !cancelled
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;

    fn one() -> Reply {
        Ok(to_raw_value(&1).unwrap())
    }

    #[test]
    fn an_answer_reaches_the_one_who_asked_in_any_order() {
        let asked = Asked::default();
        let (first, one_reply) = asked.open(None);
        let (second, other_reply) = asked.open(None);
        assert_ne!(first, second);
        asked.settle(&second, Err(HostError::new(7, "no".into(), None)));
        asked.settle(&first, one());
        asked.settle(&first, one());
        asked.settle(&Id::String("1".into()), one());
        assert_eq!(one_reply.recv().unwrap().unwrap().get(), "1");
        assert_eq!(other_reply.recv().unwrap().unwrap_err().code(), "rpc_7");
    }

    #[test]
    fn a_cancelled_call_takes_along_what_it_asked_and_nothing_else() {
        let asked = Asked::default();
        let (_, child) = asked.open(Some(Id::Integer(3)));
        let (id, other) = asked.open(Some(Id::Integer(4)));
        asked.cancel(&Id::Integer(3));
        assert_eq!(child.recv().unwrap().unwrap_err().code(), "cancelled");
        asked.settle(&id, one());
        assert!(other.recv().unwrap().is_ok());
    }
}
