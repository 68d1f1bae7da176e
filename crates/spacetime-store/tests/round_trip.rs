//! What the writer thread stored is what the program was like: generated programs, asked about in
//! any order.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{ExpectedCall, ExpectedState, N_CODES, Program, Random, code, session_info};
use spacetime_model::{CallId, ExitKind, Outcome, Session, SessionId, StateId};
use spacetime_store::stream::{self, Sink};
use spacetime_store::{
    CallFilter, EndInfo, Options, Place, Recording, RingWriter, SqlValue, Target, Trace,
};

fn record(target: Target, seed: u64, n_steps: u64) -> Program<RingWriter> {
    let (recording, ring) = Recording::create(target, &Options::default()).unwrap();
    let session = recording.begin_session(session_info()).unwrap();
    for number in 0..N_CODES {
        recording.add_code(number, code(number)).unwrap();
    }
    let mut program = Program::new(ring, seed, session);
    program.stride = 1 + n_steps / 3000;
    for step in 0..n_steps {
        program.step();
        program.sink.commit();
        if step % (n_steps / 7) == 0 {
            recording.flush().unwrap();
        }
    }
    recording.end_session(end()).unwrap();
    let summary = recording.close().unwrap();
    assert_eq!(summary.n_states, program.n_states);
    assert_eq!(summary.n_calls, program.calls.len() as u64);
    program
}

fn end() -> EndInfo {
    EndInfo {
        kind: ExitKind::Exit,
        message: Some("3".into()),
    }
}

#[track_caller]
fn check_state(trace: &Trace, session: &Session, expected: &ExpectedState) {
    let state = trace
        .state(StateId(session.first_state.0 + expected.number))
        .unwrap();
    let found = ExpectedState {
        number: state.id.0 - session.first_state.0,
        call: state.call.0 - session.first_call.0,
        index: state.index,
        line: state.line,
        locals: state.locals.clone(),
        globals: state.globals.clone(),
        graph: state.graph.clone(),
        gap: state.gap.clone(),
    };
    assert_eq!(&found, expected);
    let by_call = trace.state_of_call(state.call, state.index).unwrap();
    assert_eq!(by_call, state);
}

#[track_caller]
fn check_call(trace: &Trace, session: &Session, number: u64, expected: &ExpectedCall) {
    let id = CallId(session.first_call.0 + number);
    let call = trace.call(id).unwrap();
    assert_eq!(
        call.parent,
        expected
            .parent
            .map(|parent| CallId(session.first_call.0 + parent))
    );
    assert_eq!(call.thread, expected.thread);
    assert_eq!(call.is_generator, expected.is_generator);
    assert_eq!(
        (call.outcome, call.n_states),
        (expected.outcome, expected.n_states)
    );
    let first_state = expected
        .first_state
        .map(|state| StateId(session.first_state.0 + state));
    assert_eq!(call.first_state, first_state);
    assert_eq!(
        trace.code(call.code).unwrap().name,
        code(expected.code).name
    );
    let values = trace.call_values(id).unwrap();
    let arguments: Vec<_> = values
        .arguments
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert_eq!(arguments, expected.arguments);
    assert_eq!(values.result, expected.result);
    assert_eq!(values.result_graph, expected.result_graph);
}

fn check_trace(trace: &Trace, program: &Program<RingWriter>) {
    let session = &trace.sessions().unwrap()[0];
    assert_eq!(
        (session.n_states, session.n_calls),
        (program.n_states, program.calls.len() as u64)
    );
    let mut random = Random(5);
    for _ in 0..300 {
        let at = random.below(program.states.len() as u64) as usize;
        check_state(trace, session, &program.states[at]);
    }
    for expected in &program.states {
        check_state(trace, session, expected);
    }
    for expected in program.states.iter().rev().take(200) {
        check_state(trace, session, expected);
    }
    let stride = 1 + program.calls.len() / 500;
    for (number, expected) in program.calls.iter().enumerate().step_by(stride) {
        check_call(trace, session, number as u64, expected);
    }
}

