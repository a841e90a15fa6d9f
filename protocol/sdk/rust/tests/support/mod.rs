//! What the integration tests share. Not each of them uses all of it.
#![allow(dead_code)]

pub mod pattern;
pub mod process;
