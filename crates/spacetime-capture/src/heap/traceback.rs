//! Tracebacks as text: a recorded exception says where it came from.

use crate::layout;
use pyo3_ffi::*;

/// The frames of a traceback, outermost first, as Python prints them without the source.
///
/// # Safety
/// `traceback` must be null or alive, with the GIL held and no exception set.
pub(super) unsafe fn text(mut traceback: *mut PyObject) -> Option<String> {
    /// Of longer ones, as many frames at either end are kept.
    const KEPT: usize = 50;
    if traceback.is_null() {
        return None;
    }
    let mut frames = Vec::new();
    // SAFETY: `tb_next` (16), `tb_frame` (24), `tb_lasti` (32) and `tb_lineno` (36) of PyTracebackObject;
    // each traceback keeps its frame and the next one alive.
    unsafe {
        while !traceback.is_null() && Py_TYPE(traceback) == &raw mut PyTraceBack_Type {
            frames.push(traceback);
            traceback = layout::field(traceback.cast(), 16);
        }
        let n_left_out = frames.len().saturating_sub(2 * KEPT);
        let mut lines = Vec::new();
        for (at, &traceback) in frames.iter().enumerate() {
            if n_left_out > 0 && at == KEPT {
                lines.push(format!("  [{n_left_out} more frames]"));
            }
            if at < KEPT || at >= KEPT + n_left_out {
                lines.push(frame_text(traceback));
            }
        }
        Some(lines.join("\n"))
    }
}

unsafe fn frame_text(traceback: *mut PyObject) -> String {
    // SAFETY: see `text`.
    unsafe {
        let code: *mut PyObject = PyFrame_GetCode(layout::field(traceback.cast(), 24)).cast();
        let line = match layout::field::<i32>(traceback.cast(), 36) {
            -1 => PyCode_Addr2Line(code.cast(), layout::field(traceback.cast(), 32)),
            line => line,
        };
        let [file, name] = [c"co_filename", c"co_name"]
            .map(|name| crate::parts::text_attribute(code, name).unwrap_or_default());
        Py_DECREF(code);
        format!("  File \"{file}\", line {line}, in {name}")
    }
}
