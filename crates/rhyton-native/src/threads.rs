#![allow(unsafe_code, reason = "workers run a borrowed closure that outlives the job")]
//! The pool: the caller takes part, workers spin briefly and then park. Tasks are numbered by the
//! plan; which thread runs a task never shows in the result.

use std::cell::UnsafeCell;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The most threads that can take part in a job.
pub(crate) const THREADS_MAX: usize = 64;
/// How long a worker looks for the next job before it parks.
const SPIN: Duration = Duration::from_micros(50);

/// State of the pool: the job's number, whether it can be joined, how many workers are in it.
const OPEN: u64 = 1 << 15;
const JOB: u64 = 1 << 16;
const JOINED: u64 = OPEN - 1;

type Task<'a> = dyn Fn(usize, usize) + Sync + 'a;

struct Job {
    run: *const Task<'static>,
    participants: usize,
    tasks: usize,
}

/// One participant's share of the tasks: a range from which others take when theirs is empty.
#[repr(align(64))]
struct Share {
    next: AtomicUsize,
}

struct Shared {
    state: AtomicU64,
    job: UnsafeCell<Job>,
    shares: Vec<Share>,
    panicked: AtomicBool,
}

// SAFETY: `job` is written only while no worker can join, and read only by those who joined.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in `job` is used only while its owner waits in `Pool::run`.
unsafe impl Send for Shared {}

struct Worker {
    thread: Thread,
    parked: Arc<AtomicBool>,
}

/// The threads of this process.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Mutex<Vec<Worker>>,
}

/// How many threads the machine offers.
pub(crate) fn available() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX))
}

impl Pool {
    /// The one pool; threads are made when they are first asked for.
    pub(crate) fn global() -> &'static Self {
        static POOL: OnceLock<Pool> = OnceLock::new();
        POOL.get_or_init(Self::new)
    }

    fn new() -> Self {
        let idle: *const Task<'static> = &|_: usize, _: usize| {};
        Self {
            shared: Arc::new(Shared {
                state: AtomicU64::new(0),
                job: UnsafeCell::new(Job { run: idle, participants: 0, tasks: 0 }),
                shares: (0..THREADS_MAX).map(|_| Share { next: AtomicUsize::new(0) }).collect(),
                panicked: AtomicBool::new(false),
            }),
            workers: Mutex::new(Vec::new()),
        }
    }

    /// The workers, unless another run has them. A job that panicked has closed itself and left
    /// them whole.
    fn claim(&self) -> Option<MutexGuard<'_, Vec<Worker>>> {
        match self.workers.try_lock() {
            Ok(workers) => Some(workers),
            Err(TryLockError::Poisoned(poisoned)) => {
                self.workers.clear_poison();
                Some(poisoned.into_inner())
            }
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Runs `task(participant, number)` for every number below `tasks`, on up to `threads` threads,
    /// and returns when all are done. A pool that is busy with another run's job leaves all to the
    /// caller.
    pub(crate) fn run(&self, threads: usize, tasks: usize, task: &Task<'_>) {
        let participants = threads.min(tasks).min(THREADS_MAX);
        let workers = if participants > 1 { self.claim() } else { None };
        let Some(mut workers) = workers else {
            (0..tasks).for_each(|number| task(0, number));
            return;
        };
        self.ensure(&mut workers, participants - 1);
        self.shared.panicked.store(false, Ordering::Relaxed);
        let state = self.open(participants, tasks, task);
        for worker in workers.iter().take(participants - 1) {
            if worker.parked.swap(false, Ordering::SeqCst) {
                worker.thread.unpark();
            }
        }
        let guard = Closing { shared: &self.shared, state };
        self.shared.work(0, participants, tasks, task);
        drop(guard);
        drop(workers);
        assert!(
            !self.shared.panicked.swap(false, Ordering::Relaxed),
            "a task panicked in a worker"
        );
    }

    /// Publishes a job; returns the state while it can be joined.
    fn open(&self, participants: usize, tasks: usize, task: &Task<'_>) -> u64 {
        for (place, share) in self.shared.shares.iter().take(participants).enumerate() {
            share.next.store(place * tasks / participants, Ordering::Relaxed);
        }
        // SAFETY: only the lifetime changes; `run` does not return before the workers have left.
        let run = unsafe { std::mem::transmute::<&Task<'_>, &'static Task<'static>>(task) };
        let job = self.shared.job.get();
        // SAFETY: the workers' lock is held and the state is closed, so nobody reads the job now.
        unsafe { *job = Job { run, participants, tasks } };
        let state = ((self.shared.state.load(Ordering::Relaxed) / JOB + 1) * JOB) | OPEN;
        self.shared.state.store(state, Ordering::SeqCst);
        state
    }

    fn ensure(&self, workers: &mut Vec<Worker>, count: usize) {
        while workers.len() < count {
            let place = workers.len() + 1;
            let shared = Arc::clone(&self.shared);
            let parked = Arc::new(AtomicBool::new(false));
            let flag = Arc::clone(&parked);
            let name = format!("rhyton-{place}");
            let spawned =
                thread::Builder::new().name(name).spawn(move || shared.serve(place, &flag));
            // Fewer threads give the same result later.
            let Ok(handle) = spawned else { return };
            workers.push(Worker { thread: handle.thread().clone(), parked });
        }
    }
}

/// Closes the job and waits for the workers in it, also when the caller's own task panics.
struct Closing<'a> {
    shared: &'a Shared,
    state: u64,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.shared.state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut rounds = 0_u32;
        while self.shared.state.load(Ordering::Acquire) & JOINED != 0 {
            rounds += 1;
            if rounds.is_multiple_of(4096) {
                thread::yield_now();
            } else {
                hint::spin_loop();
            }
        }
        debug_assert!(self.state & OPEN != 0);
    }
}

