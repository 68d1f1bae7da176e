//! Where a command's output goes: standard output, coloured only on a terminal.

use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::failure::Failure;

/// Headings and names.
pub const STRONG: Style = Style::new().bold();
/// What stands aside: line numbers, ids, times.
pub const FAINT: Style = Style::new().dimmed();
/// What changed.
pub const CHANGED: Style = AnsiColor::Yellow.on_default().bold();
/// The line that is about to run.
pub const CURRENT: Style = AnsiColor::Cyan.on_default().bold();
/// Exceptions and gaps.
pub const BAD: Style = AnsiColor::Red.on_default();

/// The output of a command.
pub struct Screen {
    out: Box<dyn Write>,
    /// Columns that a line of text should keep to.
    pub width: usize,
    /// Whether JSON was asked for instead of text.
    pub is_json: bool,
}

impl Screen {
    /// Standard output. `NO_COLOR` and redirection switch colours off.
    pub fn of_terminal(is_json: bool) -> Self {
        let width = terminal_size::terminal_size().map_or(100, |(width, _)| width.0 as usize);
        Self {
            out: Box::new(io::BufWriter::new(anstream::stdout())),
            width: width.clamp(40, 200),
            is_json,
        }
    }

    /// Writes formatted text; `writeln!` calls this.
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> Result<(), Failure> {
        Ok(self.out.write_fmt(text)?)
    }

    /// Writes a document of JSON.
    pub fn json(&mut self, document: &serde_json::Value) -> Result<(), Failure> {
        writeln!(self, "{document:#}")
    }

    /// Hands everything written to the system.
    pub fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// Text in a style, for `{}`.
pub fn styled<T: fmt::Display>(style: Style, text: T) -> Styled<T> {
    Styled { style, text }
}

/// See [`styled`].
pub struct Styled<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = self.style;
        write!(formatter, "{style}{}{style:#}", self.text)
    }
}
