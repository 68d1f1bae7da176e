//! Capture: records a running CPython program.
//!
//! ```text
//! sys.monitoring event -> callbacks -> Recorder (decide, read frame) -> Heap (compare) -> ring
//! ```
//!
//! * [`layout`]: where CPython keeps what is read; [`selfcheck`] proves it at run time;
//! * [`start`]: starting and ending the recorder; [`recursion`]: the depth its caller's frames take;
//! * [`processes`]: forks, exits and programs that are started;
//! * [`monitoring`], [`callbacks`]: the events; [`registry`]: which code is recorded;
//! * [`code`]: what to read at the end of each line, from the facts that `spacetime-bytecode` finds in a
//!   code object's [`parts`];
//! * [`guard`]: when the generator of a suspended call dies;
//! * [`frames`], [`recorder`]: running calls and what their lines change; [`stack_mark`]: whether other code
//!   ran meanwhile;
//! * [`adapters`]: asking the user's adapters for what objects are;
//! * [`heap`]: the mirror of the objects they reach; [`atoms`]: values without parts;
//! * [`limits`]: how much of a value is recorded; [`effects`]: what C functions change.
//!
//! Invariants: no code of the program runs because of recording, but for [`adapters`]; no exception
//! reaches it, but for those of signals that came while an adapter ran; objects
//! are touched only through references that are alive; strong references are held to leaves only.
//! All of it runs under the GIL; the writer thread of `spacetime-store` never takes it.
//!
//! With the chunk codec this is one of the two dangerous places of the project. Start at
//! [`recorder::Recorder::line`].

pub mod adapters;
pub mod atoms;
pub mod callbacks;
pub mod code;
pub mod effects;
pub mod frames;
pub mod guard;
pub mod heap;
pub mod layout;
pub mod limits;
pub mod monitoring;
pub mod parts;
pub mod processes;
pub mod recorder;
pub mod recursion;
pub mod registry;
pub mod selfcheck;
pub mod stack_mark;
pub mod start;