impl Shared {
    /// Takes tasks from the own share, then from the others'.
    fn work(&self, participant: usize, participants: usize, tasks: usize, task: &Task<'_>) {
        for turn in 0..participants {
            let owner = (participant + turn) % participants;
            let end = (owner + 1) * tasks / participants;
            loop {
                let number = self.shares[owner].next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    break;
                }
                task(participant, number);
            }
        }
    }

    /// A worker's life.
    fn serve(&self, place: usize, parked: &AtomicBool) {
        let mut seen = 0;
        loop {
            let state = self.wait(seen, parked);
            seen = state / JOB;
            if !self.join(state) {
                continue;
            }
            let job = self.job.get();
            // SAFETY: this worker joined an open job, so it is not rewritten until it leaves.
            let job = unsafe { &*job };
            if place < job.participants {
                // SAFETY: the closure's owner waits until this worker has left.
                let task = unsafe { &*job.run };
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    self.work(place, job.participants, job.tasks, task);
                }));
                if outcome.is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
            }
            self.state.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Waits for a job after number `seen` that can be joined.
    fn wait(&self, seen: u64, parked: &AtomicBool) -> u64 {
        let fresh = |state: u64| state & OPEN != 0 && state / JOB != seen;
        loop {
            let start = Instant::now();
            while start.elapsed() < SPIN {
                for _ in 0..64 {
                    let state = self.state.load(Ordering::Acquire);
                    if fresh(state) {
                        return state;
                    }
                    hint::spin_loop();
                }
            }
            parked.store(true, Ordering::SeqCst);
            if !fresh(self.state.load(Ordering::SeqCst)) {
                thread::park();
            }
            parked.store(false, Ordering::SeqCst);
        }
    }

    /// Enters the job of `state`, unless it has been closed.
    fn join(&self, state: u64) -> bool {
        let mut now = state;
        loop {
            if now & OPEN == 0 || now / JOB != state / JOB {
                return false;
            }
            match self.state.compare_exchange_weak(
                now,
                now + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_panicked_costs_no_later_job_its_workers() {
        let pool = Pool::new();
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.run(2, 8, &|_, task| assert!(task > 8, "expected by the test"));
        }));
        assert!(failed.is_err());
        assert!(pool.claim().is_some());
        let sum = AtomicUsize::new(0);
        pool.run(2, 8, &|_, task| {
            sum.fetch_add(task, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 28);
    }

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            for round in 0..200 {
                let counts: Vec<AtomicUsize> = (0..round).map(|_| AtomicUsize::new(0)).collect();
                Pool::global().run(threads, round, &|participant, task| {
                    assert!(participant < threads);
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }
}
