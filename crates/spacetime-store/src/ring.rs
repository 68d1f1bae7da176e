//! The buffer between the recorded program and the writer thread.
//!
//! Hot path: no lock, no allocation, no formatting, no log. Bench: `bench/run.py`.
//!
//! One producer ([`RingWriter`], used under the GIL) and one consumer ([`RingReader`], the writer
//! thread, which never takes the GIL). The memory is mapped twice back to back, so that every run
//! of bytes is one slice. Invariants:
//!
//! * the stream position `head` only grows; bytes before it are complete records and belong to the
//!   consumer, bytes from it on belong to the producer;
//! * `tail <= head <= tail + capacity`;
//! * a record is smaller than the ring. Capture splits large values; a record that is larger all
//!   the same makes the ring fail, which the writer thread reports.
//!
//! When the ring is full the producer waits: recording slows down, it loses nothing. Once the
//! consumer is gone, or the ring has failed, what is written is thrown away and nothing waits. A
//! consumer that rests takes nothing: a ring that fills up meanwhile fails.
//! After `fork` the child must not use the ring: the memory is shared.

use std::io;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::stream::Sink;

/// Creates a ring of at least this many bytes (rounded up to whole pages).
pub fn ring(capacity: usize) -> io::Result<(RingWriter, RingReader)> {
    let ring = Arc::new(Ring {
        memory: DoubleMapping::new(capacity)?,
        head: Padded(AtomicU64::new(0)),
        tail: Padded(AtomicU64::new(0)),
        is_consumer_gone: AtomicBool::new(false),
        is_consumer_resting: AtomicBool::new(false),
        has_failed: AtomicBool::new(false),
    });
    let start = ring.memory.start;
    let writer = RingWriter {
        next: start,
        // SAFETY: the mapping has 2 * capacity bytes, so its middle lies inside.
        limit: unsafe { start.add(ring.memory.capacity) },
        record_start: start,
        lap_position: 0,
        ring: Arc::clone(&ring),
    };
    Ok((writer, RingReader { ring, tail: 0 }))
}

struct Ring {
    memory: DoubleMapping,
    head: Padded,
    tail: Padded,
    is_consumer_gone: AtomicBool,
    is_consumer_resting: AtomicBool,
    has_failed: AtomicBool,
}

/// A counter on cache lines of its own.
#[repr(align(128))]
struct Padded(AtomicU64);

/// The producer's side.
pub struct RingWriter {
    /// Where the next byte goes; in the first `2 * capacity` bytes of the mapping.
    next: *mut u8,
    /// Bytes from here on are not free.
    limit: *mut u8,
    /// The end of the last complete record.
    record_start: *mut u8,
    /// Stream position of the mapping's first byte, in this lap.
    lap_position: u64,
    ring: Arc<Ring>,
}

// SAFETY: the pointers lead into the mapping that `ring` keeps alive, and there is one producer.
unsafe impl Send for RingWriter {}

impl RingWriter {
    /// Hands everything up to the last complete record to the consumer. Called once an event.
    #[inline(always)]
    pub fn commit(&mut self) {
        let position = self.position(self.record_start);
        self.ring.head.0.store(position, Ordering::Release);
    }

    #[inline(always)]
    fn position(&self, pointer: *mut u8) -> u64 {
        self.lap_position + (pointer as u64 - self.ring.memory.start as u64)
    }

    #[inline(always)]
    fn room(&self) -> usize {
        self.limit as usize - self.next as usize
    }

