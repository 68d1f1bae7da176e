//! `spacetime ls`: the sessions of a trace.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use spacetime_model::{ExitKind, Session};

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
    let mut rows = table(
        &[
            "id", "name", "started", ">length", ">calls", ">states", "python", "end",
        ],
        screen.width,
    );
    for session in &sessions {
        let info = &session.info;
        rows.add_row([
            format!("s{}", session.id),
            info.name.clone(),
            local_time(info.started_unix_ns),
            length(session),
            text::count(session.n_calls),
            text::count(session.n_states),
            info.python_version.clone(),
            how_it_ended(session),
        ]);
    }
    writeln!(screen, "{}", styled(FAINT, path.display()))?;
    writeln!(screen, "{}", rows.trim_fmt())
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
        ExitKind::Exception => message.lines().next().unwrap_or_default().to_owned(),
    }
}
