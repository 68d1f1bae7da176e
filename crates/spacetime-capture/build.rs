//! Passes on which Python version is built for, as `cfg(Py_3_13)` and its like.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
