//! What the library tells its user unasked: once each, on standard error.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says something, unless it has been said before in this process.
pub(crate) fn once(message: &str) {
    let fresh = SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(message.to_owned());
    if fresh {
        say(&format!("rhyton: {message}"));
    }
}

/// Says something that has just happened; that nobody listens is no failure.
pub(crate) fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
