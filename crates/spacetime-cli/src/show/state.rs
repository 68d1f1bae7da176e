//! A state: the source with the current line marked, the values beside it, and what changed since
//! the previous state of the call.

use serde_json::json;
use spacetime_model::{CallId, CodeVersion, State, StateKind, Value};
use spacetime_store::Trace;

use super::call::{changed_names, kind_word};
use super::{assignment, call_text, code_of, globals_beside_locals};
use crate::failure::Failure;
use crate::json;
use crate::preview::Preview;
use crate::screen::{BAD, CHANGED, CURRENT, FAINT, STRONG, Screen, styled};
use crate::text;

/// Lines of source shown before and after the current one.
const MARGIN: u32 = 10;

/// Columns given to a value that is shown in full below.
const FULL: usize = 4000;

/// Shows the state.
pub fn show(trace: &Trace, call: CallId, index: u64, screen: &mut Screen) -> Result<(), Failure> {
    let state = trace.state_of_call(call, index)?;
    let previous = match index {
        0 => None,
        _ => Some(trace.state_of_call(call, index - 1)?),
    };
    let code = trace.code(state.code)?;
    // Nothing is new at the first state: everything is.
    let changed = match &previous {
        None => Vec::new(),
        Some(previous) => changed_names(&state, Some(previous)),
    };
    if screen.is_json {
        return screen.json(&json!({
            "id": format!("{call}:{index}"),
            "state": state.id.0,
            "call": call.0,
            "index": index,
            "kind": kind_word(state.kind),
            "file": code.file,
            "line": state.line,
            "source": code.line(state.line),
            "clock_ns": state.clock_ns,
            "locals": json::named(&state.locals),
            "globals": json::named(&state.globals),
            "changed": changed,
            "objects": json::objects(&state.graph),
            "gap": state.gap,
        }));
    }
    print_heading(trace, &state, &code, screen)?;
    print_source_and_values(&state, &code, &changed, screen)
}

fn print_heading(
    trace: &Trace,
    state: &State,
    code: &CodeVersion,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let (call, _) = code_of(trace, state.call)?;
    let values = trace.call_values(state.call)?;
    let heading = format!("state {}:{}", state.call, state.index);
    let of = format!("of {}", call.n_states);
    let what = call_text(
        code,
        &values,
        screen.width.saturating_sub(heading.len() + 12),
    );
    writeln!(
        screen,
        "{} {} {what}",
        styled(STRONG, &heading),
        styled(FAINT, of)
    )?;
    let kind = match state.kind {
        StateKind::Line => String::new(),
        kind => format!(" · {}", kind_word(kind)),
    };
    let place = format!(
        "{}:{}{kind} · session s{} · {} after its start",
        code.file,
        state.line,
        call.session,
        text::duration(state.clock_ns),
    );
    writeln!(screen, "{}", styled(FAINT, place))?;
    if let Some(gap) = &state.gap {
        writeln!(
            screen,
            "{}",
            styled(BAD, format_args!("not all was captured: {gap}"))
        )?;
    }
    writeln!(screen)
}

/// A line of the right column.
struct Beside<'a> {
    text: String,
    is_changed: bool,
    /// The variable, if its value did not fit.
    cut: Option<(&'a str, &'a Value)>,
}

fn print_source_and_values(
    state: &State,
    code: &CodeVersion,
    changed: &[&str],
    screen: &mut Screen,
) -> Result<(), Failure> {
    let left = source_lines(state, code);
    let longest = left
        .iter()
        .map(|(_, line)| text::columns(line))
        .max()
        .unwrap_or(0);
    let left_width = longest.min(screen.width * 11 / 20);
    let right_width = screen.width.saturating_sub(left_width + 5);
    let roots = state
        .locals
        .iter()
        .chain(&state.globals)
        .map(|(_, value)| value);
    let preview = Preview::of(&state.graph, roots);
    let right = value_lines(state, &preview, changed, right_width);
    for row in 0..left.len().max(right.len()) {
        let (is_current, line) = left.get(row).map_or((false, ""), |(is, line)| (*is, line));
        let line = text::padded(&text::cut(line, left_width), left_width);
        match is_current {
            true => write!(screen, "{}", styled(CURRENT, line))?,
            false => write!(screen, "{line}")?,
        }
        match right.get(row) {
            Some(beside) if beside.is_changed => {
                writeln!(screen, " │ {}", styled(CHANGED, &beside.text))?;
            }
            Some(beside) => writeln!(screen, " │ {}", beside.text)?,
            None => writeln!(screen, " │")?,
        }
    }
    for (name, value) in right.iter().filter_map(|beside| beside.cut) {
        writeln!(
            screen,
            "\n{} = {}",
            styled(STRONG, name),
            preview.text(value, FULL)
        )?;
    }
    Ok(())
}

/// The source around the current line, and whether each line is the current one.
fn source_lines(state: &State, code: &CodeVersion) -> Vec<(bool, String)> {
    let from = state.line.saturating_sub(MARGIN).max(code.first_line);
    let lines = (from..=state.line.saturating_add(MARGIN))
        .filter_map(|number| Some((number, code.line(number)?)))
        .map(|(number, line)| {
            let is_current = number == state.line;
            let mark = if is_current { '>' } else { ' ' };
            (
                is_current,
                format!("{mark}{number:>5}  {}", text::source_line(line)),
            )
        });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return vec![(
            true,
            format!(">{:>5}  (the source is not known)", state.line),
        )];
    }
    lines
}

fn value_lines<'a>(
    state: &'a State,
    preview: &Preview<'_>,
    changed: &[&str],
    width: usize,
) -> Vec<Beside<'a>> {
    let mut lines = Vec::new();
    let locals: Vec<_> = state.locals.iter().collect();
    let globals: Vec<_> = globals_beside_locals(state).collect();
    for (heading, variables) in [("locals", locals), ("globals", globals)] {
        if variables.is_empty() {
            continue;
        }
        lines.push(heading_line(heading));
        for (name, value) in variables {
            let is_changed = changed.contains(&name.as_str());
            let mark = if is_changed { '*' } else { ' ' };
            let full = preview.text(value, FULL);
            let is_cut = text::columns(&full) + name.len() + 6 > width;
            lines.push(Beside {
                text: format!(
                    "{mark} {}",
                    assignment(preview, name, value, width.saturating_sub(3))
                ),
                is_changed,
                cut: is_cut.then_some((name.as_str(), value)),
            });
        }
    }
    if lines.is_empty() {
        lines.push(heading_line("no variables"));
    } else if lines.iter().any(|line| line.is_changed) {
        lines.push(heading_line("(* changed since the previous state)"));
    }
    lines
}

fn heading_line<'a>(text: &str) -> Beside<'a> {
    Beside {
        text: text.to_owned(),
        is_changed: false,
        cut: None,
    }
}
