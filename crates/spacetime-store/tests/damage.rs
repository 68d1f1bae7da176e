//! Damaged, foreign and hostile files: a clear error that names the place, what is before it
//! readable, nothing touched, no panic.

mod common;

use std::path::Path;

use common::{N_CODES, Program, Random, code, session_info};
use rusqlite::{Connection, params};
use spacetime_model::{CallId, SessionId, StateId};
use spacetime_store::sealed::{Place, Sealed, Sealer};
use spacetime_store::{CallFilter, Error, Options, Recording, Target, Trace};

/// A trace of several chunks, the last of them without flush.
fn record(path: &Path) -> u64 {
    let target = Target::File(path.into());
    let (recording, ring) = Recording::create(target, &Options::default()).unwrap();
    let session = recording.begin_session(session_info()).unwrap();
    for number in 0..N_CODES {
        recording.add_code(number, code(number)).unwrap();
    }
    let mut program = Program::new(ring, 1, session);
    program.stride = u64::MAX;
    for _ in 0..4 {
        for _ in 0..300 {
            program.step();
        }
        program.sink.commit();
        recording.flush().unwrap();
    }
    recording.close().unwrap();
    program.n_states
}

/// Asks every kind of question. The answers do not matter, that there are some does; errors say in a
/// line which trace is meant.
fn ask_everything(trace: &Trace) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut note = |error: Option<Error>| {
        if let Some(error) = error {
            let text = error.to_string();
            assert!(text.contains(".spacetime"), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
            errors.push(error);
        }
    };
    let sessions = match trace.sessions() {
        Ok(sessions) => sessions,
        Err(error) => {
            note(Some(error));
            return errors;
        }
    };
    for session in &sessions {
        let n_states = session.n_states.min(2000);
        for number in (0..n_states).step_by(50) {
            note(trace.state(StateId(session.first_state.0 + number)).err());
        }
        for number in 0..session.n_calls.min(50) {
            let id = CallId(session.first_call.0 + number);
            note(trace.call(id).err());
            note(trace.call_values(id).err());
            note(trace.state_of_call(id, 3).err());
        }
    }
    note(trace.calls(&CallFilter::default(), 0, 100).err());
    note(trace.codes(None).err());
    note(trace.stats(None).err());
    errors
}

