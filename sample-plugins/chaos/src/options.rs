//! What the command line chooses: everything that has to go wrong before there is a call.

use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub handshake_delay: Duration,
    pub handshake: Handshake,
    pub activation: Activation,
    pub api_version: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Handshake {
    Usual,
    NeverRead,
    Exit(i32),
    Protocol(i64),
    BadDescription,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    Usual,
    Unanswered,
    ConfigInvalid,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            handshake_delay: Duration::ZERO,
            handshake: Handshake::Usual,
            activation: Activation::Usual,
            api_version: "1.0.0".into(),
        };
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} takes a value"));
            let number = |text: String| text.parse::<i64>().map_err(|_| format!("{text:?} is no number"));
            match name.as_str() {
                "--handshake-delay-ms" => {
                    options.handshake_delay = Duration::from_millis(number(value()?)?.unsigned_abs());
                }
                "--never-read" => options.handshake = Handshake::NeverRead,
                "--exit-in-handshake" => {
                    options.handshake = Handshake::Exit(number(value()?)? as i32);
                }
                "--protocol" => options.handshake = Handshake::Protocol(number(value()?)?),
                "--bad-description" => options.handshake = Handshake::BadDescription,
                "--api-version" => options.api_version = value()?,
                "--no-activate-answer" => options.activation = Activation::Unanswered,
                "--config-invalid" => options.activation = Activation::ConfigInvalid,
                _ => return Err(format!("no such option: {name}")),
            }
        }
        Ok(options)
    }
}