    /// Waits until at least `n` bytes are free. Says no if they never will be: the caller then drops them.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, n: usize) -> bool {
        if self.is_discarding() {
            return self.discard(n);
        }
        self.commit();
        let capacity = self.ring.memory.capacity as u64;
        let started = self.position(self.record_start);
        let position = self.position(self.next);
        if position - started + n as u64 > capacity {
            self.ring.has_failed.store(true, Ordering::Release);
            return self.discard(n);
        }
        // More than asked for, where there can be more, so that the next wait is not near.
        let wanted = (n as u64)
            .max(capacity / 16)
            .min(capacity - (position - started));
        let mut n_waits = 0u32;
        let free = loop {
            let tail = self.ring.tail.0.load(Ordering::Acquire);
            let free = capacity - (position - tail);
            if free >= wanted {
                break free;
            }
            if self.ring.is_consumer_gone.load(Ordering::Acquire)
                || self.ring.is_consumer_resting.load(Ordering::Acquire)
            {
                return self.discard(n);
            }
            n_waits += 1;
            if n_waits < 16 {
                std::thread::yield_now();
            } else {
                std::thread::sleep(Duration::from_micros(100));
            }
        };
        // The record begun so far moves with `next`: the same bytes are seen in both mappings.
        let offset = (started % capacity) as usize;
        self.lap_position = started - offset as u64;
        let start = self.ring.memory.start;
        // SAFETY: offset < capacity, and the record so far plus `free` is at most capacity, so all
        // three pointers stay within the 2 * capacity bytes of the mapping.
        unsafe {
            self.record_start = start.add(offset);
            self.next = self.record_start.add((position - started) as usize);
            self.limit = self.next.add(free as usize);
        }
        true
    }

    fn is_discarding(&self) -> bool {
        self.ring.has_failed.load(Ordering::Relaxed)
            || self.ring.is_consumer_gone.load(Ordering::Relaxed)
    }

    /// Nobody reads any more: start over at the beginning of the buffer, handing over nothing.
    fn discard(&mut self, n: usize) -> bool {
        self.ring.has_failed.store(true, Ordering::Release);
        let start = self.ring.memory.start;
        self.lap_position = self.ring.head.0.load(Ordering::Relaxed);
        self.next = start;
        self.record_start = start;
        // SAFETY: the mapping has 2 * capacity bytes.
        self.limit = unsafe { start.add(self.ring.memory.capacity) };
        n <= self.ring.memory.capacity
    }
}

impl Sink for RingWriter {
    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        if self.next == self.limit && !self.make_room(1) {
            return;
        }
        // SAFETY: next < limit, and bytes between them are ours.
        unsafe {
            self.next.write(byte);
            self.next = self.next.add(1);
        }
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        if self.room() < bytes.len() && !self.make_room(bytes.len()) {
            return;
        }
        // SAFETY: at least bytes.len() bytes from next on are ours.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), self.next, bytes.len());
            self.next = self.next.add(bytes.len());
        }
    }

    #[inline(always)]
    fn varint(&mut self, mut value: u64) {
        if self.room() < 10 && !self.make_room(10) {
            return;
        }
        let mut next = self.next;
        while value >= 0x80 {
            // SAFETY: a varint has at most 10 bytes, which are free.
            unsafe {
                next.write(value as u8 | 0x80);
                next = next.add(1);
            }
            value >>= 7;
        }
        // SAFETY: as above.
        unsafe {
            next.write(value as u8);
            self.next = next.add(1);
        }
    }

    #[inline(always)]
    fn record_end(&mut self) {
        self.record_start = self.next;
    }
}

/// The consumer's side.
pub struct RingReader {
    ring: Arc<Ring>,
    tail: u64,
}

impl RingReader {
    /// The committed bytes that were not consumed yet: whole records.
    pub fn committed(&self) -> &[u8] {
        // In this order: a head that moved after the failure brings the failure with it.
        let head = self.ring.head.0.load(Ordering::Acquire);
        if self.ring.has_failed.load(Ordering::Acquire) {
            return &[];
        }
        let memory = &self.ring.memory;
        let offset = (self.tail % memory.capacity as u64) as usize;
        let len = (head - self.tail) as usize;
        debug_assert!(len <= memory.capacity);
        // SAFETY: offset + len <= 2 * capacity; the producer does not write to bytes before head
        // until tail has passed them, and only `advance` (which needs `&mut self`) moves tail.
        unsafe { std::slice::from_raw_parts(memory.start.add(offset), len) }
    }

    /// Where what is committed by now ends.
    pub fn end(&self) -> u64 {
        self.ring.head.0.load(Ordering::Acquire)
    }

    /// Whether everything before an [`Self::end`] was taken.
    pub fn is_past(&self, end: u64) -> bool {
        self.tail >= end
    }

    /// Gives the first `n` committed bytes back to the producer.
    pub fn advance(&mut self, n: usize) {
        let head = self.ring.head.0.load(Ordering::Acquire);
        assert!(
            self.tail + n as u64 <= head,
            "advanced past what was committed"
        );
        self.tail += n as u64;
        self.ring.tail.0.store(self.tail, Ordering::Release);
    }

    /// Says that nothing will be taken for a while, or that it will be again.
    pub fn set_resting(&mut self, is_resting: bool) {
        let resting = &self.ring.is_consumer_resting;
        resting.store(is_resting, Ordering::Release);
    }

    /// Whether a record did not fit into the ring; nothing more will come.
    pub fn has_failed(&self) -> bool {
        self.ring.has_failed.load(Ordering::Acquire)
    }
}