#[test]
fn what_is_not_a_trace_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let other_database = folder.path().join("other.db");
    Connection::open(&other_database)
        .unwrap()
        .execute_batch("CREATE TABLE t(x)")
        .unwrap();
    std::fs::write(folder.path().join("empty"), "").unwrap();
    std::fs::write(folder.path().join("short"), "print(1)").unwrap();
    std::fs::write(folder.path().join("long.py"), "print(1)\n".repeat(100)).unwrap();
    let cases = [
        (".", "a folder"),
        ("empty", "an empty file"),
        ("short", "a short file of another kind"),
        ("long.py", "a file of another kind"),
        ("other.db", "a database of another program"),
    ];
    for (name, expected) in cases {
        let path = folder.path().join(name);
        let before = std::fs::read(&path).ok();
        for overwrite in [false, true] {
            let options = Options {
                overwrite,
                ..Options::default()
            };
            let written = Recording::create(Target::File(path.clone()), &options)
                .err()
                .unwrap();
            let read = Trace::open(&path).err().unwrap();
            for error in [written, read] {
                let Error::NotATrace { found, .. } = &error else {
                    panic!("{name}: {error}");
                };
                assert_eq!(found, expected);
            }
        }
        assert_eq!(std::fs::read(&path).ok(), before, "{name} is as it was");
    }
    let nowhere = folder.path().join("no/such/run.spacetime");
    assert!(matches!(Trace::open(&nowhere), Err(Error::NotFound(_))));
    let created = Recording::create(Target::File(nowhere), &Options::default());
    assert!(
        created
            .err()
            .unwrap()
            .to_string()
            .contains("there is no folder")
    );
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(&path);
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let read = Trace::open(&path).err().unwrap();
    assert!(
        matches!(read, Error::NewerFormat { found: 99, .. }),
        "{read}"
    );
    for overwrite in [false, true] {
        let options = Options {
            overwrite,
            ..Options::default()
        };
        let written = Recording::create(Target::File(path.clone()), &options)
            .err()
            .unwrap();
        assert!(matches!(written, Error::NewerFormat { .. }), "{written}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn overwriting_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(&path);
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let (recording, _ring) = Recording::create(Target::File(path.clone()), &options).unwrap();
    assert!(Trace::open(&path).unwrap().sessions().unwrap().is_empty());
    recording.close().unwrap();
}

#[test]
fn flipped_bytes_are_found_and_named_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    let n_states = record(&path);
    let database = Connection::open(&path).unwrap();
    let chunk = "SELECT data, first_state FROM chunk WHERE number = 2";
    let (data, first_state): (i64, i64) = database
        .query_row(chunk, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let records: Vec<u8> = database
        .query_row(
            "SELECT records FROM chunk_data WHERE id = ?",
            [data],
            |row| row.get(0),
        )
        .unwrap();
    let set = "UPDATE chunk_data SET records = ? WHERE id = ?";
    for at in (0..records.len()).step_by(1 + records.len() / 20) {
        let mut flipped = records.clone();
        flipped[at] ^= 4;
        database.execute(set, params![flipped, data]).unwrap();
        let trace = Trace::open(&path).unwrap();
        let error = trace.state(StateId(1 + n_states - 1)).unwrap_err();
        assert!(
            error.to_string().contains("chunk 2 of session 1"),
            "{error}"
        );
        let before = trace.state(StateId(first_state as u64)).unwrap();
        assert_eq!(before.id, StateId(first_state as u64));
        assert!(trace.call(CallId(1)).is_ok(), "directories are apart");
    }
}

#[test]
fn records_that_lie_give_errors_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(&path);
    let database = Connection::open(&path).unwrap();
    let rows: Vec<(i64, i64, Vec<u8>, Vec<u8>)> = database
        .prepare("SELECT id, number, records, directory FROM chunk_data JOIN chunk ON data = id")
        .unwrap()
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut random = Random(99);
    let mut sealer = Sealer::new().unwrap();
    let mut n_errors = 0;
    let is_told = |error: &&Error| match error {
        Error::Damaged { .. } => true,
        Error::NoSuch { what, .. } => what.starts_with("state 3 in call"),
        _ => false,
    };
    for round in 0..150 {
        let (id, number, records, directory) = &rows[round % rows.len()];
        let (session, number) = (SessionId(1), *number as u64);
        let place = Place::Chunk { session, number };
        let sealed = Sealed::open(place, records, 2).unwrap();
        let mut delta = sealed.part(1).unwrap();
        let place_of_directory = Place::Directory { session, number };
        let sealed = Sealed::open(place_of_directory, directory, 1).unwrap();
        let mut listing = sealed.part(0).unwrap();
        let victim = if round % 3 == 0 {
            &mut listing
        } else {
            &mut delta
        };
        for _ in 0..1 + random.below(4) {
            let at = random.below(victim.len() as u64) as usize;
            match random.below(3) {
                0 => victim[at] = random.below(256) as u8,
                1 => victim.truncate(at.max(1)),
                _ => victim.splice(at..at, [0xFF; 9]).for_each(drop),
            }
        }
        let lie = sealer.seal(place, &[b"", &delta]).unwrap();
        let listing = sealer.seal(place_of_directory, &[&listing]).unwrap();
        let set = "UPDATE chunk_data SET records = ?, directory = ? WHERE id = ?";
        database.execute(set, params![lie, listing, id]).unwrap();
        let errors = ask_everything(&Trace::open(&path).unwrap());
        let is_damage = |error: &&Error| matches!(error, Error::Damaged { .. });
        n_errors += errors.iter().filter(is_damage).count();
        let untold = errors.iter().find(|error| !is_told(error));
        assert!(
            untold.is_none(),
            "damage told as something else: {untold:?}"
        );
        database
            .execute(set, params![records, directory, id])
            .unwrap();
    }
    assert!(n_errors > 150, "the lies were read: {n_errors}");
    assert!(
        ask_everything(&Trace::open(&path).unwrap())
            .iter()
            .all(|error| {
                matches!(error, Error::NoSuch { what, .. } if what.starts_with("state 3"))
            })
    );
}

#[test]
fn pages_that_others_emptied_or_cut_are_told_as_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(&path);
    let whole = std::fs::read(&path).unwrap();
    let n_pages = whole.len() / 4096;
    let mut n_broken = 0;
    for page in 1..n_pages {
        let mut emptied = whole.clone();
        emptied[page * 4096..][..4096].fill(0);
        for found in [&emptied, &whole[..page * 4096].to_vec()] {
            std::fs::write(&path, found).unwrap();
            let errors = match Trace::open(&path) {
                Ok(trace) => ask_everything(&trace),
                Err(error) => vec![error],
            };
            for error in errors {
                let text = error.to_string();
                if matches!(&error, Error::NoSuch { what, .. } if what.starts_with("state 3")) {
                    continue;
                }
                assert!(text.contains("run.spacetime is damaged"), "{text}");
                n_broken += u64::from(matches!(error, Error::Broken { .. }));
            }
        }
    }
    assert!(n_broken > 10, "{n_broken}");
}

