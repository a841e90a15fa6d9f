//! One life of the plugin: what the supervisor says, and what is answered.
//!
//! The thread that reads serves the protocol's own messages at once, so a ping or a cancellation never waits for a call;
//! calls and the activation go to the pool.

use std::any::Any;
use std::collections::HashMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::asked::Asked;
use crate::call::{Call, Peer, Terms};
use crate::error::Error;
use crate::frame::{Frame, FrameError};
use crate::handshake::{Activate, Configure, Initialize, Range, Routes, routes};
use crate::host::Host;
use crate::message::{self, Context, Id, Incoming, Params};
use crate::method::Handler;
use crate::output::Output;
use crate::pack::{Packed, pack};
use crate::plugin::{Activation, Hook, PROTOCOL, Panic, Plugin};
use crate::pool::Pool;

/// The limits of protocol/README.md, until `initialize` says others.
const FRAME_BYTES: usize = 64 << 20;
const IN_FLIGHT: usize = 4096;

/// A Rust process that panicked ends with this status.
const EXIT_PANIC: i32 = 101;

/// How long the last answers may take to be read before the process leaves without them.
const FLUSH: Duration = Duration::from_secs(1);

type Outcome = Result<Packed, Error>;

pub(crate) struct Session {
    plugin: Plugin,
    peer: Arc<Peer>,
    pool: Arc<Pool<Job>>,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    name: String,
    generation: u64,
    data_dir: Option<PathBuf>,
    services: Vec<String>,
    routes: Routes,
    in_flight: usize,
    in_flight_limit: usize,
    /// What can be cancelled. A call leaves here when its answer is decided, and counts as in flight until it is sent.
    calls: HashMap<Id, Call>,
    /// Requests to shut down that wait for the last call.
    shutdowns: Vec<Id>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Described,
    Activating,
    Ready,
    Draining,
}

struct Job {
    call: Call,
    work: Work,
}

enum Work {
    Activate(Activate),
    Configure(Configure),
    Serve { handler: Arc<Handler>, params: Params },
}

impl Session {
    pub fn new(plugin: Plugin, output: File) -> Arc<Self> {
        Arc::new_cyclic(|session: &Weak<Self>| {
            let session = session.clone();
            let pool = Pool::new(plugin.threads, move |job| {
                session.upgrade().inspect(|session| session.run(job));
            });
            Self {
                peer: Arc::new(Peer {
                    output: Output::new(Some(output)),
                    asked: Asked::default(),
                    frame_bytes: AtomicUsize::new(FRAME_BYTES),
                }),
                pool,
                state: Mutex::new(State {
                    phase: Phase::New,
                    name: String::new(),
                    generation: 0,
                    data_dir: None,
                    services: Vec::new(),
                    routes: routes(&plugin.apis, &[]),
                    in_flight: 0,
                    in_flight_limit: IN_FLIGHT,
                    calls: HashMap::new(),
                    shutdowns: Vec::new(),
                }),
                plugin,
            }
        })
    }

    /// How long a body may be.
    pub fn frame_limit(&self) -> usize {
        self.peer.frame_limit()
    }

    pub fn leave(&self, status: i32) -> ! {
        self.peer.output.flush(FLUSH);
        process::exit(status)
    }

    /// An error here ends the session.
    pub fn receive(&self, Frame { json, data }: Frame) -> Result<(), FrameError> {
        match message::parse(&json) {
            Incoming::Request { id, method, params, context } => {
                if let Err(error) = self.request(&id, method, Params { json: params, data }, &context) {
                    self.answer(Some(&id), Err(error));
                }
            }
            Incoming::Notification { .. } | Incoming::Answer { .. } | Incoming::Nothing if data.is_some() => {
                return Err(FrameError::Broken("bulk data beside what is no request".into()));
            }
            Incoming::Notification { method, params } => self.notification(&method, params.as_deref()),
            Incoming::Answer { id, outcome } => self.peer.asked.settle(&id, outcome),
            Incoming::Nothing => {}
            Incoming::Invalid { id, error } => self.answer(id.as_ref(), Err(error)),
        }
        Ok(())
    }

