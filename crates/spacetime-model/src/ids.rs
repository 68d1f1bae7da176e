//! Names of the things in a trace. All are integers that count through one trace file; a value of
//! one kind cannot be passed for another.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id! {
    /// One recording run of a program.
    SessionId
}
id! {
    /// One activation of a monitored function or module body.
    CallId
}
id! {
    /// One snapshot of a call.
    StateId
}
id! {
    /// One version of a function's or module's source.
    CodeId
}
id! {
    /// One object of the recorded program, through time. Equal ids are the same object.
    ObjectId
}

impl ObjectId {
    /// The object with this number in this session. Numbers of two sessions never meet.
    pub fn of_session(session: SessionId, number: u32) -> Self {
        Self(session.0 << 32 | u64::from(number))
    }

    /// The number of the object in its session.
    pub fn number(self) -> u32 {
        self.0 as u32
    }
}