#[test]
fn rows_that_lie_give_errors_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let lies = [
        "UPDATE chunk SET number = number + 1 WHERE number = 3",
        "UPDATE chunk SET keyframe = 2 WHERE number = 3",
        "UPDATE chunk SET keyframe = 77",
        "UPDATE chunk SET n_states = -5",
        "UPDATE chunk SET n_states = 9223372036854775807",
        "UPDATE chunk SET first_call = 9223372036854775807, n_calls = 9223372036854775807",
        "UPDATE chunk SET data = 99",
        "UPDATE session SET n_states = 9223372036854775807, n_calls = 9223372036854775807",
        "UPDATE session SET state_base = 9223372036854775807, call_base = -1",
        "UPDATE session SET argv = 'no json', exit_kind = 7, ended_unix_ns = -3",
        "UPDATE code SET slots = '[', global_names = 'x', first_line = 9223372036854775807",
        "DELETE FROM session_code",
        "DELETE FROM chunk",
        "DELETE FROM chunk WHERE number = 0",
        "DELETE FROM code",
        "DROP TABLE chunk",
        "UPDATE session SET name = NULL, pid = 'x'",
    ];
    for lie in lies {
        let path = folder.path().join("run.spacetime");
        let _ = std::fs::remove_file(&path);
        record(&path);
        // A lie that the tables' own constraints refuse needs no reader to find it.
        let _ = Connection::open(&path).unwrap().execute_batch(lie);
        match Trace::open(&path) {
            Ok(trace) => drop(ask_everything(&trace)),
            Err(error) => drop(error.to_string()),
        }
    }
}

#[test]
fn a_cell_that_was_never_written_so_is_damage_and_its_row_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(&path);
    record(&path);
    let whole = std::fs::read(&path).unwrap();
    let session = "the row of session with id 1";
    let code = "the row of code with id 2";
    let cells = [
        ("session", "ended_unix_ns = 5, exit_kind = 'bogus'", session),
        ("session", "ended_unix_ns = 5, exit_kind = NULL", session),
        ("session", "argv = 'no json'", session),
        ("session", "argv = '{}'", session),
        ("session", "pid = 'x'", session),
        ("session", "n_states = -1", session),
        ("session", "started_unix_ns = -1", session),
        ("code", "slots = '['", code),
        ("code", "slots = '[[\"a\", \"bogus\"]]'", code),
        ("code", "global_names = 'x'", code),
        ("code", "first_line = 9223372036854775807", code),
        ("code", "text = replace(text, char(10), ' ')", code),
        ("code", "file = 'elsewhere.py'", code),
        ("chunk", "n_states = -5", "the row of chunk with number 2"),
        ("chunk", "data = 'x'", "the row of chunk with number 2"),
        (
            "session_code",
            "code = 99",
            "the row of session_code with session 1",
        ),
    ];
    for (table, cell, place) in cells {
        std::fs::write(&path, &whole).unwrap();
        let which = match table {
            "session" => "id = 1",
            "code" => "id = 2",
            _ => "session = 1 AND number = 2",
        };
        let lie = format!("UPDATE {table} SET {cell} WHERE {which}");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "foreign_keys", false).unwrap();
        assert_eq!(database.execute(&lie, []).unwrap(), 1, "{lie}");
        drop(database);
        let trace = Trace::open(&path).unwrap();
        let errors = ask_everything(&trace);
        let is_named =
            |error: &Error| matches!(error, Error::Damaged { place: told, .. } if told == place);
        assert!(errors.iter().any(is_named), "{lie}: {errors:?}");
        if table != "code" {
            let second = trace.session(SessionId(2)).unwrap();
            let state = trace.state(second.first_state);
            assert!(state.is_ok(), "the other session is read: {lie}: {state:?}");
        }
    }
}

#[test]
fn a_file_cut_anywhere_gives_errors_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.spacetime");
    record(&path);
    let whole = std::fs::read(&path).unwrap();
    let cut_path = folder.path().join("cut.spacetime");
    let mut random = Random(7);
    for _ in 0..60 {
        let cut = random.below(whole.len() as u64) as usize;
        std::fs::write(&cut_path, &whole[..cut]).unwrap();
        if let Ok(trace) = Trace::open(&cut_path) {
            assert!(!ask_everything(&trace).is_empty(), "cut at {cut}");
        }
        let mut flipped = whole.clone();
        for _ in 0..8 {
            let at = random.below(whole.len() as u64) as usize;
            flipped[at] ^= 1 << random.below(8);
        }
        std::fs::write(&cut_path, &flipped).unwrap();
        if let Ok(trace) = Trace::open(&cut_path) {
            ask_everything(&trace);
        }
    }
}