#[test]
fn generated_programs_come_back_state_by_state() {
    for (seed, n_steps) in [(1, 40), (2, 3000), (3, 400_000)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.spacetime");
        let program = record(Target::File(path.clone()), seed, n_steps);
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "a closed trace is one file");
        let trace = Trace::open(&path).unwrap();
        check_trace(&trace, &program);
        if n_steps > 100_000 {
            let query = "SELECT count(*) FROM chunk WHERE keyframe_bytes > 0";
            let n_keyframes = trace.sql(query, &[]).unwrap().rows.remove(0).remove(0);
            assert!(
                matches!(n_keyframes, SqlValue::Integer(3..)),
                "{n_keyframes:?}"
            );
            let pieces = trace.sql("SELECT count(*) FROM piece", &[]).unwrap();
            assert_ne!(pieces.rows[0][0], SqlValue::Integer(0), "pieces were read");
        }
    }
}

#[test]
fn a_trace_in_memory_is_read_by_name() {
    let target = Target::Memory("a name/with: signs".into());
    let program = record(target.clone(), 4, 5000);
    check_trace(&Trace::open_target(&target).unwrap(), &program);
    spacetime_store::forget_memory("a name/with: signs");
    assert!(Trace::open_target(&target).is_err());
}

#[test]
fn calls_are_listed_by_name_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let program = record(Target::File(path.clone()), 6, 20_000);
    let trace = Trace::open(&path).unwrap();
    let numbers = |filter: &CallFilter| -> Vec<u64> {
        let n_calls = trace.n_calls(filter).unwrap();
        let mut calls = trace.calls(filter, 0, 10).unwrap();
        calls.extend(trace.calls(filter, 10, usize::MAX).unwrap());
        assert_eq!(calls.len() as u64, n_calls);
        calls.iter().map(|call| call.id.0 - 1).collect()
    };
    let expected = |is_match: &dyn Fn(&ExpectedCall) -> bool| -> Vec<u64> {
        let calls = program.calls.iter().enumerate();
        calls
            .filter(|(_, call)| is_match(call))
            .map(|(number, _)| number as u64)
            .collect()
    };
    assert_eq!(numbers(&CallFilter::default()), expected(&|_| true));
    for name in ["function1", "Class.function1"] {
        let filter = CallFilter {
            name: Some(name.into()),
            ..CallFilter::default()
        };
        assert_eq!(numbers(&filter), expected(&|call| call.code == 1));
    }
    let roots = CallFilter {
        place: Place::Roots,
        ..CallFilter::default()
    };
    assert_eq!(numbers(&roots), expected(&|call| call.parent.is_none()));
    for parent in (0..program.calls.len() as u64).step_by(97) {
        let children = CallFilter {
            place: Place::ChildrenOf(CallId(parent + 1)),
            ..CallFilter::default()
        };
        assert_eq!(
            numbers(&children),
            expected(&|call| call.parent == Some(parent))
        );
    }
}

#[test]
fn stepping_through_a_call_visits_its_states() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let program = record(Target::File(path.clone()), 7, 20_000);
    let trace = Trace::open(&path).unwrap();
    let longest = program
        .calls
        .iter()
        .enumerate()
        .max_by_key(|(_, call)| call.n_states);
    let (number, expected) = longest.unwrap();
    let state_at = |index| {
        trace
            .state_of_call(CallId(number as u64 + 1), index)
            .unwrap()
    };
    let ids: Vec<StateId> = (0..expected.n_states)
        .map(|index| state_at(index).id)
        .collect();
    assert!(ids.is_sorted_by(|before, after| before < after));
    for (index, id) in ids.iter().enumerate().rev() {
        assert_eq!(state_at(index as u64).id, *id);
    }
    assert!(
        trace
            .state_of_call(CallId(number as u64 + 1), expected.n_states)
            .is_err()
    );
}

