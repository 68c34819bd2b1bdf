//! What the library tells its user unasked: once each, on standard error.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says something, unless it has been said before in this process.
#[allow(clippy::print_stderr, reason = "the one place where the library speaks")]
pub(crate) fn once(message: &str) {
    let fresh = SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(message.to_owned());
    if fresh {
        eprintln!("rhyton: {message}");
    }
}

/// Says something that has just happened.
#[cfg(feature = "training")]
#[allow(clippy::print_stderr, reason = "the one place where the library speaks")]
pub(crate) fn say(message: &str) {
    eprintln!("{message}");
}
