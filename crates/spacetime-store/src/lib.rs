//! The trace file: writing it while a program runs, and reading it.
//!
//! ```text
//! capture --ring--> writer thread --chunks--> SQLite --> Trace --> states, calls, values
//! ```
//!
//! * [`stream`]: the record stream, the one language that writer and reader share;
//! * [`ring`]: the buffer between the recorded program and the writer thread;
//! * [`Recording`]: opens a trace for writing and owns the writer thread;
//! * [`descriptors`]: those of the trace, which the recorded program could close;
//! * [`replica`]: the recorded program's state, rebuilt by applying records;
//! * [`Trace`]: reads a trace, also one that is being recorded by another process.
//!
//! Reading executes nothing from the trace and needs no Python. Every decoder is total: bad bytes
//! give an [`Error`], never a panic. Start with [`stream`], then [`replica`].

mod cache;
mod catalog;
pub mod cell;
mod database;
#[allow(unsafe_code)]
pub mod descriptors;
pub mod directory;
mod error;
pub mod fatal_signal;
pub mod heap;
pub mod keyframe;
mod player;
pub mod recording;
pub mod replica;
#[allow(unsafe_code)]
pub mod ring;
mod rows;
pub mod sealed;
mod stats;
pub mod stream;
mod switching;
mod target;
mod threads;
pub mod trace;
mod view;
mod writer;
mod written;

pub use database::{FORMAT, forget_memory};
pub use error::{Error, Name, Result};
pub use recording::{
    BegunSession, EndInfo, Health, Options, Recording, SessionDescription, Summary,
};
pub use ring::RingWriter;
pub use target::Target;
pub use trace::{CallFilter, CallValues, Place, SqlRows, SqlValue, Stats, Trace};
