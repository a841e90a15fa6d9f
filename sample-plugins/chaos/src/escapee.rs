//! A descendant that gets away: double fork and a session of its own, so that neither the process group nor the parent
//! leads to it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

pub struct Escapee {
    pub ignore_term: bool,
    /// Keeps every descriptor of the plugin open, its real standard output among them; otherwise none.
    pub hold_pipes: bool,
}

/// Its process id, once it is on its own.
pub fn spawn(escapee: &Escapee) -> io::Result<u32> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let (mut reader, writer) = io::pipe()?;
    let (null, pipe) = (null.as_raw_fd(), writer.as_raw_fd());
    // SAFETY: other threads exist, so between fork and the end the children call nothing but async-signal-safe
    // functions, and allocate nothing.
    unsafe {
        let middle = libc::fork();
        if middle == -1 {
            return Err(io::Error::last_os_error());
        }
        if middle == 0 {
            libc::setsid();
            let child = libc::fork();
            if child == 0 {
                live(escapee, null, pipe);
            }
            libc::_exit(i32::from(child == -1));
        }
        libc::waitpid(middle, std::ptr::null_mut(), 0);
    }
    drop(writer);
    let mut id = [0; 4];
    io::Read::read_exact(&mut reader, &mut id)?;
    Ok(u32::from_ne_bytes(id))
}

/// # Safety
/// Only in a fresh child of a fork.
unsafe fn live(escapee: &Escapee, null: i32, pipe: i32) -> ! {
    // SAFETY: async-signal-safe functions on descriptors that are open.
    unsafe {
        if escapee.ignore_term {
            libc::signal(libc::SIGTERM, libc::SIG_IGN);
        }
        if !escapee.hold_pipes {
            for descriptor in 0..3 {
                libc::dup2(null, descriptor);
            }
        }
        let id = std::process::id().to_ne_bytes();
        libc::write(pipe, id.as_ptr().cast(), id.len());
        if escapee.hold_pipes {
            libc::close(pipe);
        } else {
            close_from(3);
        }
        loop {
            libc::pause();
        }
    }
}

/// # Safety
/// Nothing may use these descriptors afterwards.
unsafe fn close_from(first: i32) {
    // SAFETY: close takes any number.
    unsafe {
        let limit = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 65_536) as i32;
        for descriptor in first..limit {
            libc::close(descriptor);
        }
    }
}
