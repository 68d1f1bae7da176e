//! Living objects, for comparisons with recorded ones.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use spacetime_capture::heap::living;
use spacetime_capture::selfcheck;

/// What an object keeps in C, as it would be recorded: the value of a subclass of a plain type (or
/// `None`), and its parts by name, `__slots__` included. Nothing of the object's class runs.
#[pyfunction]
#[allow(unsafe_code)]
pub fn kept_in_c<'py>(
    object: &Bound<'py, PyAny>,
) -> PyResult<(Option<Bound<'py, PyAny>>, Bound<'py, PyDict>)> {
    let py = object.py();
    let parts = PyDict::new(py);
    // SAFETY: the object is alive, the GIL held, and no exception set; what is read are new references.
    let value = unsafe {
        if selfcheck::run().objects.is_err() {
            return Ok((None, parts));
        }
        let kept = living::read(object.as_ptr());
        for (name, part) in kept.parts {
            parts.set_item(name, Bound::from_owned_ptr(py, part))?;
        }
        Bound::from_owned_ptr_or_opt(py, kept.value)
    };
    Ok((value, parts))
}
