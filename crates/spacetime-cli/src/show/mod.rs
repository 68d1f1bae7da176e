//! `spacetime show`: a session as a tree of calls, a call with its states, a state with its source
//! and values.

mod call;
mod session;
mod state;

use std::path::Path;

use spacetime_model::{Call, CallId, CodeVersion, Graph, Outcome, State, Value};
use spacetime_store::{CallValues, Trace};

use crate::failure::Failure;
use crate::options::ShowOptions;
use crate::place::{self, PlaceId};
use crate::preview::{Preview, short_type_name};
use crate::screen::Screen;
use crate::text;

/// Shows what the options name; without an id, the newest session.
pub fn run(options: &ShowOptions, screen: &mut Screen) -> Result<(), Failure> {
    let (id, path) = place::id_and_path(&options.arguments)?;
    let trace = place::open(&path)?;
    let limit = options.limit.max(1);
    match id {
        Some(PlaceId::State(call, index)) => {
            let index = index_in_call(&trace.call(call)?, index)?;
            state::show(&trace, call, index, screen)
        }
        Some(PlaceId::Call(call)) => call::show(&trace, call, limit, screen),
        Some(PlaceId::Session(id)) => session::show(&trace, &trace.session(id)?, limit, screen),
        None => match trace.sessions()?.last() {
            Some(newest) => session::show(&trace, newest, limit, screen),
            None => Err(Failure::Misuse(format!(
                "{} has no session yet",
                path.display()
            ))),
        },
    }
}

/// The index of a state, counted from 0; a negative one counts from the end.
fn index_in_call(call: &Call, index: i64) -> Result<u64, Failure> {
    let magnitude = index.unsigned_abs();
    let found = if index < 0 {
        call.n_states.checked_sub(magnitude)
    } else {
        Some(magnitude)
    };
    found.filter(|index| *index < call.n_states).ok_or_else(|| {
        let last = match call.n_states {
            0 => "it has no states".to_owned(),
            n => format!("its states are {}:0 to {}:{}", call.id, call.id, n - 1),
        };
        Failure::Misuse(format!("call {} has no state {index}; {last}", call.id))
    })
}

/// `name(a=1, b=2)`, cut to a width.
fn call_text(code: &CodeVersion, values: &CallValues, width: usize) -> String {
    let roots = values.arguments.iter().map(|(_, value)| value);
    let preview = Preview::of(&values.entry_graph, roots);
    let name = if code.is_module() {
        module_name(code)
    } else {
        code.qualname.clone()
    };
    let room = width.saturating_sub(name.len() + 2);
    let each = room / values.arguments.len().max(1);
    let arguments: Vec<String> = values
        .arguments
        .iter()
        .map(|(name, value)| {
            format!(
                "{name}={}",
                preview.text(value, each.saturating_sub(name.len() + 3).max(8))
            )
        })
        .collect();
    match (code.is_module(), arguments.is_empty()) {
        (true, true) => name,
        _ => format!("{name}({})", arguments.join(", ")),
    }
}

fn module_name(code: &CodeVersion) -> String {
    format!("<module {}>", file_name(&code.file))
}

fn file_name(file: &str) -> &str {
    Path::new(file)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(file)
}

/// `returned 3`, `raised ValueError(...)`, `open`.
fn outcome_text(call: &Call, values: &CallValues, width: usize) -> String {
    let word = call.outcome.name();
    let Some(result) = &values.result else {
        return word.to_owned();
    };
    let room = width.saturating_sub(word.len() + 1).max(8);
    let graph = &values.result_graph;
    let text = match call.outcome {
        Outcome::Raised => exception_text(result, graph),
        _ => None,
    };
    let text =
        text.unwrap_or_else(|| Preview::of(graph, std::iter::once(result)).text(result, room));
    format!("{word} {}", text::cut(&text, room))
}

/// `ValueError: the message`, for an exception whose only argument is a str.
fn exception_text(exception: &Value, graph: &Graph) -> Option<String> {
    let object = graph.get(exception)?;
    let (_, args) = object.attributes.iter().find(|(name, _)| name == "args")?;
    let args = match args {
        Value::Tuple(args) => args,
        _ => &graph.get(args)?.items,
    };
    let name = short_type_name(&object.type_name);
    match args.as_slice() {
        [] => Some(name.to_owned()),
        [Value::Str(message)] => {
            let message = text::source_line(&String::from_utf8_lossy(message));
            Some(format!("{name}: {message}"))
        }
        _ => None,
    }
}

/// A name and a value as `name = value`, cut to a width.
fn assignment(preview: &Preview<'_>, name: &str, value: &Value, width: usize) -> String {
    format!(
        "{name} = {}",
        preview.text(value, width.saturating_sub(name.len() + 3).max(8))
    )
}

/// The call's code, for its name and lines.
fn code_of(trace: &Trace, call: CallId) -> Result<(Call, std::sync::Arc<CodeVersion>), Failure> {
    let call = trace.call(call)?;
    let code = trace.code(call.code)?;
    Ok((call, code))
}

/// The global variables, without those that are local ones as well: in a module body, all are.
fn globals_beside_locals(state: &State) -> impl Iterator<Item = &(String, Value)> {
    let is_local = |name: &str| state.locals.iter().any(|(local, _)| local == name);
    state
        .globals
        .iter()
        .filter(move |(name, _)| !is_local(name))
}
