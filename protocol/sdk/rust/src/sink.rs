//! Where a streaming method puts its items.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use crate::call::Call;
use crate::error::Error;

/// The items of one streaming call. Cheap to clone, and clones may go to other threads.
pub struct Sink<T> {
    call: Call,
    item: PhantomData<fn(T)>,
}

impl<T: Serialize> Sink<T> {
    pub(crate) fn new(call: Call) -> Self {
        Self { call, item: PhantomData }
    }

    /// Sends an item, as soon as the reader takes one. Fails when the call is cancelled, or answered already: leave with
    /// that error.
    pub fn send(&self, item: &T) -> Result<(), Error> {
        self.call.send_item(item, None)
    }

    /// Sends an item and the position after it. A reader that comes back names the last one that it has seen, in the
    /// param `cursor`: go on after it.
    pub fn send_at(&self, item: &T, cursor: impl fmt::Display) -> Result<(), Error> {
        self.call.send_item(item, Some(&cursor.to_string()))
    }
}

impl<T> Clone for Sink<T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), item: PhantomData }
    }
}
