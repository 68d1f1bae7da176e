//! `spacetime sql`: a read-only query over the tables of a trace.

use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};
use spacetime_store::{Error, SqlValue};

use crate::failure::Failure;
use crate::options::SqlOptions;
use crate::place;
use crate::screen::Screen;
use crate::table::table;
use crate::text;

/// Columns that a cell may take; `--json` gives all of it.
const MAX_CELL: usize = 60;

/// Runs the query and prints its rows.
pub fn run(options: &SqlOptions, screen: &mut Screen) -> Result<(), Failure> {
    let (file, query) = match options.arguments.as_slice() {
        [query] => (None, query),
        [file, query, ..] => (Some(PathBuf::from(file)), query),
        [] => return Err(Failure::Misuse("which query?".to_owned())),
    };
    let trace = place::open(&place::trace_path(file)?)?;
    let found = trace.sql(query, &[]).map_err(|error| match error {
        // A trace that opens and a query that does not run: the query is to blame.
        Error::Database { source, .. } => Failure::Misuse(format!("the query failed: {source}")),
        error => Failure::Trace(error),
    })?;
    if screen.is_json {
        let rows = found.rows.iter().map(|row| {
            let cells = row.iter().map(cell_json);
            Json::Object(
                found
                    .columns
                    .iter()
                    .cloned()
                    .zip(cells)
                    .collect::<Map<_, _>>(),
            )
        });
        return screen.json(&rows.collect::<Json>());
    }
    let headings: Vec<&str> = found.columns.iter().map(String::as_str).collect();
    // Columns stay whole, where they do not fit the screen too: the reader may be a pipe.
    let mut rows = table(&headings, u16::MAX.into());
    for row in &found.rows {
        rows.add_row(row.iter().map(|cell| text::cut(&cell_text(cell), MAX_CELL)));
    }
    writeln!(screen, "{}", rows.trim_fmt())
}

fn cell_text(cell: &SqlValue) -> String {
    match cell {
        SqlValue::Null => String::new(),
        SqlValue::Integer(int) => int.to_string(),
        SqlValue::Real(real) => text::float(*real),
        SqlValue::Text(text) => text
            .lines()
            .map(text::source_line)
            .collect::<Vec<_>>()
            .join("\n"),
        SqlValue::Blob(blob) => format!("<{}>", text::bytes(blob.len() as u64)),
    }
}

fn cell_json(cell: &SqlValue) -> Json {
    match cell {
        SqlValue::Null => Json::Null,
        SqlValue::Integer(int) => json!(int),
        SqlValue::Real(real) => json!(real),
        SqlValue::Text(text) => json!(text),
        SqlValue::Blob(blob) => {
            let hex: String = blob.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "blob": hex })
        }
    }
}
