//! A trace that is moved or removed while it is recorded.

use std::path::Path;

use spacetime_model::SessionInfo;
use spacetime_store::recording::ProcessInfo;
use spacetime_store::stream::{Sink, record};
use spacetime_store::{Options, Recording, Result, RingWriter, Summary, Target, Trace};

/// Records a call before something happens to the trace and one after it.
fn record_while(path: &Path, happening: impl FnOnce()) -> Result<Summary> {
    let target = Target::File(path.into());
    let (recording, mut ring) = Recording::create(target, &Options::default()).unwrap();
    recording.begin_session(SessionInfo::default()).unwrap();
    call(&mut ring);
    recording.flush().unwrap();
    happening();
    call(&mut ring);
    recording.close()
}

fn call(ring: &mut RingWriter) {
    ring.bytes(&[record::CALL, 0, 1, 1]);
    ring.record_end();
    ring.commit();
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let names = entries.map(|entry| name(entry).into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_trace_whose_folder_is_moved_is_one_file_there() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    std::fs::create_dir(&before).unwrap();
    let summary = record_while(&before.join("run.spacetime"), || {
        std::fs::rename(&before, &after).unwrap();
    });
    let place = after.join("run.spacetime");
    assert_eq!(summary.unwrap().moved_to.as_ref(), Some(&place));
    assert_eq!(names_in(&after), ["run.spacetime"]);
    assert_eq!(
        Trace::open(&place).unwrap().sessions().unwrap()[0].n_calls,
        2
    );
}

#[test]
fn a_trace_that_is_moved_without_its_side_files_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    std::fs::create_dir(&after).unwrap();
    let place = after.join("run.spacetime");
    let closed = record_while(&before, || std::fs::rename(&before, &place).unwrap()).unwrap_err();
    let said = closed.to_string();
    assert!(said.contains("is no longer at its path"), "{said}");
    assert!(said.contains("before-wal"), "{said}");
    assert_eq!(
        Trace::open(&place).unwrap().sessions().unwrap()[0].n_calls,
        2
    );
}

#[test]
fn a_trace_that_is_removed_is_not_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let closed = record_while(&path, || std::fs::remove_file(&path).unwrap()).unwrap_err();
    assert!(
        closed.to_string().contains("is no longer at its path"),
        "{closed}"
    );
}

#[test]
fn a_trace_that_was_moved_is_found_again_after_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    std::fs::create_dir(&before).unwrap();
    let target = Target::File(before.join("run.spacetime"));
    let (parent, mut ring) = Recording::create(target, &Options::default()).unwrap();
    parent.begin_session(SessionInfo::default()).unwrap();
    call(&mut ring);
    parent.flush().unwrap();
    std::fs::rename(&before, &after).unwrap();
    parent.rest();
    let process = ProcessInfo {
        pid: 1,
        started_unix_ns: 2,
    };
    let (child, mut ring_of_child) = parent.follow_fork(None, process).unwrap();
    for (recording, ring) in [(parent, &mut ring), (child, &mut ring_of_child)] {
        call(ring);
        recording.wake();
        recording.close().unwrap();
    }
    assert_eq!(names_in(&after), ["run.spacetime"]);
    let trace = Trace::open(&after.join("run.spacetime")).unwrap();
    let sessions = trace.sessions().unwrap().into_iter();
    let n_calls: Vec<_> = sessions.map(|session| session.n_calls).collect();
    assert_eq!(n_calls, [2, 1]);
}
