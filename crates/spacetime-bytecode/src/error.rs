//! Why a code object cannot be analyzed.

/// A code object that is not what its interpreter version produces, or is larger than the facts can
/// name.
///
/// The compiler makes none of the first kind; they are hand-made or damaged. Without facts capture
/// still records the code: it reads everything at every line, and takes every name for that of a
/// global.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("code that is not understood at unit {unit}: {what}")]
pub struct Error {
    /// The code unit, as far as it is known; otherwise 0.
    pub unit: u32,
    /// What was found there.
    pub what: &'static str,
}

impl Error {
    pub(crate) fn at(unit: usize, what: &'static str) -> Self {
        let unit = u32::try_from(unit).unwrap_or(u32::MAX);
        Self { unit, what }
    }
}
