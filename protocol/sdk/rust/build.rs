//! Tells the crate what compiles it, so that `describe` can show it.
use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|out| String::from_utf8(out.stdout).ok())
        // "rustc 1.95.0 (hash date)": the first two words say it.
        .map(|text| text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "rustc".into());
    println!("cargo::rustc-env=BULKHEAD_COMPILER={version}");
    println!("cargo::rustc-env=BULKHEAD_TARGET={}", env::var("TARGET").unwrap_or_default());
}
