//! The program as people and hosts run it.

#![expect(clippy::disallowed_methods, reason = "the tests make the files that the program reads")]

#[cfg(unix)]
mod argocd;
mod common;
mod examples;
mod files;
mod init;
mod kubernetes;
mod legacy_plugin;
mod map;
#[cfg(target_os = "linux")]
mod memory;
mod reports;
mod secrets;
#[cfg(target_os = "linux")]
mod terminal;
