//! `spacetime ls`: the sessions of a trace.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use spacetime_model::{ExitKind, Origin, Session};

use crate::failure::Failure;
use crate::json;
use crate::options::LsOptions;
use crate::place;
use crate::screen::{FAINT, Screen, styled};
use crate::table::table;
use crate::text;

/// Lists the sessions.
pub fn run(options: &LsOptions, screen: &mut Screen) -> Result<(), Failure> {
    let path = place::trace_path(options.file.clone())?;
    let sessions = place::open(&path)?.sessions()?;
    if screen.is_json {
        let sessions: Vec<Json> = sessions.iter().map(session_json).collect();
        return screen.json(&json!({ "trace": path.to_string_lossy(), "sessions": sessions }));
    }
    // A column of its own only where there are child processes.
    let is_tree = sessions.iter().any(|session| session.info.origin.is_some());
    let mut columns = vec![
        "id", "name", "started", ">length", ">calls", ">states", "python", "end",
    ];
    if is_tree {
        columns.insert(1, "made by");
    }
    let mut rows = table(&columns, screen.width);
    for session in &sessions {
        let info = &session.info;
        let mut row = vec![
            format!("s{}", session.id),
            info.name.clone(),
            local_time(info.started_unix_ns),
            length(session),
            text::count(session.n_calls),
            text::count(session.n_states),
            info.python_version.clone(),
            how_it_ended(session),
        ];
        if is_tree {
            row.insert(1, info.origin.map_or_else(String::new, made_by));
        }
        rows.add_row(row);
    }
    writeln!(screen, "{}", styled(FAINT, path.display()))?;
    writeln!(screen, "{}", rows.trim_fmt())
}

/// The call, or else the session, that made a process.
fn made_by(origin: Origin) -> String {
    match origin.call {
        Some(call) => format!("call {call}"),
        None => format!("s{}", origin.session),
    }
}

/// A session as JSON.
pub fn session_json(session: &Session) -> Json {
    let info = &session.info;
    let outcome = session.outcome.as_ref();
    json!({
        "id": session.id.0,
        "name": info.name,
        "description": info.description,
        "metadata": info.metadata_json.as_deref().map(json::parsed),
        "argv": info.argv,
        "python": info.python_version,
        "implementation": info.implementation,
        "platform": info.platform,
        "pid": info.pid,
        "cwd": info.cwd,
        "commit": info.commit,
        "tier": info.tier,
        "started_unix_ns": info.started_unix_ns,
        "ended_unix_ns": outcome.map(|outcome| outcome.ended_unix_ns),
        "end": outcome.map(|outcome| outcome.kind.name()),
        "message": outcome.and_then(|outcome| outcome.message.as_deref()),
        "origin_session": info.origin.map(|origin| origin.session.0),
        "origin_call": info.origin.and_then(|origin| origin.call).map(|call| call.0),
        "first_call": session.first_call.0,
        "n_calls": session.n_calls,
        "n_states": session.n_states,
    })
}

/// A time as a clock on the wall shows it.
pub fn local_time(unix_ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_ns)).map_or_else(
        |_| "unknown".to_owned(),
        |time| {
            time.to_zoned(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}

fn length(session: &Session) -> String {
    session
        .outcome
        .as_ref()
        .map_or_else(String::new, |outcome| {
            text::duration(
                outcome
                    .ended_unix_ns
                    .saturating_sub(session.info.started_unix_ns),
            )
        })
}

/// How a session ended, in a few words.
pub fn how_it_ended(session: &Session) -> String {
    let Some(outcome) = &session.outcome else {
        return "running, or cut off".to_owned();
    };
    let message = outcome.message.as_deref().unwrap_or_default();
    match outcome.kind {
        ExitKind::Completed => "completed".to_owned(),
        ExitKind::Interrupted => "interrupted".to_owned(),
        ExitKind::Exit if message.is_empty() => "exit".to_owned(),
        ExitKind::Exit => format!("exit {message}"),
        ExitKind::Signal => format!("ended by {message}"),
        ExitKind::Replaced if message.is_empty() => "became another program".to_owned(),
        ExitKind::Replaced => format!("became {message}"),
        ExitKind::Exception => message.lines().next().unwrap_or_default().to_owned(),
    }
}
