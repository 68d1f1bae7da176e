//! The command line over traces.
