//! The vocabulary of SpaceTimePy: what a recorded program is made of.
//!
//! Every other crate speaks in these types. They hold plain data: no file, no Python and no thread
//! is known here, so that a trace can be read, tested and shown anywhere.
//!
//! Start with [`Session`], [`Call`] and [`State`] (when and where), then [`Value`] and [`Graph`]
//! (what the variables held), then [`CodeVersion`] (the source as it ran).

mod code;
mod ids;
mod session;
mod time;
mod value;

pub use code::{CodeVersion, Signature, Slot, SlotKind};
pub use ids::{CallId, CodeId, ObjectId, SessionId, StateId};
pub use session::{ExitKind, Origin, Session, SessionInfo, SessionOutcome};
pub use time::{Call, Granularity, Outcome, State, StateKind};
pub use value::{Fidelity, Graph, Object, ObjectKind, Value};
