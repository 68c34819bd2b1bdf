#![allow(unsafe_code, reason = "machine code that was made at run time is entered here")]
//! Executable memory, and the call into it. Pages are written, and from then on only read and
//! executed.

use std::io;
use std::sync::Arc;

use memmap2::{Mmap, MmapMut};

use crate::arena::Region;

/// Code in executable memory.
#[derive(Debug)]
pub(crate) struct Pages(Mmap);

impl Pages {
    /// Copies code to memory of its own.
    ///
    /// # Errors
    /// If the system gives no memory, or none that may be executed.
    pub(crate) fn new(code: &[u8]) -> io::Result<Self> {
        let mut pages = MmapMut::map_anon(code.len().max(1))?;
        pages[..code.len()].copy_from_slice(code);
        Ok(Self(pages.make_exec()?))
    }
}

/// How many pointers a function takes at most.
pub(super) const ARGUMENTS_MAX: usize = 64;

/// A function in executable memory.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) pages: Arc<Pages>,
    pub(super) entry: usize,
    /// For each pointer the bytes of its elements, 0 where it points to the one element of all;
    /// and whether they are written.
    pub(super) arguments: Vec<(usize, bool)>,
}

impl Function {
    /// Runs over so many elements, whole vectors, of the places: one for each pointer.
    pub(super) fn call(&self, places: impl ExactSizeIterator<Item = Region>, elements: usize) {
        assert_eq!(places.len(), self.arguments.len(), "every pointer has a place");
        if elements == 0 {
            return;
        }
        let mut pointers = [std::ptr::null_mut(); ARGUMENTS_MAX];
        for ((pointer, place), &(bytes, written)) in
            pointers.iter_mut().zip(places).zip(&self.arguments)
        {
            let bytes = if bytes == 0 { size_of::<f32>() } else { bytes * elements };
            *pointer = place.reach(bytes, written);
        }
        self.enter(&pointers, elements);
    }

    #[cfg(target_arch = "x86_64")]
    fn enter(&self, pointers: &[*mut u8; ARGUMENTS_MAX], elements: usize) {
        type Entry = unsafe extern "sysv64" fn(*const *mut u8, usize);
        let start: *const u8 = self.pages.0[self.entry..].as_ptr();
        // SAFETY: a function that `emit` made begins there, of this type.
        let function = unsafe { std::mem::transmute::<*const u8, Entry>(start) };
        // SAFETY: the code was made for instructions that this machine has, keeps to the calling
        // convention, and stays within the elements that `call` checked.
        unsafe { function(pointers.as_ptr(), elements) }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn enter(&self, _: &[*mut u8; ARGUMENTS_MAX], _: usize) {
        unreachable!("code is made only for x86-64");
    }
}