    /// An error returned here is the answer; else the answer is given, or on its way.
    fn request(&self, id: &Id, method: String, params: Params, context: &Context) -> Result<(), Error> {
        if method.contains('.') {
            return self.call(id, method, params, context);
        }
        let params = params.json;
        match method.as_str() {
            "initialize" => {
                let description = self.initialize(&parsed(params.as_deref())?)?;
                self.answer(Some(id), encoded(&description));
            }
            "activate" => self.activate(id, parsed(params.as_deref())?)?,
            "configure" if self.plugin.on_configure.is_some() => {
                self.configure(id, parsed(params.as_deref())?)?;
            }
            "ping" => self.answer(Some(id), encoded(&json!({}))),
            "shutdown" => {
                let mut state = self.lock();
                state.phase = Phase::Draining;
                state.shutdowns.push(id.clone());
                self.finish_shutdown(state);
            }
            _ => return Err(Error::method_not_found(&method)),
        }
        Ok(())
    }

    fn notification(&self, method: &str, params: Option<&RawValue>) {
        #[derive(Deserialize)]
        struct Cancel {
            id: Id,
        }
        #[derive(Deserialize)]
        struct Credit {
            id: Id,
            n: u64,
        }
        match method {
            "exit" => self.leave(0),
            "$/cancelRequest" => {
                if let Ok(Cancel { id }) = parsed(params) {
                    self.cancel(&id);
                }
            }
            "$/credit" => {
                if let Ok(Credit { id, n }) = parsed(params) {
                    self.lock().calls.get(&id).inspect(|call| call.add_credit(n));
                }
            }
            _ => {}
        }
    }

    fn initialize(&self, params: &Initialize) -> Result<Value, Error> {
        let Range { min, max } = params.protocol;
        if !(min..=max).contains(&PROTOCOL) {
            return Err(Error::incompatible_protocol(PROTOCOL, (min, max)));
        }
        let mut state = self.lock();
        if state.phase != Phase::New {
            return Err(Error::invalid_request("initialize comes once"));
        }
        state.phase = Phase::Described;
        state.name.clone_from(&params.plugin);
        state.generation = params.generation;
        state.services.clone_from(&params.services);
        if let Some(limit) = params.limits.frame_bytes {
            self.peer.frame_bytes.store(limit, Relaxed);
        }
        if let Some(limit) = params.limits.in_flight {
            state.in_flight_limit = limit;
        }
        Ok(self.plugin.describe())
    }

    fn activate(&self, id: &Id, params: Activate) -> Result<(), Error> {
        let mut state = self.lock();
        if state.phase != Phase::Described {
            return Err(Error::invalid_request("activate comes once, after initialize"));
        }
        state.phase = Phase::Activating;
        state.data_dir.clone_from(&params.data_dir);
        state.routes = routes(&self.plugin.apis, &params.apis);
        let call = self.admit(&mut state, id, "activate".into(), &Context::default())?;
        drop(state);
        self.submit(Job { call, work: Work::Activate(params) });
        Ok(())
    }

    fn configure(&self, id: &Id, params: Configure) -> Result<(), Error> {
        let mut state = self.lock();
        if state.phase != Phase::Ready {
            return Err(Error::invalid_request("configure comes between activate and shutdown"));
        }
        let call = self.admit(&mut state, id, "configure".into(), &Context::default())?;
        drop(state);
        self.submit(Job { call, work: Work::Configure(params) });
        Ok(())
    }

    fn call(&self, id: &Id, method: String, params: Params, context: &Context) -> Result<(), Error> {
        let mut state = self.lock();
        match state.phase {
            Phase::Ready => {}
            Phase::Draining => return Err(Error::invalid_request("a call after shutdown")),
            _ => return Err(Error::invalid_request("a call before activate was answered")),
        }
        let Some(handler) = state.routes.get(&method).cloned() else {
            return Err(Error::method_not_found(&method));
        };
        let call = self.admit(&mut state, id, method, context)?;
        drop(state);
        self.submit(Job { call, work: Work::Serve { handler, params } });
        Ok(())
    }

