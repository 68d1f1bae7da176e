//! Threads that rest, for a process to fork, and sessions that wait for a first record.

use spacetime_model::{CallId, ExitKind, Origin, SessionId, SessionInfo};
use spacetime_store::recording::ProcessInfo;
use spacetime_store::stream::{Sink, record};
use spacetime_store::{EndInfo, Options, Recording, RingWriter, Target, Trace};

fn call(ring: &mut RingWriter) {
    ring.bytes(&[record::CALL, 0, 1, 1]);
    ring.record_end();
    ring.commit();
}

fn recording(folder: &tempfile::TempDir) -> (Recording, RingWriter, Target) {
    let target = Target::File(folder.path().join("run.spacetime"));
    let (recording, ring) = Recording::create(target.clone(), &Options::default()).unwrap();
    recording.begin_session(SessionInfo::default()).unwrap();
    (recording, ring, target)
}

#[test]
fn what_comes_while_the_threads_rest_waits_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring, target) = recording(&folder);
    call(&mut ring);
    recording.rest();
    assert!(recording.is_resting());
    let n_calls = || Trace::open_target(&target).unwrap().sessions().unwrap()[0].n_calls;
    assert_eq!(n_calls(), 1, "everything was stored before");
    call(&mut ring);
    recording.rest();
    assert_eq!(n_calls(), 1);
    recording.wake();
    recording.flush().unwrap();
    assert_eq!(n_calls(), 2);
    recording.rest();
    call(&mut ring);
    assert_eq!(recording.close().unwrap().n_calls, 3, "closing wakes them");
}

#[test]
fn a_ring_that_fills_up_meanwhile_fails_and_nothing_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring, _) = recording(&folder);
    recording.rest();
    for _ in 0..8_000_000 {
        call(&mut ring);
    }
    recording.close().unwrap_err();
}

#[test]
fn a_trace_that_was_removed_meanwhile_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring, target) = recording(&folder);
    recording.rest();
    std::fs::remove_file(target.path()).unwrap();
    call(&mut ring);
    recording.close().unwrap_err();
    assert!(!target.path().exists());
}

#[test]
fn a_session_of_which_nothing_is_recorded_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (parent, mut ring, target) = recording(&folder);
    call(&mut ring);
    let begun = parent.session().unwrap();
    let origin = Origin {
        session: begun.id,
        call: Some(begun.first_call),
    };
    let child = ProcessInfo {
        pid: 1,
        started_unix_ns: 2,
    };
    for n_records in [0, 1] {
        let (recording, mut ring) = parent.follow_fork(Some(origin), child).unwrap();
        assert!(recording.is_session_waiting());
        recording.describe_call(0, "{}".into()).unwrap();
        for _ in 0..n_records {
            call(&mut ring);
            recording.wake();
        }
        let end = EndInfo {
            kind: ExitKind::Completed,
            message: None,
        };
        recording.end_session(end).unwrap();
        assert_eq!(recording.close().unwrap().n_calls, n_records);
    }
    parent.close().unwrap();
    let sessions = Trace::open_target(&target).unwrap().sessions().unwrap();
    assert_eq!(sessions.len(), 2);
    let origin = sessions[1].info.origin.unwrap();
    assert_eq!(
        (origin.session, origin.call),
        (SessionId(1), Some(CallId(1)))
    );
    assert_eq!(sessions[1].info.pid, 1);
}

#[test]
fn an_end_that_did_not_come_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring, target) = recording(&folder);
    call(&mut ring);
    let replaced = EndInfo {
        kind: ExitKind::Replaced,
        message: Some("/bin/true".into()),
    };
    let ended = recording.end_ahead(replaced).unwrap();
    let outcome = || {
        Trace::open_target(&target).unwrap().sessions().unwrap()[0]
            .outcome
            .clone()
    };
    assert_eq!(outcome().unwrap().kind, ExitKind::Replaced);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "one file"
    );
    drop(ended);
    call(&mut ring);
    recording.flush().unwrap();
    assert_eq!(outcome(), None);
    assert_eq!(recording.close().unwrap().n_calls, 2);
}

#[test]
fn a_session_that_may_wait_begins_at_once_where_the_threads_run() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, mut ring, target) = recording(&folder);
    let end = EndInfo {
        kind: ExitKind::Completed,
        message: None,
    };
    recording.end_session(end).unwrap();
    recording
        .begin_session_when_needed(SessionInfo::default())
        .unwrap();
    call(&mut ring);
    assert_eq!(recording.close().unwrap().n_calls, 1);
    let sessions = Trace::open_target(&target).unwrap().sessions().unwrap();
    assert_eq!(sessions.len(), 2);
}
