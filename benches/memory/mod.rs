//! Peak memory of a computation, by an allocator that counts bytes. One thread at a time is measured.
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn more(bytes: usize) {
    PEAK.fetch_max(HELD.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}
fn less(bytes: usize) {
    HELD.fetch_sub(bytes, Relaxed);
}
// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        more(layout.size());
        // SAFETY: the caller's promise to `alloc`, handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        more(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        less(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(p, layout) }
    }
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // both may be held while the numbers move
        more(size);
        // SAFETY: as above.
        let new = unsafe { System.realloc(p, layout, size) };
        less(layout.size());
        new
    }
}
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `f` holds at one time, its result included, above what is held before.
pub fn peak<R>(f: impl FnOnce() -> R) -> usize {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    drop(black_box(f()));
    PEAK.load(Relaxed) - before
}
