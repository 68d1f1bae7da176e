//! A session: what ran, how it ended, and its calls as a tree.
//!
//! Calls that follow each other, have the same function and ended in the same way are one line, and
//! only the first of them is unfolded; so a loop of a million calls is as short as one. Calls about
//! which something was said, as those of tests, have lines of their own.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use spacetime_model::{Call, CallId, CodeId, Outcome, Session};
use spacetime_store::{CallFilter, Place, Trace};

use super::{call_text, code_of, outcome_text};
use crate::failure::Failure;
use crate::json;
use crate::ls;
use crate::screen::{BAD, FAINT, STRONG, Screen, styled};
use crate::text;

/// How many calls are read at once.
const PAGE: usize = 1000;

/// Siblings beyond this many are counted, not looked at.
const MAX_SIBLINGS: u64 = 100_000;

/// How deep the tree is shown.
const MAX_DEPTH: usize = 40;

/// Shows the session in about `limit` lines.
pub fn show(
    trace: &Trace,
    session: &Session,
    limit: usize,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let mut tree = Tree {
        trace,
        session,
        metadata: trace.described_calls(session.id)?,
        lines: Vec::new(),
        limit,
        is_cut: false,
    };
    tree.add(Place::Roots, 0)?;
    if screen.is_json {
        let calls: Vec<Json> = tree.lines.iter().map(Run::json).collect();
        return screen.json(&json!({
            "session": ls::session_json(session),
            "calls": calls,
            "is_cut": tree.is_cut,
        }));
    }
    print_heading(session, screen)?;
    for line in &tree.lines {
        print_run(trace, line, screen)?;
    }
    if tree.is_cut {
        writeln!(
            screen,
            "{}",
            styled(
                FAINT,
                "… (more with --limit, or from a call: spacetime show ID)"
            )
        )?;
    }
    Ok(())
}

/// Calls that are shown in one line.
struct Run {
    first: Call,
    name: String,
    /// What was said about it; there is no more than one call then.
    metadata: Option<String>,
    n: u64,
    last: u64,
    n_states: u64,
    depth: usize,
}

impl Run {
    fn json(&self) -> Json {
        json!({
            "call": self.first.id.0,
            "last_call": self.last,
            "n": self.n,
            "name": self.name,
            "depth": self.depth,
            "n_states": self.n_states,
            "outcome": self.first.outcome.name(),
            "metadata": self.metadata.as_deref().map(json::parsed),
            "wall_ns": self.first.wall_ns(),
        })
    }
}

struct Tree<'a> {
    trace: &'a Trace,
    session: &'a Session,
    metadata: BTreeMap<CallId, String>,
    lines: Vec<Run>,
    limit: usize,
    is_cut: bool,
}

impl Tree<'_> {
    fn add(&mut self, place: Place, depth: usize) -> Result<(), Failure> {
        for run in self.runs(place, depth)? {
            if self.lines.len() >= self.limit || depth >= MAX_DEPTH {
                self.is_cut = true;
                return Ok(());
            }
            let first = run.first.id;
            self.lines.push(run);
            self.add(Place::ChildrenOf(first), depth + 1)?;
        }
        Ok(())
    }

    /// The calls at a place, those that follow each other and are alike taken together.
    fn runs(&mut self, place: Place, depth: usize) -> Result<Vec<Run>, Failure> {
        let filter = CallFilter {
            session: Some(self.session.id),
            name: None,
            place,
        };
        let alike = |call: &Call| -> (CodeId, Outcome) { (call.code, call.outcome) };
        let mut runs: Vec<Run> = Vec::new();
        let mut n_read = 0;
        loop {
            let page = self.trace.calls(&filter, n_read, PAGE)?;
            n_read += page.len() as u64;
            let is_last = page.len() < PAGE;
            for call in page {
                let metadata = self.metadata.remove(&call.id);
                match runs.last_mut() {
                    Some(run)
                        if alike(&run.first) == alike(&call)
                            && (&run.metadata, &metadata) == (&None, &None) =>
                    {
                        run.n += 1;
                        run.last = call.id.0;
                        run.n_states += call.n_states;
                    }
                    _ => runs.push(Run {
                        name: self.trace.code(call.code)?.qualname.clone(),
                        metadata,
                        n: 1,
                        last: call.id.0,
                        n_states: call.n_states,
                        depth,
                        first: call,
                    }),
                }
            }
            if n_read >= MAX_SIBLINGS || runs.len() > self.limit {
                self.is_cut |= !is_last;
                return Ok(runs);
            }
            if is_last {
                return Ok(runs);
            }
        }
    }
}

fn print_heading(session: &Session, screen: &mut Screen) -> Result<(), Failure> {
    let info = &session.info;
    writeln!(
        screen,
        "{} {} {}",
        styled(STRONG, format_args!("session s{}", session.id)),
        styled(STRONG, &info.name),
        styled(FAINT, ls::local_time(info.started_unix_ns)),
    )?;
    writeln!(
        screen,
        "{} in {}, Python {}; {}",
        text::counted(session.n_states, "state"),
        text::counted(session.n_calls, "call"),
        info.python_version,
        ls::how_it_ended(session),
    )?;
    if let Some(origin) = info.origin {
        let from = match origin.call {
            Some(call) => format!(
                "a process that call {call} of session s{} made",
                origin.session
            ),
            None => format!("a process that session s{} made", origin.session),
        };
        writeln!(screen, "{from}")?;
    }
    if let Some(description) = &info.description {
        writeln!(screen, "{}", text::source_line(description))?;
    }
    writeln!(screen)
}

fn print_run(trace: &Trace, run: &Run, screen: &mut Screen) -> Result<(), Failure> {
    let (call, code) = code_of(trace, run.first.id)?;
    let values = trace.call_values(call.id)?;
    let indent = "  ".repeat(run.depth);
    let facts = run.metadata.iter().flat_map(|text| json::facts(text));
    let facts: String = facts
        .map(|(name, fact)| format!("  {name}={fact}"))
        .collect();
    let room = screen
        .width
        .saturating_sub(indent.len() + 8 + text::columns(&facts))
        .max(30);
    // What went wrong is worth more room than what came out.
    let share = if call.outcome == Outcome::Raised {
        room * 2 / 3
    } else {
        room / 3
    };
    let outcome = outcome_text(&call, &values, share);
    let what = call_text(
        &code,
        &values,
        room.saturating_sub(text::columns(&outcome) + 8),
    );
    let id = text::padded(&call.id.to_string(), 6);
    let style = if call.outcome == Outcome::Raised {
        BAD
    } else {
        FAINT
    };
    write!(
        screen,
        "{} {indent}{what} {}",
        styled(FAINT, id),
        styled(style, outcome)
    )?;
    if run.n > 1 {
        let more = format!("×{} (to call {})", text::count(run.n), run.last);
        write!(screen, "  {}", styled(STRONG, more))?;
    }
    write!(screen, "{}", styled(STRONG, facts))?;
    writeln!(screen)
}
