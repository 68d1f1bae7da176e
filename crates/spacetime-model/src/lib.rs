//! The vocabulary of traces.
