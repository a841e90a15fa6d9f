#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod api;
mod call;
mod error;
mod frame;
mod handshake;
mod int64;
mod message;
mod output;
mod plugin;
mod pool;
mod session;
mod stdio;

pub use api::{Api, Method};
pub use call::Call;
pub use error::Error;
pub use int64::Int64;
pub use message::Id;
pub use plugin::{Activation, Panic, Plugin};

// Derives need the crates themselves in the plugin's Cargo.toml; these are for naming the very versions used here.
pub use {schemars, serde, serde_json};

/// A [`Plugin`] named and versioned as the Cargo package that it is written in.
#[macro_export]
macro_rules! plugin {
    () => {
        $crate::Plugin::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    };
}
