//! Every way to die or misbehave, on command.

mod api;
mod deaths;
mod escapee;
mod handshake;
mod misbehaviour;
mod options;
mod raw;

use std::process::exit;

use options::{Handshake, Options};

fn main() {
    let options = Options::parse(std::env::args().skip(1)).unwrap_or_else(|error| {
        eprintln!("chaos: {error}");
        exit(64);
    });
    // Before the SDK takes standard output away.
    let stdout = raw::Stdout::duplicate();
    std::thread::sleep(options.handshake_delay);
    match options.handshake {
        Handshake::NeverRead => deaths::hang(),
        Handshake::Exit(status) => handshake::exit_in_it(status),
        Handshake::Protocol(version) => handshake::other_protocol(&stdout, version),
        Handshake::BadDescription => handshake::bad_description(&stdout),
        Handshake::Usual => api::plugin(&options, stdout).run(),
    }
}
