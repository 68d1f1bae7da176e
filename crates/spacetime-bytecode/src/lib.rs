//! Static analysis of CPython code objects.
