//! A call: arguments, globals, outcome, and its states with what changed at each.

use serde_json::{Value as Json, json};
use spacetime_model::{Call, CallId, CodeVersion, Granularity, State, StateKind, Value};
use spacetime_store::{CallFilter, CallValues, Place, Trace};

use super::{assignment, call_text, code_of, globals_beside_locals, outcome_text};
use crate::failure::Failure;
use crate::json;
use crate::preview::Preview;
use crate::same::is_same;
use crate::screen::{BAD, CHANGED, FAINT, STRONG, Screen, styled};
use crate::text;

/// Shows the call with about `limit` of its states: the first ones and the last ones.
pub fn show(trace: &Trace, id: CallId, limit: usize, screen: &mut Screen) -> Result<(), Failure> {
    let (call, code) = code_of(trace, id)?;
    let values = trace.call_values(id)?;
    let children = CallFilter {
        place: Place::ChildrenOf(id),
        ..CallFilter::default()
    };
    let n_children = trace.n_calls(&children)?;
    let metadata = trace.call_metadata(id)?;
    if screen.is_json {
        let states = shown_states(&call, limit)
            .into_iter()
            .flatten()
            .map(|index| Ok(state_json(&trace.state_of_call(id, index)?)))
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut document = call_json(&call, &code, &values);
        document["n_children"] = json!(n_children);
        document["metadata"] = json!(metadata.as_deref().map(json::parsed));
        document["states"] = json!(states);
        return screen.json(&document);
    }
    print_heading(&call, &code, &values, screen)?;
    for (name, fact) in metadata.iter().flat_map(|text| json::facts(text)) {
        writeln!(screen, "{name}: {}", styled(STRONG, fact))?;
    }
    let n = n_children as usize;
    if n > 0 {
        let first: Vec<String> = trace
            .calls(&children, 0, 8)?
            .iter()
            .map(|child| child.id.to_string())
            .collect();
        let more = if n > first.len() { ", …" } else { "" };
        writeln!(
            screen,
            "calls made: {} ({}{more})",
            text::count(n_children),
            first.join(", ")
        )?;
    }
    print_variables("arguments", &values, &values.arguments, screen)?;
    if !code.is_module() {
        print_variables("globals at the start", &values, &values.globals, screen)?;
    }
    writeln!(screen, "\n{}", styled(STRONG, "states"))?;
    let mut previous: Option<State> = None;
    for index in shown_states(&call, limit) {
        let Some(index) = index else {
            let hidden = call.n_states - shown_states(&call, limit).iter().flatten().count() as u64;
            let text = format!("  … {} more (--limit)", text::counted(hidden, "state"));
            writeln!(screen, "{}", styled(FAINT, text))?;
            previous = None;
            continue;
        };
        let state = trace.state_of_call(id, index)?;
        print_state(&code, &state, previous.as_ref(), screen)?;
        previous = Some(state);
    }
    Ok(())
}

/// The call as JSON, without its states.
fn call_json(call: &Call, code: &CodeVersion, values: &CallValues) -> Json {
    json!({
        "id": call.id.0,
        "session": call.session.0,
        "name": code.name,
        "qualname": code.qualname,
        "file": code.file,
        "line": code.first_line,
        "parent": call.parent.map(|parent| parent.0),
        "thread": call.thread,
        "task": call.task,
        "granularity": granularity_word(call.granularity),
        "outcome": call.outcome.name(),
        "entered_earlier": call.entered_earlier,
        "n_states": call.n_states,
        "started_ns": call.started_ns,
        "wall_ns": call.wall_ns(),
        "cpu_ns": call.cpu_ns,
        "arguments": json::named(&values.arguments),
        "globals": json::named(&values.globals),
        "objects": json::objects(&values.entry_graph),
        "result": values.result.as_ref().map(json::value),
        "result_objects": json::objects(&values.result_graph),
    })
}

fn state_json(state: &State) -> Json {
    json!({
        "id": format!("{}:{}", state.call, state.index),
        "kind": kind_word(state.kind),
        "line": state.line,
        "clock_ns": state.clock_ns,
    })
}

/// The indices of the states to show; nothing stands for those left out between.
fn shown_states(call: &Call, limit: usize) -> Vec<Option<u64>> {
    let limit = limit as u64;
    if call.n_states <= limit {
        return (0..call.n_states).map(Some).collect();
    }
    let head = limit.div_ceil(2);
    let tail = call.n_states - (limit - head);
    let head = (0..head).map(Some);
    head.chain([None])
        .chain((tail..call.n_states).map(Some))
        .collect()
}

