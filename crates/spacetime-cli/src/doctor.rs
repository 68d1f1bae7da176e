//! `spacetime doctor`: whether this interpreter can record, and how.

use serde_json::json;

use crate::failure::Failure;
use crate::screen::{BAD, STRONG, Screen, styled};
use crate::text::padded;

/// What is known about the interpreter that would run a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InterpreterReport {
    /// Facts by name: version, place, tier and why it.
    pub facts: Vec<(String, String)>,
    /// What recording needs.
    pub checks: Vec<Check>,
}

/// One thing that recording needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: String,
    /// What was found.
    pub found: String,
    /// Nothing if all is well; else what helps.
    pub remedy: Option<String>,
}

/// Prints the report; fails if a check does.
pub fn run(report: &InterpreterReport, screen: &mut Screen) -> Result<(), Failure> {
    let is_well = report.checks.iter().all(|check| check.remedy.is_none());
    if screen.is_json {
        screen.json(&json!({
            "version": env!("CARGO_PKG_VERSION"),
            "facts": report.facts.iter().map(|(name, fact)| json!({ "name": name, "fact": fact })).collect::<Vec<_>>(),
            "checks": report.checks.iter().map(|check| json!({
                "name": check.name,
                "found": check.found,
                "ok": check.remedy.is_none(),
                "remedy": check.remedy,
            })).collect::<Vec<_>>(),
            "ok": is_well,
        }))?;
    } else {
        print(report, screen)?;
    }
    screen.finish()?;
    if is_well {
        Ok(())
    } else {
        Err(Failure::Said(1))
    }
}

fn print(report: &InterpreterReport, screen: &mut Screen) -> Result<(), Failure> {
    let names = report.facts.iter().map(|(name, _)| name);
    let names = names.chain(report.checks.iter().map(|check| &check.name));
    let width = names
        .map(String::len)
        .max()
        .unwrap_or(0)
        .max("spacetime".len());
    let heading = padded("spacetime", width);
    writeln!(
        screen,
        "{}  {}",
        styled(STRONG, heading),
        env!("CARGO_PKG_VERSION")
    )?;
    for (name, fact) in &report.facts {
        writeln!(screen, "{}  {fact}", padded(name, width))?;
    }
    for check in &report.checks {
        let mark = if check.remedy.is_none() { "ok: " } else { "" };
        writeln!(
            screen,
            "{}  {mark}{}",
            padded(&check.name, width),
            check.found
        )?;
        if let Some(remedy) = &check.remedy {
            writeln!(screen, "{}  {}", padded("", width), styled(BAD, remedy))?;
        }
    }
    Ok(())
}
