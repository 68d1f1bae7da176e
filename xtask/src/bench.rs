//! `cargo xtask bench`: the benches under each interpreter found; `cargo xtask bench projects`: the
//! tests of real projects under the newest one.

use crate::Failure;
use crate::environment::Environment;
use crate::interpreter::{choose, choose_all};
use crate::options::Options;
use crate::step::{openly, target};

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

/// Runs the task on real projects, which are kept in the target folder once they are downloaded.
pub fn run_projects(options: &Options) -> Result<(), Failure> {
    let environment = Environment::of(&choose(options)?)?;
    let mut command = environment.python(&["bench/projects", "--cache"]);
    openly(
        "bench of projects",
        command.arg(target().join("projects")).args(&options.rest),
        "The lines above name the budget that was missed, or what could not be measured.",
    )
}
