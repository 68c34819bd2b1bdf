#![allow(unsafe_code, reason = "a counting allocator is an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use rhyton_graph::{Backend, RunOptions};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType};

use crate::blog::{Network, batch};
use crate::compare::sample;
use crate::convolutions;

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

/// On one thread, where this test's count sees everything, and with workers, whose closures borrow.
#[test]
fn a_training_step_allocates_nothing_after_the_first() {
    let network = Network::BLOG;
    let session = NativeBackend.session(None, network.variables()).unwrap();
    network.initialise(session.as_ref()).unwrap();
    let step = session.compile(&network.training_step().unwrap()).unwrap();
    let batches = [batch(&network, 128), batch(&network, 60)];
    let mut outputs = Vec::new();
    for threads in [1, 2] {
        let options = RunOptions { threads, cancel: None };
        for round in 0..3 {
            let before = COUNT.with(Cell::get);
            for [x, labels] in &batches {
                step.run(&[x, labels], &mut outputs, &options).unwrap();
            }
            let allocated = COUNT.with(Cell::get) - before;
            assert!(round == 0 || allocated == 0, "{allocated} on {threads} threads");
        }
    }
}

/// Convolutions and their gradients of every kind, at changing batch sizes.
#[test]
fn convolutions_allocate_nothing_after_the_first() {
    for case in convolutions::cases() {
        let graph = convolutions::network(&case);
        let program = NativeBackend.session(None, Arc::new([])).unwrap().compile(&graph).unwrap();
        let batches = [5, 2].map(|count| -> Vec<Array> {
            let specs = graph.inputs.iter().map(|&id| &graph.node(id).spec);
            specs.map(|spec| sample(DType::F32, &spec.shape.bind(count), 1)).collect()
        });
        let batches = batches.each_ref().map(|arrays| arrays.iter().collect::<Vec<&Array>>());
        let mut outputs = Vec::new();
        for round in 0..3 {
            let before = COUNT.with(Cell::get);
            for inputs in &batches {
                let options = RunOptions { threads: 1, cancel: None };
                program.run(inputs, &mut outputs, &options).unwrap();
            }
            let allocated = COUNT.with(Cell::get) - before;
            assert!(round == 0 || allocated == 0, "{allocated}");
        }
    }
}
