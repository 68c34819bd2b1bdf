#![allow(unsafe_code, reason = "a counting allocator is an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use rhyton::{Fit, Predict, Verbose};

use crate::training::{clouds, network};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is the system allocator's; counting touches no memory of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates in the second of two equal calls.
fn allocations(mut call: impl FnMut()) -> usize {
    call();
    let before = COUNT.with(Cell::get);
    call();
    COUNT.with(Cell::get) - before
}

/// What an epoch costs does not grow with the number of its batches.
#[test]
fn no_batch_allocates() {
    let mut model = network("swish");
    let [few, many] = [clouds(32), clouds(320)];
    let mut fit = |(x, y): &(rhyton::Array, rhyton::Array)| {
        allocations(|| {
            let options = Fit::new().batch_size(8).verbose(Verbose::Silent);
            model.fit(x, y, options).unwrap();
        })
    };
    assert_eq!(fit(&few), fit(&many), "fit");
    let predict = |(x, _): &(rhyton::Array, rhyton::Array)| {
        allocations(|| drop(model.predict(x, Predict::new().batch_size(8)).unwrap()))
    };
    assert_eq!(predict(&few), predict(&many), "predict");
}