    fn admit(&self, state: &mut State, id: &Id, method: String, context: &Context) -> Result<Call, Error> {
        if state.calls.contains_key(id) {
            return Err(Error::invalid_request(format!("a request {id} is being worked on")));
        }
        // Not those whose answers are just being written: the supervisor may have read one, and sent the next call.
        if state.calls.len() >= state.in_flight_limit {
            let limit = state.in_flight_limit;
            return Err(Error::invalid_request(format!("more than {limit} calls in flight")));
        }
        let terms = Terms {
            time_left: context.ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()),
            credit: context.credit.unwrap_or(0),
            bulk: context.bulk.unwrap_or(false),
        };
        let call = Call::new(id.clone(), method, &terms, state.data_dir.clone(), Arc::clone(&self.peer));
        state.calls.insert(id.clone(), call.clone());
        state.in_flight += 1;
        Ok(call)
    }

    fn submit(&self, job: Job) {
        if let Err((job, error)) = self.pool.submit(job) {
            let error = Error::internal(format!("no thread can be started: {error}"));
            self.settle(&job.call, Err(error));
        }
    }

    fn cancel(&self, id: &Id) {
        let Some(call) = self.lock().calls.get(id).cloned() else {
            return;
        };
        call.cancel();
        // One that still queues would answer only when a thread comes to it.
        if let Some(job) = self.pool.withdraw(|job| job.call.id() == id) {
            self.settle(&job.call, Err(Error::cancelled()));
        }
    }

    /// On a thread of the pool.
    fn run(&self, job: Job) {
        let Job { call, work } = job;
        let activates = matches!(work, Work::Activate(_));
        let outcome = catch_unwind(AssertUnwindSafe(|| match work {
            Work::Activate(params) => {
                self.configure_with(self.plugin.on_activate.as_deref(), &call, params.config.as_deref())
            }
            Work::Configure(params) => {
                self.configure_with(self.plugin.on_configure.as_deref(), &call, params.config.as_deref())
            }
            Work::Serve { handler, params } => {
                call.check()?;
                handler(&call, params)
            }
        }));
        let outcome = outcome.unwrap_or_else(|payload| match self.plugin.on_panic {
            Panic::Answer => Err(Error::panicked(panic_message(&*payload))),
            // The hook has written the message and the place already.
            Panic::Exit => self.leave(EXIT_PANIC),
        });
        if activates && outcome.is_ok() {
            let mut state = self.lock();
            if state.phase == Phase::Activating {
                state.phase = Phase::Ready;
            }
        }
        self.settle(&call, outcome);
    }

    fn configure_with(&self, hook: Option<&Hook>, call: &Call, config: Option<&RawValue>) -> Outcome {
        let activation = {
            let state = self.lock();
            Activation {
                host: Host::new(call.clone()),
                services: state.services.clone(),
                data_dir: state.data_dir.clone(),
                plugin: state.name.clone(),
                generation: state.generation,
            }
        };
        if let Some(hook) = hook {
            hook(&activation, config)?;
        }
        encoded(&json!({}))
    }

    fn settle(&self, call: &Call, outcome: Outcome) {
        self.lock().calls.remove(call.id());
        call.answer(outcome);
        let mut state = self.lock();
        state.in_flight -= 1;
        self.finish_shutdown(state);
    }

    /// Answers `shutdown` once nothing is in flight any more.
    fn finish_shutdown(&self, mut state: MutexGuard<'_, State>) {
        if state.in_flight > 0 {
            return;
        }
        let shutdowns = std::mem::take(&mut state.shutdowns);
        drop(state);
        for id in shutdowns {
            self.answer(Some(&id), encoded(&json!({})));
        }
    }

    fn answer(&self, id: Option<&Id>, outcome: Outcome) {
        self.peer.output.send(message::answer(id, outcome));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The params of the protocol's own messages.
fn parsed<'a, T: Deserialize<'a>>(params: Option<&'a RawValue>) -> Result<T, Error> {
    serde_json::from_str(params.map_or("{}", RawValue::get))
        .map_err(|error| Error::invalid_params("", error.to_string()))
}

fn encoded(value: &Value) -> Outcome {
    pack(value, false).map_err(Error::from)
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with a value that is no text")
}
