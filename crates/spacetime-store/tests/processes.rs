//! Several processes at one trace: reading along while another records, opening and closing it at
//! once, and reading what is left when one is killed. This program runs itself as the recording process.

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{N_CODES, Program, Random, code, session_info};
use spacetime_model::{CallId, ExitKind, SessionId, StateId};
use spacetime_store::{Error, Options, Recording, RingWriter, Target, Trace};

const RECORD_TO: &str = "SPACETIME_TEST_RECORD_TO";
/// What a recording process does: [`WITHOUT_END`], [`MANY_TIMES`] or [`UNTIL_A_SIGNAL`].
const HOW: &str = "SPACETIME_TEST_HOW";
const WITHOUT_END: &str = "without end";
const MANY_TIMES: &str = "many times";
const UNTIL_A_SIGNAL: &str = "until a signal";
const STRIDE: u64 = 37;

fn main() {
    if let Some(path) = std::env::var_os(RECORD_TO) {
        let record = match std::env::var(HOW).unwrap().as_str() {
            MANY_TIMES => record_many_times,
            UNTIL_A_SIGNAL => record_until_a_signal,
            WITHOUT_END => record_without_end,
            other => panic!("no way to record is called {other:?}"),
        };
        return record(path.into());
    }
    let checks: [(&str, fn()); 6] = [
        ("another process reads along", another_process_reads_along),
        (
            "killed anywhere, a prefix is left",
            killed_anywhere_a_prefix_is_left,
        ),
        (
            "a trace that is being recorded is not overwritten",
            not_overwritten,
        ),
        ("two processes record into one trace", two_processes_record),
        (
            "processes open and close one trace at once",
            opened_and_closed_at_once,
        ),
        (
            "a signal that comes before the writer's thread has begun",
            signal_before_the_thread_begins,
        ),
    ];
    for (name, check) in checks {
        print!("test {name} ... ");
        check();
        println!("ok");
    }
}

/// Says after each flush how many states are stored.
fn record_without_end(path: PathBuf) {
    let (recording, ring) = Recording::create(Target::File(path), &Options::default()).unwrap();
    let session = recording.begin_session(session_info()).unwrap();
    for number in 0..N_CODES {
        recording.add_code(number, code(number)).unwrap();
    }
    let mut program = Program::new(ring, 3, session);
    program.stride = u64::MAX;
    loop {
        for _ in 0..2000 {
            program.step();
            program.sink.commit();
        }
        recording.flush().unwrap();
        println!("{} {}", session, program.n_states);
    }
}

const N_TIMES: usize = 40;

/// Opens and closes the trace again and again, each time with a session of its own.
fn record_many_times(path: PathBuf) {
    for _ in 0..N_TIMES {
        let (recording, ring) =
            Recording::follow(Target::File(path.clone()), &Options::default()).unwrap();
        record_some(&recording, ring);
        recording.close().unwrap();
    }
}

/// Records a session with a state in it.
fn record_some(recording: &Recording, ring: RingWriter) {
    recording.begin_session_when_needed(session_info()).unwrap();
    for number in 0..N_CODES {
        recording.add_code(number, code(number)).unwrap();
    }
    let mut program = Program::new(ring, 3, SessionId(1));
    program.stride = u64::MAX;
    while program.n_states == 0 {
        program.step();
    }
    program.sink.commit();
    recording.wake();
}

fn record_until_a_signal(path: PathBuf) {
    let (recording, ring) = Recording::follow(Target::File(path), &Options::default()).unwrap();
    record_some(&recording, ring);
    // As the handler of a signal does.
    assert!(recording.fatal_signal().leave(SIGTERM));
    std::thread::sleep(Duration::from_secs(60));
}

const SIGTERM: i32 = 15;

fn start(path: &Path, how: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(RECORD_TO, path).env(HOW, how);
    command
}

