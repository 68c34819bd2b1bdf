//! What the library tells its user unasked: once each, on standard error.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

static SILENT: AtomicBool = AtomicBool::new(false);

/// Says nothing more unasked in this process: no notice of what a name or an expression was taken
/// for, of a file's unread parts, of a training that stopped early.
pub fn silence_notices() {
    SILENT.store(true, Ordering::Relaxed);
}

/// Says something, unless it has been said before in this process.
pub(crate) fn once(message: &str) {
    let fresh = SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(message.to_owned());
    if fresh {
        say(&format!("rhyton: {message}"));
    }
}

/// Says something that has just happened; that nobody listens is no failure.
pub(crate) fn say(message: &str) {
    #[cfg(test)]
    tests::HEARD.with_borrow_mut(|heard| heard.extend([message, "\n"]));
    if SILENT.load(Ordering::Relaxed) {
        return;
    }
    let _ = writeln!(std::io::stderr(), "{message}");
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;

    thread_local! {
        /// What was said in this thread.
        pub(crate) static HEARD: RefCell<String> = const { RefCell::new(String::new()) };
    }

    /// What has been said in this thread since the last call.
    #[cfg(feature = "training")]
    pub(crate) fn heard() -> String {
        HEARD.take()
    }
}
