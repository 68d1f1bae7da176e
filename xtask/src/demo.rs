//! `cargo xtask demo`: builds everything, records the examples and shows what recording them gives.

use crate::Failure;
use crate::environment::Environment;
use crate::interpreter::choose;
use crate::options::Options;
use crate::step::{openly, root};

const TRACE: &str = "target/demo.spacetime";
const EXAMPLES: [&str; 3] = ["binary_search", "word_count", "particles"];

/// The state shown in full: the search for 0.3 compares it with what stands at its place.
const STATE: &str = "6:23";

/// Runs the task.
pub fn run(options: &Options) -> Result<(), Failure> {
    let environment = Environment::of(&choose(options)?)?;
    let spacetime = |arguments: &[&str]| {
        let title = format!("spacetime {}", arguments.join(" "));
        openly(
            &title,
            &mut environment.command("spacetime", arguments),
            "`.venv/bin/spacetime doctor` says what is amiss.",
        )
    };
    std::fs::create_dir_all(root().join("target"))
        .map_err(|error| format!("cannot make the folder target: {error}"))?;
    for (index, name) in EXAMPLES.iter().enumerate() {
        let script = format!("examples/{name}.py");
        let mut arguments = vec!["run", "--line", "-o", TRACE];
        if index == 0 {
            arguments.push("--overwrite");
        }
        arguments.push(&script);
        spacetime(&arguments)?;
    }
    spacetime(&["ls", TRACE])?;
    spacetime(&["show", STATE, TRACE])?;
    println!(
        "
Next:
  source .venv/bin/activate                 # puts `spacetime` on the search path
  spacetime show 6 {TRACE}    # the call that state belongs to, with all its states
  spacetime show s3 {TRACE}   # the calls of the particle simulation
  spacetime stats {TRACE}     # what costs time and space
  spacetime run --line YOUR_SCRIPT.py       # record a program of your own
  cargo xtask test                          # run all tests"
    );
    Ok(())
}
