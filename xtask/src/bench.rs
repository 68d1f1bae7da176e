//! `cargo xtask bench`: the benches under each interpreter found.

use crate::Failure;
use crate::environment::Environment;
use crate::interpreter::choose_all;
use crate::options::Options;
use crate::step::openly;

/// Runs the task.
pub fn run(options: &Options) -> Result<(), Failure> {
    let all = Options {
        all_interpreters: options.python.is_none(),
        python: options.python.clone(),
        rest: Vec::new(),
        ..*options
    };
    for environment in Environment::each(&choose_all(&all)?)? {
        let title = format!(
            "bench under Python {}",
            environment.interpreter.full_version
        );
        let mut command = environment.python(&["bench/run.py"]);
        openly(
            &title,
            command.args(&options.rest),
            "The lines above name the budget that was missed.",
        )?;
    }
    Ok(())
}
