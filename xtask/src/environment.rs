//! The virtual environment of an interpreter, with the extension built into it.
//!
//! `.venv` belongs to the interpreter that was asked for first, `target/venv-VERSION` to the
//! others. Every part is made only when what it depends on has changed: a stamp in the environment holds the
//! fingerprints of the interpreter, the requirements and the sources.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::interpreter::Interpreter;
use crate::step::{command, output_of, quietly, root, step, target};

const REQUIREMENTS: &str = "requirements-dev.txt";

/// A virtual environment ready for use.
#[derive(Debug)]
pub struct Environment {
    folder: PathBuf,
    pub interpreter: Interpreter,
}

impl Environment {
    /// The environment of an interpreter, made or brought up to date, with the extension.
    ///
    /// `.venv` goes to the first interpreter that asks and stays with it while it is usable.
    pub fn of(interpreter: &Interpreter) -> Result<Self, Failure> {
        let in_folder = |folder| Self {
            folder,
            interpreter: interpreter.clone(),
        };
        let first = in_folder(root().join(".venv"));
        let stamp = first.stamp("interpreter");
        let is_taken = stamp.exists() && !stamp.says(&first.identity()) && first.runs();
        let further = || in_folder(target().join(format!("venv-{}", interpreter.version)));
        if is_taken { further() } else { first }.ready()
    }

    /// One environment for each interpreter.
    pub fn each(interpreters: &[Interpreter]) -> Result<Vec<Self>, Failure> {
        interpreters.iter().map(Self::of).collect()
    }

    /// A command of the environment, run from the root.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        self.activate(command(self.folder.join("bin").join(program), arguments))
    }

    /// A line of shell that sees the environment's commands, run from the root.
    pub fn shell(&self, line: &str) -> Command {
        self.activate(command("sh", &["-c", line]))
    }

    fn activate(&self, mut command: Command) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let binaries = std::iter::once(self.folder.join("bin"));
        let extended = std::env::join_paths(binaries.chain(std::env::split_paths(&path)));
        command.env("PATH", extended.expect("the search path was one already"));
        command
            .env("VIRTUAL_ENV", &self.folder)
            .env_remove("PYTHONHOME")
            .env_remove("PYTHONPATH");
        command
    }

    /// The environment's interpreter, run from the root.
    pub fn python(&self, arguments: &[&str]) -> Command {
        self.command("python", arguments)
    }

    /// Lets a cargo command that compiles the extension's crates build for this interpreter.
    pub fn configure(&self, cargo: &mut Command) {
        cargo.env("PYO3_PYTHON", self.folder.join("bin/python"));
    }

    fn ready(self) -> Result<Self, Failure> {
        self.make_folder()?;
        self.install_requirements()?;
        self.build_extension()?;
        Ok(self)
    }

    fn make_folder(&self) -> Result<(), Failure> {
        let interpreter = &self.interpreter;
        let stamp = self.stamp("interpreter");
        if stamp.says(&self.identity()) && self.runs() {
            return Ok(());
        }
        if self.folder.exists() && !stamp.exists() {
            return Err(format!(
                "{} exists and was not made by `cargo xtask`; move it away and run the command again",
                self.folder.display()
            ));
        }
        let title = format!(
            "{} for Python {} ({})",
            self.name(),
            interpreter.full_version,
            interpreter.path.display()
        );
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)
                .map_err(|error| format!("cannot remove {}: {error}", self.folder.display()))?;
        }
        // Stamped first, so that an interrupted attempt is known as our own and made afresh.
        stamp.write("unfinished")?;
        let mut make = command(&interpreter.path, &["-m", "venv"]);
        quietly(
            &title,
            make.arg(&self.folder),
            "Python's venv module is needed: install your system's python3-venv.",
        )?;
        stamp.write(&self.identity())
    }

    fn install_requirements(&self) -> Result<(), Failure> {
        let fingerprint = fingerprint_of(&[root().join(REQUIREMENTS)])?;
        let stamp = self.stamp("requirements");
        if stamp.says(&fingerprint) {
            return Ok(());
        }
        let title = format!("{}: install {REQUIREMENTS}", self.name());
        let mut pip = self.python(&[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            REQUIREMENTS,
        ]);
        quietly(
            &title,
            &mut pip,
            "pip needs the network or an index of your own (PIP_INDEX_URL or PIP_FIND_LINKS).",
        )?;
        stamp.write(&fingerprint)
    }

    fn build_extension(&self) -> Result<(), Failure> {
        let sources = fingerprint_of(&extension_sources())?;
        let stamp = self.stamp("extension");
        if stamp.says(&format!("{sources} {}", self.built_extension()?)) {
            return Ok(());
        }
        step("C compiler", find_c_compiler)?;
        if !stamp.exists() {
            eprintln!("           the first build of the extension takes some minutes");
        }
        let title = format!("{}: build the extension", self.name());
        let mut maturin = self.command("maturin", &["develop", "--release", "--quiet"]);
        self.configure(&mut maturin);
        quietly(
            &title,
            &mut maturin,
            "The compiler's message above says what to mend.",
        )?;
        stamp.write(&format!("{sources} {}", self.built_extension()?))
    }

    /// Names the extension file of this interpreter and its time: another build may have replaced it.
    fn built_extension(&self) -> Result<String, Failure> {
        let tag = format!(
            "_native.cpython-{}-",
            self.interpreter.version.replace('.', "")
        );
        let package = root().join("python/spacetimepy");
        for path in files_below(&package)? {
            let is_extension = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&tag));
            if is_extension && path.extension().is_some_and(|extension| extension == "so") {
                let modified = path
                    .metadata()
                    .and_then(|data| data.modified())
                    .map_err(|error| unreadable(&path, &error))?;
                return Ok(format!("{modified:?}"));
            }
        }
        Ok("absent".into())
    }

    fn runs(&self) -> bool {
        output_of(&mut self.python(&["-c", ""])).is_some()
    }

    /// What the stamp of the interpreter says.
    fn identity(&self) -> String {
        let interpreter = &self.interpreter;
        format!(
            "{} {}",
            interpreter.full_version,
            interpreter.path.display()
        )
    }

    fn name(&self) -> String {
        self.folder
            .strip_prefix(root())
            .unwrap_or(&self.folder)
            .display()
            .to_string()
    }

    fn stamp(&self, part: &str) -> Stamp {
        Stamp(self.folder.join(format!(".xtask-{part}")))
    }
}

