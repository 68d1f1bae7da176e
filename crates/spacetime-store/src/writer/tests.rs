use std::sync::atomic::Ordering;

use super::*;
use crate::ring::{RingWriter, ring};
use crate::stream::{Sink, put_line, record};

/// A recording whose writer thread a test prepared, in this folder.
fn start(
    folder: &tempfile::TempDir,
    options: &Options,
    prepare: impl FnOnce(&mut Writer),
) -> (crate::Recording, RingWriter) {
    let target = Target::File(folder.path().join("run.spacetime"));
    let (ring_writer, ring_reader) = ring(options.ring_bytes).unwrap();
    let recording = crate::Recording::with_writer(target, options, ring_reader, |parts| {
        let mut writer = Writer::open(parts)?;
        prepare(&mut writer);
        Ok(writer)
    })
    .unwrap();
    recording.wake();
    recording.begin_session(SessionInfo::default()).unwrap();
    (recording, ring_writer)
}

fn call(ring: &mut RingWriter) {
    ring.bytes(&[record::CALL, 0, 1, 1]);
    ring.record_end();
    ring.commit();
}

fn lines(ring: &mut RingWriter, n_lines: u32) {
    let mut random = 1u64;
    for _ in 0..n_lines {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1);
        put_line(ring, (random >> 40) as i32);
        ring.record_end();
        ring.commit();
    }
}

#[test]
fn a_full_disk_is_told_and_what_came_before_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring) = start(&folder, &Options::default(), |writer| {
        let connection = writer.connection.as_ref().unwrap();
        connection
            .pragma_update(None, "max_page_count", 100)
            .unwrap();
    });
    call(&mut ring);
    lines(&mut ring, 1000);
    recording.flush().unwrap();
    // More than the ring holds: after the failure the program is not kept waiting.
    lines(&mut ring, 8_000_000);
    let flushed = recording.flush().unwrap_err();
    assert!(matches!(flushed, Error::DiskFull(_)), "{flushed}");
    assert_eq!(recording.health(), Health::Failed);
    let closed = recording.close().unwrap_err();
    assert!(matches!(closed, Error::DiskFull(_)), "{closed}");
    let trace = crate::Trace::open(&folder.path().join("run.spacetime")).unwrap();
    assert!(trace.sessions().unwrap()[0].n_states >= 1000);
}

#[test]
fn a_budget_used_up_is_said_and_is_the_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        max_bytes: 0,
        ..Options::default()
    };
    let (recording, mut ring) = start(&folder, &options, |_| {});
    recording.flush().unwrap();
    assert_eq!(recording.health(), Health::Ok);
    call(&mut ring);
    lines(&mut ring, 501);
    recording.flush().unwrap();
    assert_eq!(recording.health(), Health::OverBytes);
    let end = EndInfo {
        kind: spacetime_model::ExitKind::Completed,
        message: None,
    };
    recording.end_session(end).unwrap();
    recording.begin_session(SessionInfo::default()).unwrap();
    assert_eq!(recording.health(), Health::Ok);
    assert_eq!(recording.close().unwrap().n_states, 501);
}

#[test]
fn a_bad_record_is_told_and_what_came_before_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring) = start(&folder, &Options::default(), |_| {});
    call(&mut ring);
    lines(&mut ring, 10);
    ring.bytes(&[record::FREE, 99]);
    ring.record_end();
    ring.commit();
    let error = recording.close().unwrap_err().to_string();
    assert!(
        error.contains("the death of an object that is not there"),
        "{error}"
    );
    let trace = crate::Trace::open(&folder.path().join("run.spacetime")).unwrap();
    assert_eq!(trace.sessions().unwrap()[0].n_states, 10);
}

#[test]
fn the_clock_moves_while_a_session_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, _ring) = start(&folder, &Options::default(), |_| {});
    let clock = recording.clock();
    let before = clock.load(Ordering::Relaxed);
    while clock.load(Ordering::Relaxed) == before {
        std::thread::yield_now();
    }
    assert!(recording.session_started().is_some());
    recording.close().unwrap();
}
