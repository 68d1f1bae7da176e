//! Finding the CPython interpreters that can be used.
//!
//! Newest supported version first; for each version the search path, then the versions below
//! `pyenv root`, then what `uv python list` knows. A candidate counts only once it has been run
//! and has said what it is: a name on the search path may be a shim that leads nowhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::options::Options;
use crate::step::output_of;

/// The supported versions, in order of preference.
const VERSIONS: [&str; 2] = ["3.13", "3.12"];

/// Says what it is in four lines; `_base_executable` leads out of a virtual environment.
const PROBE: &str = "
import sys, sysconfig
import venv, ensurepip
print(sys.implementation.name)
print('%d.%d' % sys.version_info[:2])
print('free-threaded' if sysconfig.get_config_var('Py_GIL_DISABLED') else 'ordinary')
print(sys._base_executable or sys.executable)
print('%d.%d.%d' % sys.version_info[:3])
";

/// A verified interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    pub path: PathBuf,
    /// Such as `3.13`.
    pub version: String,
    /// Such as `3.13.0`.
    pub full_version: String,
}

/// The interpreter to use: the one asked for, or the first one found.
pub fn choose(options: &Options) -> Result<Interpreter, Failure> {
    if let Some(path) = &options.python {
        return probe(path).map_err(|why| {
            format!("{} cannot be used: {why}; give --python (or SPACETIME_PYTHON) an ordinary CPython 3.13 or 3.12 with venv", path.display())
        });
    }
    VERSIONS.iter().find_map(|version| find(version)).ok_or_else(|| {
        "no usable CPython 3.13 or 3.12 on PATH, below `pyenv root` or in `uv python list`; \
         get one with `uv python install 3.13`, `pyenv install 3.13` or your system's packages (python3.13 and python3.13-venv), \
         or name one with --python PATH"
            .into()
    })
}

/// The interpreters of a run: the chosen one, or with `--all-interpreters` one of each version.
pub fn choose_all(options: &Options) -> Result<Vec<Interpreter>, Failure> {
    let first = choose(options)?;
    let mut chosen = vec![first];
    if options.all_interpreters {
        for version in VERSIONS {
            if chosen
                .iter()
                .all(|interpreter| interpreter.version != version)
            {
                chosen.extend(find(version));
            }
        }
    }
    Ok(chosen)
}

/// The task `interpreters`.
pub fn print_all(options: &Options) -> Result<(), Failure> {
    let all = Options {
        all_interpreters: options.python.is_none(),
        rest: Vec::new(),
        python: options.python.clone(),
        ..*options
    };
    for interpreter in choose_all(&all)? {
        println!("{}", interpreter.path.display());
    }
    Ok(())
}

fn find(version: &str) -> Option<Interpreter> {
    let sources: [fn(&str) -> Vec<PathBuf>; 3] = [on_path, below_pyenv_root, known_to_uv];
    sources
        .iter()
        .flat_map(|source| source(version))
        .find_map(|candidate| {
            probe(&candidate)
                .ok()
                .filter(|interpreter| interpreter.version == version)
        })
}

/// Runs a candidate; the error says why it cannot be used.
fn probe(candidate: &Path) -> Result<Interpreter, String> {
    let mut command = Command::new(candidate);
    command.args(["-I", "-c", PROBE]);
    let said = output_of(&mut command).ok_or("it does not run, or has no venv and ensurepip")?;
    parse_probe(&said)
}

fn parse_probe(said: &str) -> Result<Interpreter, String> {
    let lines: Vec<&str> = said.lines().collect();
    let [implementation, version, threading, path, full_version] = lines[..] else {
        return Err("it did not say what it is".into());
    };
    if implementation != "cpython" {
        return Err(format!("it is {implementation}, not CPython"));
    }
    if threading != "ordinary" {
        return Err("it is a free-threaded build".into());
    }
    if !VERSIONS.contains(&version) {
        return Err(format!("it is Python {version}"));
    }
    Ok(Interpreter {
        path: path.into(),
        version: version.into(),
        full_version: full_version.into(),
    })
}

fn on_path(version: &str) -> Vec<PathBuf> {
    let names = [
        format!("python{version}"),
        "python3".into(),
        "python".into(),
    ];
    let directories: Vec<PathBuf> = search_path().collect();
    names
        .iter()
        .flat_map(|name| {
            directories
                .iter()
                .map(move |directory| directory.join(name))
        })
        .filter(|path| path.is_file())
        .collect()
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// `pyenv root` follows HOME; the folder of the shims on the search path does not, so both count.
fn below_pyenv_root(version: &str) -> Vec<PathBuf> {
    let told = output_of(Command::new("pyenv").arg("root")).map(|root| PathBuf::from(root.trim()));
    let shims = search_path()
        .filter(|path| path.ends_with("shims"))
        .filter_map(|path| path.parent().map(Path::to_path_buf));
    told.into_iter()
        .chain(shims)
        .flat_map(|root| newest_first(&root.join("versions"), version))
        .collect()
}

fn newest_first(versions: &Path, version: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let patch = name
                .strip_prefix(version)?
                .strip_prefix('.')?
                .parse()
                .ok()?;
            Some((
                patch,
                entry.path().join("bin").join(format!("python{version}")),
            ))
        })
        .collect();
    found.sort_by_key(|(patch, _)| std::cmp::Reverse(*patch));
    found.into_iter().map(|(_, path)| path).collect()
}

fn known_to_uv(version: &str) -> Vec<PathBuf> {
    let listed =
        output_of(Command::new("uv").args(["python", "list", "--only-installed", version]));
    listed
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{newest_first, parse_probe};

    #[test]
    fn only_an_ordinary_cpython_of_a_supported_version_is_usable() {
        assert_eq!(
            parse_probe("cpython\n3.12\nordinary\n/opt/python\n3.12.1\n")
                .unwrap()
                .full_version,
            "3.12.1"
        );
        assert_eq!(
            parse_probe("pypy\n3.12\nordinary\n/opt/pypy\n3.12.1\n").unwrap_err(),
            "it is pypy, not CPython"
        );
        assert_eq!(
            parse_probe("cpython\n3.13\nfree-threaded\n/opt/python\n3.13.0\n").unwrap_err(),
            "it is a free-threaded build"
        );
        assert_eq!(
            parse_probe("cpython\n3.11\nordinary\n/opt/python\n3.11.7\n").unwrap_err(),
            "it is Python 3.11"
        );
        assert!(parse_probe("nonsense").is_err());
    }

    #[test]
    fn the_newest_patch_release_comes_first() {
        let folder = std::env::temp_dir().join(format!("xtask-versions-{}", std::process::id()));
        for name in ["3.13.2", "3.13.10", "3.12.4", "3.13-dev", "notes"] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        let names: Vec<String> = newest_first(&folder, "3.13")
            .iter()
            .map(|path| path.strip_prefix(&folder).unwrap().display().to_string())
            .collect();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["3.13.10/bin/python3.13", "3.13.2/bin/python3.13"]);
    }
}