/// A file that holds the fingerprint of what a part was made from.
struct Stamp(PathBuf);

impl Stamp {
    fn exists(&self) -> bool {
        self.0.exists()
    }

    fn says(&self, fingerprint: &str) -> bool {
        std::fs::read_to_string(&self.0).is_ok_and(|text| text == fingerprint)
    }

    fn write(&self, fingerprint: &str) -> Result<(), Failure> {
        let folder = self.0.parent().expect("a stamp lies in the environment");
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&self.0, fingerprint))
            .map_err(|error| format!("cannot write {}: {error}", self.0.display()))
    }
}

/// What the built extension depends on.
fn extension_sources() -> Vec<PathBuf> {
    ["Cargo.toml", "Cargo.lock", "pyproject.toml", "crates"]
        .iter()
        .map(|name| root().join(name))
        .collect()
}

fn fingerprint_of(paths: &[PathBuf]) -> Result<String, Failure> {
    let mut hasher = DefaultHasher::new();
    for path in paths.iter().filter(|path| path.exists()) {
        for file in if path.is_dir() {
            files_below(path)?
        } else {
            vec![path.clone()]
        } {
            file.hash(&mut hasher);
            std::fs::read(&file)
                .map_err(|error| unreadable(&file, &error))?
                .hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    Ok(files)
}

/// SQLite and zstd are compiled from C.
fn find_c_compiler() -> Result<(), Failure> {
    let named = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    match output_of(Command::new(named.split_whitespace().next().unwrap_or("cc")).arg("--version"))
    {
        Some(_) => Ok(()),
        None => Err(format!(
            "no C compiler (`{named}` does not run); install gcc or clang, or set CC"
        )),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    format!("cannot read {}: {error}", path.display())
}