fn print_heading(
    call: &Call,
    code: &CodeVersion,
    values: &CallValues,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let what = call_text(code, values, screen.width.saturating_sub(12));
    writeln!(
        screen,
        "{} {}",
        styled(STRONG, format_args!("call {}", call.id)),
        what
    )?;
    let outcome = outcome_text(call, values, screen.width.saturating_sub(20));
    // The coarse clock may not have ticked in between.
    let wall = call.wall_ns().filter(|wall| *wall > 0);
    let after = wall.map_or_else(String::new, |wall| {
        format!(" after {}", text::duration(wall))
    });
    writeln!(screen, "{outcome}{after}")?;
    let parent = call.parent.map_or_else(
        || "no recorded caller".to_owned(),
        |parent| format!("called by {parent}"),
    );
    let place = format!(
        "{}:{} · session s{} · thread {} · {parent} · {} level, {}",
        code.file,
        code.first_line,
        call.session,
        call.thread,
        granularity_word(call.granularity),
        text::counted(call.n_states, "state"),
    );
    writeln!(screen, "{}", styled(FAINT, place))?;
    if call.entered_earlier {
        let text = "recording began inside this call: its arguments may have been rebound before";
        writeln!(screen, "{}", styled(BAD, text))?;
    }
    Ok(())
}

fn print_variables(
    heading: &str,
    values: &CallValues,
    variables: &[(String, Value)],
    screen: &mut Screen,
) -> Result<(), Failure> {
    if variables.is_empty() {
        return Ok(());
    }
    let roots = values.arguments.iter().chain(&values.globals);
    let preview = Preview::of(&values.entry_graph, roots.map(|(_, value)| value));
    writeln!(screen, "\n{}", styled(STRONG, heading))?;
    for (name, value) in variables {
        let width = screen.width.saturating_sub(2);
        writeln!(screen, "  {}", assignment(&preview, name, value, width))?;
    }
    Ok(())
}

fn print_state(
    code: &CodeVersion,
    state: &State,
    previous: Option<&State>,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let id = text::padded(&format!("{}:{}", state.call, state.index), 8);
    let place = match state.kind {
        StateKind::Line => {
            let source = code.line(state.line).unwrap_or_default();
            format!(
                "{:>5}  {}",
                state.line,
                text::source_line(source.trim_end())
            )
        }
        kind => format!("{:>5}  <{}>", state.line, kind_word(kind)),
    };
    let source_width = (screen.width / 2).saturating_sub(10);
    let place = text::padded(&text::cut(&place, source_width), source_width);
    let room = screen.width.saturating_sub(source_width + 14);
    let changes = text::cut(&changes(state, previous, room).join("  "), room);
    writeln!(
        screen,
        "  {} {place}  {}",
        styled(FAINT, id),
        styled(CHANGED, changes)
    )
}

/// The variables that are not what they were at the previous state.
fn changes(state: &State, previous: Option<&State>, width: usize) -> Vec<String> {
    let roots = state.locals.iter().chain(&state.globals);
    let preview = Preview::of(&state.graph, roots.map(|(_, value)| value));
    changed_names(state, previous)
        .iter()
        .filter_map(|name| {
            let globals = state.globals.iter().filter(|_| previous.is_some());
            let mut variables = state.locals.iter().chain(globals);
            let (name, value) = variables.find(|(found, _)| found == name)?;
            Some(assignment(&preview, name, value, width.min(40)))
        })
        .collect()
}

/// The variables that are new or changed since the previous state of the call; all of them
/// where no previous one is known.
pub fn changed_names<'a>(state: &'a State, previous: Option<&State>) -> Vec<&'a str> {
    let is_changed = |(name, value): &(String, Value)| {
        previous.is_none_or(|previous| {
            let before = previous.locals.iter().chain(&previous.globals);
            let mut before = before.filter(|(found, _)| found == name);
            before
                .next()
                .is_none_or(|(_, old)| !is_same(old, &previous.graph, value, &state.graph))
        })
    };
    let variables = state.locals.iter().chain(globals_beside_locals(state));
    variables
        .filter(|variable| is_changed(variable))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// As shown to people.
pub fn kind_word(kind: StateKind) -> &'static str {
    match kind {
        StateKind::Line => "line",
        StateKind::Entry => "entry",
        StateKind::Exit => "exit",
    }
}

fn granularity_word(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Function => "function",
        Granularity::Line => "line",
    }
}
