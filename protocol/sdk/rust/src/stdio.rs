//! Takes the protocol's two streams away from everything else in the process.
//!
//! A stray `println!`, or a child that inherits stdout, must not get between two frames; and a child that inherits
//! stdin must not eat one. So the streams move to private descriptors that children do not inherit, descriptor 0 reads
//! nothing, and descriptor 1 leads to stderr.

use std::fs::File;
use std::io;

/// What the protocol is spoken over.
pub(crate) struct Streams {
    pub input: File,
    pub output: File,
}

#[cfg(unix)]
pub(crate) fn take() -> io::Result<Streams> {
    use rustix::io::fcntl_dupfd_cloexec;
    use rustix::stdio;

    let input = File::from(fcntl_dupfd_cloexec(stdio::stdin(), 3)?);
    let output = File::from(fcntl_dupfd_cloexec(stdio::stdout(), 3)?);
    stdio::dup2_stdin(File::open("/dev/null")?)?;
    stdio::dup2_stdout(stdio::stderr())?;
    Ok(Streams { input, output })
}

/// Elsewhere the handles are only copied: a stray print still reaches the protocol's stream.
#[cfg(windows)]
pub(crate) fn take() -> io::Result<Streams> {
    use std::os::windows::io::AsHandle;

    let input = File::from(io::stdin().as_handle().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_handle().try_clone_to_owned()?);
    Ok(Streams { input, output })
}
