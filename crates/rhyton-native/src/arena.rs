#![allow(
    unsafe_code,
    reason = "steps of a plan share one memory, cut into places that the plan keeps apart"
)]
//! The memory of a run: where each of a plan's places lies, and views of them as numbers.
//!
//! Invariant, upheld by the plan: in one step no task writes elements that another task reads or
//! writes, and a task holds no view of elements while it writes them. Views live only within one
//! operation of a task.

use bytemuck::{Pod, Zeroable};
use rhyton_graph::{Error, Result};

/// One cache line, the unit of the arena, so that every buffer is aligned for any vector width.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; 64]);

/// Bytes in a [`Line`].
pub(crate) const LINE_BYTES: usize = 64;

/// Makes `lines` hold at least so many bytes; it never shrinks. Fails where the machine has not
/// that much memory.
pub(crate) fn grow(lines: &mut Vec<Line>, bytes: usize) -> Result<()> {
    let count = bytes.div_ceil(LINE_BYTES);
    if lines.len() < count {
        lines.try_reserve_exact(count - lines.len()).map_err(|error| Error::Backend {
            backend: "native".to_owned(),
            what: format!("a run needs {bytes} bytes for intermediate values: {error}"),
            advice: "use smaller batches".to_owned(),
        })?;
        lines.resize(count, Line::zeroed());
    }
    Ok(())
}

/// One place: a start and a length in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    start: *mut u8,
    bytes: usize,
    writable: bool,
}

// SAFETY: a region is a number until a `Memory` makes views of it, whose invariant keeps tasks apart.
unsafe impl Send for Region {}
// SAFETY: as for `Send`.
unsafe impl Sync for Region {}

impl Region {
    /// A place that is only read.
    pub(crate) fn shared(bytes: &[u8]) -> Self {
        Self { start: bytes.as_ptr().cast_mut(), bytes: bytes.len(), writable: false }
    }

    /// A place that steps may write.
    pub(crate) fn exclusive(bytes: &mut [u8]) -> Self {
        Self { start: bytes.as_mut_ptr(), bytes: bytes.len(), writable: true }
    }

    /// Bytes `offset..offset + bytes` of this place.
    pub(crate) fn part(&self, offset: usize, bytes: usize) -> Self {
        assert!(offset + bytes <= self.bytes, "the arena was grown to hold its parts");
        Self { start: self.start.wrapping_add(offset), bytes, writable: self.writable }
    }
}

impl Region {
    /// The pointer to its first bytes, checked to be so many, and for writing if asked.
    pub(crate) fn reach(&self, bytes: usize, write: bool) -> *mut u8 {
        assert!(bytes <= self.bytes, "a step stays inside the places that its plan made");
        assert!(self.writable || !write, "a step writes only places of its own");
        self.start
    }
}

/// All places of a run.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    regions: &'a [Region],
}

impl<'a> Memory<'a> {
    /// The places, which must stay borrowed by the caller for `'a`.
    pub(crate) fn new(regions: &'a [Region]) -> Self {
        Self { regions }
    }

    /// The pointer to elements `start..start + count` of a place, checked against its size.
    fn locate<T: Pod>(&self, slot: usize, start: usize, count: usize) -> *mut T {
        let region = self.regions[slot];
        let end = start.checked_add(count).and_then(|end| end.checked_mul(size_of::<T>()));
        assert!(
            end.is_some_and(|end| end <= region.bytes),
            "a step stays inside the places that its plan made"
        );
        let typed: *mut T = region.start.cast();
        debug_assert!(typed.is_aligned());
        typed.wrapping_add(start)
    }

    /// Elements of a place, as numbers: whoever makes a view of them keeps to the invariant.
    pub(crate) fn region(&self, slot: usize, start: usize, [count, bytes]: [usize; 2]) -> Region {
        self.regions[slot].part(start * bytes, count * bytes)
    }

    /// Elements of a place.
    pub(crate) fn read<T: Pod>(&self, slot: usize, start: usize, count: usize) -> &'a [T] {
        let first = self.locate::<T>(slot, start, count);
        // SAFETY: `locate` checked the bounds; nobody writes these elements now (the invariant).
        unsafe { std::slice::from_raw_parts(first, count) }
    }

    /// Elements of a place for writing.
    #[allow(clippy::mut_from_ref, reason = "the plan keeps the writers apart, see the invariant")]
    pub(crate) fn write<T: Pod>(&self, slot: usize, start: usize, count: usize) -> &'a mut [T] {
        assert!(self.regions[slot].writable, "a step writes only places of its own");
        let first = self.locate::<T>(slot, start, count);
        // SAFETY: `locate` checked the bounds; nobody else views these elements now (the invariant).
        unsafe { std::slice::from_raw_parts_mut(first, count) }
    }
}

/// Working memory of the threads, one part for each.
pub(crate) struct Scratch<'a> {
    region: Region,
    part_bytes: usize,
    whole: std::marker::PhantomData<&'a mut [Line]>,
}

impl<'a> Scratch<'a> {
    /// Working memory of `part_bytes` (whole lines) for each thread.
    pub(crate) fn new(lines: &'a mut [Line], part_bytes: usize) -> Self {
        let region = Region::exclusive(bytemuck::cast_slice_mut(lines));
        Self { region, part_bytes, whole: std::marker::PhantomData }
    }

    /// The part of one participant of the pool, which runs one task at a time.
    #[allow(clippy::mut_from_ref, reason = "a participant asks only for its own part")]
    pub(crate) fn part(&self, participant: usize) -> &mut [f32] {
        let regions = [self.region];
        let count = self.part_bytes / size_of::<f32>();
        Memory { regions: &regions }.locate::<f32>(0, participant * count, count);
        let first: *mut f32 = self.region.start.cast();
        let first = first.wrapping_add(participant * count);
        // SAFETY: the bounds were checked above; parts do not overlap, and each has one user.
        unsafe { std::slice::from_raw_parts_mut(first, count) }
    }
}