#[test]
fn sessions_follow_each_other_in_one_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let first = record(Target::File(path.clone()), 8, 500);
    let second = record(Target::File(path.clone()), 9, 500);
    let trace = Trace::open(&path).unwrap();
    let sessions = trace.sessions().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[1].first_state, StateId(first.n_states + 1));
    assert_eq!(sessions[1].first_call, CallId(first.calls.len() as u64 + 1));
    let outcome = sessions[1].outcome.clone().unwrap();
    assert_eq!(
        (outcome.kind, outcome.message),
        (ExitKind::Exit, Some("3".into()))
    );
    assert_eq!(second.states[0].graph.objects.len(), {
        let state = trace.state(sessions[1].first_state).unwrap();
        state.graph.objects.len()
    });
    for expected in &second.states {
        check_state(&trace, &sessions[1], expected);
    }
    let codes = trace.codes(None).unwrap();
    assert_eq!(codes.len(), N_CODES as usize, "code is shared by sessions");
    assert_eq!(*codes[1].1, code(1));
}

#[test]
fn statistics_count_every_byte_and_every_variable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let program = record(Target::File(path.clone()), 10, 20_000);
    let trace = Trace::open(&path).unwrap();
    let stats = trace.stats(None).unwrap();
    let raw = trace.sql(
        "SELECT sum(raw_bytes), count(*) FROM chunk WHERE session = ?",
        &[SqlValue::Integer(1)],
    );
    let raw = raw.unwrap();
    assert_eq!(raw.columns.len(), 2);
    let n_bytes: u64 = stats.records.iter().map(|record| record.1).sum();
    assert_eq!(raw.rows[0][0], SqlValue::Integer(n_bytes as i64));
    let n_lines = stats
        .records
        .iter()
        .find(|record| record.0 == "line")
        .unwrap()
        .2;
    assert_eq!(n_lines, program.n_states);
    let n_not_viewable: u64 = stats.not_viewable.iter().map(|reason| reason.1).sum();
    assert_eq!(stats.n_variables, stats.n_viewable + n_not_viewable);
    assert!(stats.n_viewable > 0 && n_not_viewable > 0);
    assert!(
        stats
            .bytes_by_table
            .iter()
            .any(|(table, bytes)| table == "chunk_data" && *bytes > 0)
    );
}

#[test]
fn queries_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(Target::File(path.clone()), 11, 500);
    let trace = Trace::open(&path).unwrap();
    let refused = [
        "DELETE FROM chunk",
        "CREATE TABLE t(x)",
        "PRAGMA user_version = 7",
        "ATTACH ':memory:' AS other",
        "SELECT load_extension('x')",
        "PRAGMA query_only = 0; DELETE FROM chunk",
    ];
    for query in refused {
        let _ = trace.sql(query, &[]);
    }
    assert!(trace.sql("ATTACH ':memory:' AS other", &[]).is_err());
    assert!(trace.sql("SELECT load_extension('x')", &[]).is_err());
    assert!(trace.sql("DELETE FROM chunk", &[]).is_err());
    let rows = trace
        .sql("SELECT qualname FROM code ORDER BY 1", &[])
        .unwrap();
    assert_eq!(rows.rows.len(), N_CODES as usize);
    assert!(trace.call(CallId(1)).unwrap().outcome != Outcome::Dropped);
    assert_eq!(trace.session(SessionId(1)).unwrap().info, session_info());
}

#[test]
fn what_is_said_of_calls_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(Target::File(path.clone()), 3, 500);
    let target = Target::File(path.clone());
    let (recording, ring) = Recording::create(target, &Options::default()).unwrap();
    let session = recording.begin_session(session_info()).unwrap();
    for number in 0..N_CODES {
        recording.add_code(number, code(number)).unwrap();
    }
    recording.describe_call(1, "{\"a\": 1}".into()).unwrap();
    let mut program = Program::new(ring, 4, session);
    for _ in 0..500 {
        program.step();
        program.sink.commit();
    }
    recording.describe_call(0, "{}".into()).unwrap();
    recording.flush().unwrap();
    recording.describe_call(1, "{\"b\": 2}".into()).unwrap();
    recording.end_session(end()).unwrap();
    recording.close().unwrap();
    let trace = Trace::open(&path).unwrap();
    let first = trace.session(session).unwrap().first_call;
    let said = |number| trace.call_metadata(CallId(first.0 + number)).unwrap();
    assert_eq!(said(0).as_deref(), Some("{}"));
    assert_eq!(said(1).as_deref(), Some("{\"b\": 2}"));
    assert_eq!(said(2), None);
    assert_eq!(trace.call_metadata(CallId(1)).unwrap(), None);
    let described = trace.described_calls(session).unwrap();
    let ids: Vec<CallId> = described.into_keys().collect();
    assert_eq!(ids, [first, CallId(first.0 + 1)]);
}