impl Drop for RingReader {
    fn drop(&mut self) {
        self.ring.is_consumer_gone.store(true, Ordering::Release);
    }
}

/// Memory mapped twice, back to back.
struct DoubleMapping {
    start: *mut u8,
    capacity: usize,
}

// SAFETY: plain memory; access is arbitrated by head and tail.
unsafe impl Send for DoubleMapping {}
// SAFETY: as above.
unsafe impl Sync for DoubleMapping {}

impl DoubleMapping {
    fn new(capacity: usize) -> io::Result<Self> {
        // SAFETY: sysconf has no preconditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.max(4096) as usize;
        let capacity = capacity.max(page).next_multiple_of(page);
        let memory = shared_memory(capacity)?;
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&memory);
        // SAFETY: a fresh anonymous mapping reserves the address range.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                2 * capacity,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mapping = Self {
            start: start.cast(),
            capacity,
        };
        for half in 0..2 {
            // SAFETY: the target lies in the range reserved above, which nothing else uses.
            let mapped = unsafe {
                libc::mmap(
                    mapping.start.add(half * capacity).cast(),
                    capacity,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED | libc::MAP_FIXED,
                    descriptor,
                    0,
                )
            };
            if mapped == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(mapping)
    }
}

impl Drop for DoubleMapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new` and no slice of it outlives `self`.
        unsafe { libc::munmap(self.start.cast(), 2 * self.capacity) };
    }
}

#[cfg(target_os = "linux")]
fn shared_memory(len: usize) -> io::Result<std::fs::File> {
    // SAFETY: the name is a C string; the descriptor is checked below.
    let descriptor = unsafe { libc::memfd_create(c"spacetime-ring".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made and belongs to nobody else.
    let file = unsafe { <std::fs::File as std::os::fd::FromRawFd>::from_raw_fd(descriptor) };
    file.set_len(len as u64)?;
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn shared_memory(len: usize) -> io::Result<std::fs::File> {
    let file = tempfile::tempfile()?;
    file.set_len(len as u64)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes records of `1 + i % 7` bytes, so that they end everywhere around the ring.
    fn write_record(writer: &mut RingWriter, i: u64) {
        let len = 1 + i % 7;
        writer.byte(len as u8);
        for _ in 0..len {
            writer.byte(i as u8);
        }
        writer.record_end();
        writer.commit();
    }

    #[test]
    fn a_slow_reader_sees_every_record_in_order() {
        let (mut writer, mut reader) = ring(4096).unwrap();
        let n_records = 100_000u64;
        let reading = std::thread::spawn(move || {
            let mut i = 0;
            while i < n_records {
                let bytes = reader.committed();
                let mut at = 0;
                while at < bytes.len() {
                    let len = bytes[at] as usize;
                    assert_eq!(len as u64, 1 + i % 7);
                    assert!(bytes[at + 1..at + 1 + len].iter().all(|&b| b == i as u8));
                    at += 1 + len;
                    i += 1;
                }
                reader.advance(at);
                std::thread::yield_now();
            }
        });
        for i in 0..n_records {
            write_record(&mut writer, i);
        }
        reading.join().unwrap();
    }

    #[test]
    fn an_incomplete_record_is_not_handed_over() {
        let (mut writer, reader) = ring(4096).unwrap();
        writer.byte(1);
        writer.record_end();
        writer.bytes(&[2, 3]);
        writer.commit();
        assert_eq!(reader.committed(), [1]);
        writer.varint(300);
        writer.record_end();
        writer.commit();
        assert_eq!(reader.committed(), [1, 2, 3, 0xAC, 2]);
    }

    #[test]
    fn a_record_wider_than_the_ring_fails_it_and_nothing_hangs() {
        let (mut writer, mut reader) = ring(4096).unwrap();
        let large = vec![7; 3000];
        writer.bytes(&large);
        writer.record_end();
        writer.commit();
        reader.advance(3000);
        writer.bytes(&large);
        writer.bytes(&large);
        writer.record_end();
        writer.commit();
        assert!(reader.has_failed());
        assert!(reader.committed().is_empty());
        writer.bytes(&vec![1; 100_000]);
    }

    #[test]
    fn without_a_reader_writing_goes_nowhere_but_goes_on() {
        let (mut writer, reader) = ring(4096).unwrap();
        drop(reader);
        for i in 0..10_000 {
            write_record(&mut writer, i);
        }
    }
}