struct Recorder {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Recorder {
    fn start(path: &Path) -> Self {
        let mut child = start(path, WITHOUT_END)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The session and its number of states at the next flush.
    fn next_flush(&mut self) -> (u64, u64) {
        let line = self.lines.next().unwrap().unwrap();
        let (session, n_states) = line.split_once(' ').unwrap();
        (session.parse().unwrap(), n_states.parse().unwrap())
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same program, as it should be.
fn expected(n_states: u64, session: u64) -> Program<Vec<u8>> {
    let mut program = Program::new(Vec::new(), 3, SessionId(session));
    program.stride = STRIDE;
    while program.n_states < n_states {
        program.step();
    }
    program
}

fn check_prefix(trace: &Trace, session: u64) -> u64 {
    let session = trace.session(SessionId(session)).unwrap();
    let program = expected(session.n_states, session.id.0);
    let states = program
        .states
        .iter()
        .filter(|state| state.number < session.n_states);
    let mut n_checked = 0;
    for expected in states {
        let state = trace
            .state(StateId(session.first_state.0 + expected.number))
            .unwrap();
        assert_eq!(state.locals, expected.locals);
        assert_eq!(state.globals, expected.globals);
        assert_eq!(state.graph, expected.graph);
        assert_eq!(state.call.0 - session.first_call.0, expected.call);
        n_checked += 1;
    }
    for number in (0..session.n_calls).step_by(11) {
        trace
            .call_values(CallId(session.first_call.0 + number))
            .unwrap();
    }
    n_checked
}

fn another_process_reads_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let mut recorder = Recorder::start(&path);
    let (_, n_first) = recorder.next_flush();
    let trace = Trace::open(&path).unwrap();
    let n_states = || trace.sessions().unwrap()[0].n_states;
    assert!(n_states() >= n_first);
    // What is flushed while the trace is open is seen without opening it again.
    for _ in 0..3 {
        let (_, n_flushed) = recorder.next_flush();
        assert!(n_states() >= n_flushed);
        assert!(trace.state(StateId(n_flushed)).is_ok());
    }
    recorder.kill();
    assert!(check_prefix(&trace, 1) > 10);
}

fn killed_anywhere_a_prefix_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(std::process::id().into());
    for round in 0..12 {
        let path = folder.path().join(format!("{round}.spacetime"));
        let mut recorder = Recorder::start(&path);
        let (_, mut n_flushed) = recorder.next_flush();
        let until = Instant::now() + Duration::from_micros(random.below(120_000));
        while Instant::now() < until {
            n_flushed = recorder.next_flush().1;
        }
        recorder.kill();
        let trace = Trace::open(&path).unwrap();
        let n_states = trace.sessions().unwrap()[0].n_states;
        assert!(
            n_states >= n_flushed,
            "round {round}: {n_states} of {n_flushed} flushed"
        );
        assert!(check_prefix(&trace, 1) > 10);
        drop(trace);
        // It takes another session all the same, and is one file then.
        let target = Target::File(path.clone());
        let (recording, _ring) = Recording::create(target, &Options::default()).unwrap();
        recording.begin_session(session_info()).unwrap();
        recording.close().unwrap();
        assert!(!path.with_extension("spacetime-wal").exists());
        let sessions = Trace::open(&path).unwrap().sessions().unwrap();
        assert_eq!(sessions[0].n_states, n_states);
        assert_eq!(
            sessions[1].first_state,
            StateId(n_states + 1),
            "no hole after a dead session"
        );
    }
}

fn not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let mut recorder = Recorder::start(&path);
    recorder.next_flush();
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let refused = Recording::create(Target::File(path.clone()), &options)
        .err()
        .unwrap();
    assert!(matches!(refused, Error::Busy { .. }), "{refused}");
    recorder.next_flush();
    recorder.kill();
    assert!(Recording::create(Target::File(path), &options).is_ok());
}

fn two_processes_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let mut recorders = [Recorder::start(&path), Recorder::start(&path)];
    for _ in 0..3 {
        for recorder in &mut recorders {
            recorder.next_flush();
        }
    }
    let trace = Trace::open(&path).unwrap();
    for recorder in &mut recorders {
        let (session, n_flushed) = recorder.next_flush();
        assert!(trace.session(SessionId(session)).unwrap().n_states >= n_flushed);
        recorder.kill();
        assert!(check_prefix(&trace, session) > 10);
    }
    assert_eq!(trace.sessions().unwrap().len(), 2);
}

/// Each opening and closing switches the trace from one file to a file with a log, or back.
fn opened_and_closed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    Recording::create(Target::File(path.clone()), &Options::default())
        .unwrap()
        .0
        .close()
        .unwrap();
    let started = (0..16).map(|_| start(&path, MANY_TIMES).spawn().unwrap());
    let started: Vec<_> = started.collect();
    let n_processes = started.len();
    for mut process in started {
        assert!(process.wait().unwrap().success());
    }
    let trace = Trace::open(&path).unwrap();
    let sessions = trace.sessions().unwrap();
    assert_eq!(sessions.len(), n_processes * N_TIMES);
    for session in sessions {
        assert!(session.n_states > 0);
        assert!(trace.state(session.first_state).is_ok());
    }
    drop(trace);
    let database = rusqlite::Connection::open(&path).unwrap();
    let found = database.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(found.unwrap(), "ok");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn signal_before_the_thread_begins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let (recording, _ring) =
        Recording::create(Target::File(path.clone()), &Options::default()).unwrap();
    recording.close().unwrap();
    for round in 0..20 {
        let ended = start(&path, UNTIL_A_SIGNAL).status().unwrap();
        assert_eq!(ended.signal(), Some(SIGTERM));
        let sessions = Trace::open(&path).unwrap().sessions().unwrap();
        assert_eq!(sessions.len(), round + 1);
        assert!(sessions[round].n_states > 0);
        let end = sessions[round].outcome.as_ref().unwrap();
        assert_eq!(end.kind, ExitKind::Signal);
    }
}