#[test]
fn a_discarded_session_leaves_nothing_but_its_ids() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(Target::File(path.clone()), 3, 500);
    let before = Trace::open(&path).unwrap();
    let (sessions, codes) = (before.sessions().unwrap(), before.codes(None).unwrap());
    let target = Target::File(path.clone());
    let (recording, mut ring) = Recording::create(target, &Options::default()).unwrap();
    let mut ids = Vec::new();
    for is_stored in [false, true, false] {
        let session = recording.begin_session(session_info()).unwrap();
        ids.push(session);
        recording.add_code(0, code(0)).unwrap();
        recording.describe_call(0, "{}".into()).unwrap();
        ring.bytes(&[stream::record::CALL, 0, 1, 1, 0x41]);
        ring.record_end();
        ring.commit();
        if is_stored {
            recording.flush().unwrap();
            let live = Trace::open(&path).unwrap().session(session).unwrap();
            assert_eq!((live.n_calls, live.n_states), (1, 1));
        }
        recording.discard_session().unwrap();
    }
    let last = recording.begin_session(session_info()).unwrap();
    recording.end_session(end()).unwrap();
    let summary = recording.close().unwrap();
    assert_eq!((summary.n_sessions, summary.n_calls), (1, 0));
    // Only what readers may have seen is not given again.
    assert_eq!(
        (ids[0], ids[1], ids[2], last),
        (SessionId(2), SessionId(2), SessionId(3), SessionId(3))
    );
    let trace = Trace::open(&path).unwrap();
    let left = trace.sessions().unwrap();
    assert_eq!(left[..1], sessions[..]);
    let old = &sessions[0];
    assert_eq!(left[1].first_call.0, old.first_call.0 + old.n_calls + 1);
    assert_eq!(left[1].first_state.0, old.first_state.0 + old.n_states + 1);
    assert_eq!(trace.codes(None).unwrap(), codes);
    for table in ["chunk", "call_metadata", "session_code"] {
        let query = format!("SELECT count(*) FROM {table} WHERE session > 1");
        let rows = trace.sql(&query, &[]).unwrap().rows;
        assert_eq!(rows, [[SqlValue::Integer(0)]]);
    }
}

/// A recording that was told of a code, and of which there are no records.
fn recording_of_code_alone(path: &Path) -> (Recording, RingWriter) {
    let target = Target::File(path.into());
    let (recording, ring) = Recording::create(target, &Options::default()).unwrap();
    recording.begin_session(session_info()).unwrap();
    recording.add_code(0, code(0)).unwrap();
    (recording, ring)
}

#[test]
fn a_discarded_session_leaves_nothing_of_what_was_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let (recording, _ring) = recording_of_code_alone(&path);
    recording.describe_call(0, "{}".into()).unwrap();
    recording.flush().unwrap();
    recording.discard_session().unwrap();
    recording.close().unwrap();
    let trace = Trace::open(&path).unwrap();
    for table in ["session", "session_code", "call_metadata", "code"] {
        let query = format!("SELECT count(*) FROM {table}");
        let rows = trace.sql(&query, &[]).unwrap().rows;
        assert_eq!(rows, [[SqlValue::Integer(0)]], "{table}");
    }
}

#[test]
fn what_is_said_is_stored_without_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let (_recording, _ring) = recording_of_code_alone(&path);
    let trace = Trace::open(&path).unwrap();
    let given_up = Instant::now() + Duration::from_secs(60);
    while trace.codes(None).unwrap().is_empty() {
        assert!(
            Instant::now() < given_up,
            "it would be lost with the process"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
