use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rhyton_tensor::{Array, DType};

use crate::augmentation::{Augmenter, Scratch};
use crate::{Error, Result, Rows, Stored};

/// A batch that is being made, in buffers that are used again.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) arrays: Vec<Array>,
    pub(super) samples: Vec<usize>,
    error: Option<Error>,
}

impl Job {
    pub(super) fn new(columns: usize) -> Self {
        let arrays = vec![Array::zeros(DType::U8, &[0]); columns];
        Self { arrays, samples: Vec::new(), error: None }
    }

    /// Takes the samples' rows from the columns in memory.
    pub(super) fn take(&mut self, columns: &[Rows<'_>], samples: &[usize]) -> Result<()> {
        self.samples.clear();
        self.samples.extend_from_slice(samples);
        for (column, buffer) in columns.iter().zip(&mut self.arrays) {
            if let Rows::Array(array) = column {
                array.gather_rows_into(samples, buffer)?;
            }
        }
        Ok(())
    }

    /// Takes the rows from files and changes the images.
    fn finish(&mut self, work: &mut Work) -> Result<()> {
        for (place, column) in &work.stored {
            column.gather_into(&self.samples, &mut self.arrays[*place])?;
        }
        if let Some(augmenter) = &work.augmenter {
            augmenter.apply(&mut self.arrays, &self.samples, work.epoch, &mut work.scratch);
        }
        Ok(())
    }
}

/// What the thread does with every job.
struct Work {
    stored: Vec<(usize, Stored)>,
    augmenter: Option<Augmenter>,
    epoch: (u64, u64),
    scratch: Scratch,
}

/// The columns that stay in files, with their places.
pub(super) fn stored(columns: &[Rows<'_>]) -> Vec<(usize, Stored)> {
    let stored = |(place, column): (usize, &Rows<'_>)| match column {
        Rows::Stored(stored) => Some((place, (*stored).clone())),
        Rows::Array(_) => None,
    };
    columns.iter().enumerate().filter_map(stored).collect()
}

/// A thread that finishes batches in the order in which they were sent. Rows in memory are taken by
/// the sender, who only borrows them; the thread then owns all that it works on.
#[derive(Debug)]
pub(super) struct Ahead {
    /// `None` once the thread has to end.
    jobs: Option<SyncSender<Job>>,
    done: Receiver<Job>,
    thread: Option<JoinHandle<()>>,
    idle: Vec<Job>,
    /// Jobs that were never made, of as many as may be under way.
    unmade: usize,
    under_way: usize,
}

impl Ahead {
    pub(super) fn start(
        stored: Vec<(usize, Stored)>,
        augmenter: Option<Augmenter>,
        epoch: (u64, u64),
        depth: usize,
    ) -> Result<Self> {
        let (jobs, received) = sync_channel::<Job>(depth);
        let (finished, done) = sync_channel::<Job>(depth);
        let mut work = Work { stored, augmenter, epoch, scratch: Scratch::default() };
        let run = move || {
            for mut job in received {
                job.error = job.finish(&mut work).err();
                if finished.send(job).is_err() {
                    break;
                }
            }
        };
        let builder = thread::Builder::new().name("rhyton-batches".to_owned());
        let thread =
            builder.spawn(run).map_err(|source| Error::Thread { reason: source.to_string() })?;
        let idle = Vec::with_capacity(depth);
        Ok(Self { jobs: Some(jobs), done, thread: Some(thread), idle, unmade: depth, under_way: 0 })
    }

    /// A job that is not under way, if there is one.
    pub(super) fn idle(&mut self, columns: usize) -> Option<Job> {
        if let Some(job) = self.idle.pop() {
            return Some(job);
        }
        self.unmade = self.unmade.checked_sub(1)?;
        Some(Job::new(columns))
    }

    pub(super) fn send(&mut self, job: Job) -> Result<()> {
        self.under_way += 1;
        let Some(jobs) = &self.jobs else { return Err(ended()) };
        jobs.send(job).map_err(|_ended| ended())
    }

    /// Waits for the oldest job and puts it in place of `current`; false if none is under way.
    pub(super) fn receive(&mut self, current: &mut Job) -> Result<bool> {
        if self.under_way == 0 {
            return Ok(false);
        }
        let mut job = self.done.recv().map_err(|_ended| ended())?;
        self.under_way -= 1;
        let error = job.error.take();
        std::mem::swap(current, &mut job);
        self.idle.push(job);
        error.map_or(Ok(true), Err)
    }
}

fn ended() -> Error {
    Error::Thread { reason: "it ended early".to_owned() }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.jobs = None;
        // Room for all results keeps the thread from waiting for a receiver.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
