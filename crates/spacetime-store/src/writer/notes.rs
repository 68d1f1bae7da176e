//! What is said of a session beside its records: its code, and what describes its calls.
//!
//! Notes are left here by capture and taken by the writer thread, which is not woken for them. They are
//! stored before what refers to them, and wait no longer than records do.

use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior};
use spacetime_model::{CodeVersion, SessionId};

use crate::rows;

/// What was noted since the writer took notes last.
#[derive(Debug, Default)]
pub struct Notes {
    /// Code by its number in the session.
    codes: Vec<(u32, CodeVersion)>,
    /// What is said of calls, as JSON.
    calls: Vec<(u64, String)>,
    /// When the first note was made.
    pub begun: Option<Instant>,
}

impl Notes {
    pub fn add_code(&mut self, number: u32, code: CodeVersion) {
        self.begun.get_or_insert_with(Instant::now);
        self.codes.push((number, code));
    }

    pub fn describe_call(&mut self, number: u64, metadata_json: String) {
        self.begun.get_or_insert_with(Instant::now);
        self.calls.push((number, metadata_json));
    }

    pub fn is_empty(&self) -> bool {
        self.begun.is_none()
    }

    /// Stores them in a transaction of their own, if there are any.
    pub fn store(self, connection: &mut Connection, session: SessionId) -> rusqlite::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.insert(&transaction, session)?;
        transaction.commit()
    }

    /// Stores them in the transaction that is open.
    pub fn insert(self, connection: &Connection, session: SessionId) -> rusqlite::Result<()> {
        for (number, code) in self.codes {
            rows::insert_code(connection, session, number, &code)?;
        }
        for (number, metadata) in self.calls {
            rows::insert_call_metadata(connection, session, number, &metadata)?;
        }
        Ok(())
    }
}
