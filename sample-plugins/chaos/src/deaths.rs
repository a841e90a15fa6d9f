//! Ways to end, and ways to not end.

use std::hint::black_box;
use std::{ptr, thread};

pub fn segfault() -> ! {
    // Not null: a debug build would turn that into a panic.
    let nowhere = ptr::without_provenance_mut::<u8>(16);
    // SAFETY: none; the fault is the point.
    unsafe { ptr::write_volatile(nowhere, 1) };
    unreachable!("address 16 was writable")
}

pub fn overflow_stack(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX {
        return depth;
    }
    overflow_stack(depth + 1) + black_box(frame)[0]
}

/// Panics in a thread of its own; returns when that thread is gone.
pub fn panic_in_thread(message: String) {
    let thread = thread::Builder::new().name("chaos-side".into());
    let handle = thread.spawn(move || panic!("{message}")).expect("a thread");
    let _ = handle.join();
}

/// For ever, whatever anybody says.
pub fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// Takes memory, writes to all of it, and never gives it back.
pub fn leak(bytes: usize) {
    const STEP: usize = 1 << 20;
    let mut left = bytes;
    while left > 0 {
        let step = left.min(STEP);
        // Written, because untouched pages cost nothing; and with something other than zeros.
        black_box(Box::leak(vec![0xa5_u8; step].into_boxed_slice()));
        left -= step;
    }
}
