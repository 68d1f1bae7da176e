//! Where a trace lies.

use std::fmt;
use std::path::PathBuf;

/// Where a trace lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// In a file.
    File(PathBuf),
    /// In this process's memory, under a name, until the process ends.
    Memory(String),
}

impl Target {
    /// The path, or what stands for it in messages.
    pub fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Memory(name) => PathBuf::from(format!("<memory:{name}>")),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(formatter)
    }
}
