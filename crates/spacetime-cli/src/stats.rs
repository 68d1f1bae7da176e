//! `spacetime stats`: what a trace is made of, and what costs time and space.

use serde_json::{Value as Json, json};
use spacetime_model::SessionId;
use spacetime_store::Stats;

use crate::failure::Failure;
use crate::options::StatsOptions;
use crate::place::{self, PlaceId};
use crate::screen::{STRONG, Screen, styled};
use crate::table::table;
use crate::text;

/// Reads the whole trace, or one session of it, and says what it is made of.
pub fn run(options: &StatsOptions, screen: &mut Screen) -> Result<(), Failure> {
    let (id, path) = place::id_and_path(&options.arguments)?;
    let session = match id {
        None => None,
        Some(PlaceId::Session(id)) => Some(id),
        Some(_) => {
            return Err(Failure::Misuse(
                "stats are those of a whole trace or of a session: sN".to_owned(),
            ));
        }
    };
    let stats = place::open(&path)?.stats(session)?;
    if screen.is_json {
        return screen.json(&stats_json(&stats));
    }
    print(&stats, session, screen)
}

fn print(stats: &Stats, session: Option<SessionId>, screen: &mut Screen) -> Result<(), Failure> {
    let of = session.map_or_else(
        || "the whole trace".to_owned(),
        |id| format!("session {id}"),
    );
    writeln!(
        screen,
        "{}: {}, {}",
        styled(STRONG, of),
        text::counted(stats.n_calls, "call"),
        text::counted(stats.n_states, "state"),
    )?;
    writeln!(
        screen,
        "stored in {}: {:.1} bytes a state (uncompressed: {:.1}, keyframes aside)",
        text::bytes(stats.stored_bytes),
        per(stats.stored_bytes, stats.n_states),
        per(
            stats.records.iter().map(|(_, bytes, _)| bytes).sum(),
            stats.n_states
        ),
    )?;
    writeln!(
        screen,
        "viewable: {:.2} % of {}{}",
        100.0 * viewable_rate(stats),
        text::counted(stats.n_variables - stats.n_live, "variable"),
        match stats.is_sample {
            true => ", a sample of those in its states",
            false => " in its states",
        },
    )?;
    if stats.n_live > 0 {
        writeln!(
            screen,
            "apart from these: {} with a lock, a socket, an iterator or the like inside",
            text::counted(stats.n_live, "variable"),
        )?;
    }
    let parts: [(&str, &str, Vec<[String; 2]>); 2] = [
        (
            "not viewable because of",
            ">variables",
            stats
                .not_viewable
                .iter()
                .map(|(name, n)| [name.clone(), text::count(*n)])
                .collect(),
        ),
        (
            "table of the file",
            ">bytes",
            stats
                .bytes_by_table
                .iter()
                .map(|(name, n)| [name.clone(), text::bytes(*n)])
                .collect(),
        ),
    ];
    for (what, unit, rows) in parts.into_iter().filter(|(_, _, rows)| !rows.is_empty()) {
        let mut listed = table(&[what, unit], screen.width);
        listed.add_rows(rows);
        writeln!(screen, "\n{}", listed.trim_fmt())?;
    }
    let mut records = table(
        &["kind of record", ">number", ">bytes", ">a state"],
        screen.width,
    );
    for (name, bytes, n) in &stats.records {
        records.add_row([
            name.clone(),
            text::count(*n),
            text::bytes(*bytes),
            format!("{:.2}", per(*bytes, stats.n_states)),
        ]);
    }
    writeln!(screen, "\n{}", records.trim_fmt())?;
    advice(stats).map_or(Ok(()), |advice| writeln!(screen, "\n{advice}"))
}

/// The option that would save most, where one kind of record stands out.
fn advice(stats: &Stats) -> Option<String> {
    let total: u64 = stats.records.iter().map(|(_, bytes, _)| bytes).sum();
    let (name, bytes, _) = stats.records.first()?;
    if *bytes * 2 < total {
        return None;
    }
    Some(format!(
        "More than half of it is {name} records. Recording fewer functions at line granularity \
         (`--line=PATTERN`), fewer lines (`@line(lines=...)`) or fewer variables (`ignore=...`) saves most."
    ))
}

/// The share of variables whose every leaf is shown, of those that have a value apart from the program.
fn viewable_rate(stats: &Stats) -> f64 {
    per(stats.n_viewable, stats.n_variables - stats.n_live)
}

fn per(total: u64, number: u64) -> f64 {
    if number == 0 {
        0.0
    } else {
        total as f64 / number as f64
    }
}

fn stats_json(stats: &Stats) -> Json {
    let records = stats.records.iter();
    let records: Vec<Json> = records
        .map(|(name, bytes, n)| json!({ "kind": name, "bytes": bytes, "number": n }))
        .collect();
    let pairs = |pairs: &[(String, u64)]| -> Json {
        pairs
            .iter()
            .map(|(name, n)| json!({ "name": name, "n": n }))
            .collect()
    };
    json!({
        "n_calls": stats.n_calls,
        "n_states": stats.n_states,
        "stored_bytes": stats.stored_bytes,
        "keyframe_bytes": stats.keyframe_bytes,
        "stored_bytes_per_state": per(stats.stored_bytes, stats.n_states),
        "n_variables": stats.n_variables,
        "is_sample": stats.is_sample,
        "n_viewable": stats.n_viewable,
        "n_live": stats.n_live,
        "viewable_rate": viewable_rate(stats),
        "not_viewable": pairs(&stats.not_viewable),
        "bytes_by_table": pairs(&stats.bytes_by_table),
        "records": records,
    })
}
