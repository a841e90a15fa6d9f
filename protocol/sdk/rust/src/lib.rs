#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod api;
mod asked;
mod bytes;
mod call;
mod error;
mod frame;
mod handshake;
mod host;
mod int64;
mod log;
mod message;
mod method;
mod output;
mod pack;
mod plugin;
mod pool;
mod schema;
mod session;
mod sink;
mod stdio;
mod unpack;

pub use api::{Api, Part};
pub use asked::HostError;
pub use bytes::Bytes;
pub use call::Call;
pub use error::Error;
pub use host::{Host, Storage};
pub use int64::Int64;
pub use log::{Level, log, log_with};
pub use message::Id;
pub use method::{Action, Event, Method};
pub use plugin::{Activation, Panic, Plugin};
pub use sink::Sink;

// Derives need the crates themselves in the plugin's Cargo.toml; these are for naming the very versions used here.
pub use {schemars, serde, serde_json};

/// A [`Plugin`] named and versioned as the Cargo package that it is written in.
#[macro_export]
macro_rules! plugin {
    () => {
        $crate::Plugin::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    };
}
