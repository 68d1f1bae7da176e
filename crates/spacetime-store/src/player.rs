//! Moves a replica to a place in a session: from the nearest keyframe or from where an earlier
//! question left one, forward through the records.

use std::sync::Arc;

use spacetime_model::{SessionId, StateKind};

use crate::Result;
use crate::catalog::Catalog;
use crate::keyframe::{KeyframeError, read_keyframe};
use crate::replica::{Replica, Step};
use crate::sealed::Place;
use crate::stream::{Malformed, Source, record};

/// Replicas kept where questions left them.
const MAX_PLAYERS: usize = 4;

/// Where in a session. Numbers are those of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Right after this state was marked.
    State(u64),
    /// Right after this state of this call was marked.
    StateOfCall {
        /// The call's number.
        call: u64,
        /// The state's index in the call.
        index: u64,
    },
    /// Before the record at this offset of the chunk's delta.
    Offset(u32),
}

/// A replica at a place in a session.
pub struct Player {
    session: SessionId,
    /// What the program was like here.
    pub replica: Replica,
    /// The kind of the state marked last.
    pub state_kind: StateKind,
    /// Whether nothing was applied since that state was marked.
    is_at_state: bool,
    chunk: u64,
    offset: usize,
    delta: Arc<Vec<u8>>,
}

/// The players of a trace, the one used last at the end.
#[derive(Default)]
pub struct Players {
    players: Vec<Player>,
}

impl Players {
    /// A player at the goal, which lies in this chunk.
    pub fn seek(
        &mut self,
        catalog: &mut Catalog,
        session: SessionId,
        chunk: u64,
        goal: Goal,
    ) -> Result<&mut Player> {
        let keyframe = catalog.chunk(session, chunk)?.keyframe;
        let is_use = |player: &Player| {
            player.session == session && player.chunk >= keyframe && player.can_reach(chunk, goal)
        };
        let candidates = self
            .players
            .iter()
            .enumerate()
            .filter(|(_, player)| is_use(player));
        let best = candidates.max_by_key(|(_, player)| (player.chunk, player.offset));
        let mut player = match best.map(|(at, _)| at) {
            Some(at) => self.players.remove(at),
            None => Player::at_keyframe(catalog, session, keyframe)?,
        };
        // A player that failed on the way is dropped.
        player.advance(catalog, chunk, goal)?;
        if self.players.len() >= MAX_PLAYERS {
            self.players.remove(0);
        }
        self.players.push(player);
        Ok(self.players.last_mut().expect("just pushed"))
    }
}

impl Player {
    fn at_keyframe(catalog: &mut Catalog, session: SessionId, chunk: u64) -> Result<Self> {
        let (keyframe, delta) = catalog.records(session, chunk)?;
        let place = Place::Chunk {
            session,
            number: chunk,
        };
        if chunk > 0 && keyframe.is_empty() {
            return Err(place.damaged("no keyframe where one was announced"));
        }
        let replica = read_keyframe(&keyframe, &mut |hash| catalog.piece(session, hash));
        let replica = replica.map_err(|error| match error {
            KeyframeError::Malformed(malformed) => damaged(place, malformed),
            KeyframeError::Piece(error) => error,
        })?;
        Ok(Self {
            session,
            replica,
            state_kind: StateKind::Line,
            is_at_state: false,
            chunk,
            offset: 0,
            delta: Arc::new(delta),
        })
    }

    fn place(&self) -> Place {
        Place::Chunk {
            session: self.session,
            number: self.chunk,
        }
    }

    /// Whether the goal is here or ahead.
    fn can_reach(&self, chunk: u64, goal: Goal) -> bool {
        if self.chunk > chunk {
            return false;
        }
        match goal {
            Goal::State(state) => self.is_at(goal) || self.replica.n_states <= state,
            Goal::Offset(offset) => self.chunk < chunk || self.offset <= offset as usize,
            Goal::StateOfCall { call, index } => {
                self.is_at(goal)
                    || self.replica.n_calls <= call
                    || self
                        .replica
                        .live_call(call)
                        .is_some_and(|live| live.n_states <= index)
            }
        }
    }

    fn is_at(&self, goal: Goal) -> bool {
        let is_top = |call, index| {
            let top = self.replica.top();
            top.is_some_and(|top| top.number == call && top.n_states == index + 1)
        };
        self.is_at_state
            && match goal {
                Goal::State(state) => self.replica.n_states == state + 1,
                Goal::StateOfCall { call, index } => is_top(call, index),
                Goal::Offset(_) => false,
            }
    }

    fn advance(&mut self, catalog: &mut Catalog, chunk: u64, goal: Goal) -> Result<()> {
        if self.is_at(goal) {
            return Ok(());
        }
        while self.chunk < chunk {
            self.play(|_, _| false)?;
            if !self.open_next_chunk(catalog)? {
                return Err(self
                    .place()
                    .damaged("the last chunk where another was announced"));
            }
        }
        let has_reached = match goal {
            Goal::State(state) => self.play(|step, replica| {
                matches!(step, Some(Step::State(_))) && replica.n_states == state + 1
            })?,
            Goal::StateOfCall { call, index } => self.play(|step, replica| {
                matches!(step, Some(Step::State(_)))
                    && replica
                        .top()
                        .is_some_and(|top| top.number == call && top.n_states == index + 1)
            })?,
            Goal::Offset(offset) => self.play_to(offset as usize)?,
        };
        match has_reached {
            true => Ok(()),
            false => Err(self
                .place()
                .damaged("not the state or record that was announced")),
        }
    }

    /// Applies records up to the end of the chunk, or until `is_goal` says so after one.
    fn play(&mut self, is_goal: impl Fn(Option<&Step>, &Replica) -> bool) -> Result<bool> {
        let delta = Arc::clone(&self.delta);
        let mut source = Source::at_offset(&delta, self.offset);
        let mut has_reached = false;
        while !has_reached && !source.is_empty() {
            let step = self.replica.step(&mut source);
            let step = step.map_err(|malformed| damaged(self.place(), malformed))?;
            self.note(&step);
            has_reached = is_goal(Some(&step), &self.replica);
        }
        self.offset = source.offset();
        Ok(has_reached)
    }

    fn play_to(&mut self, offset: usize) -> Result<bool> {
        let delta = Arc::clone(&self.delta);
        let mut source = Source::at_offset(&delta, self.offset);
        while source.offset() < offset && !source.is_empty() {
            let step = self.replica.step(&mut source);
            let step = step.map_err(|malformed| damaged(self.place(), malformed))?;
            self.note(&step);
        }
        self.offset = source.offset();
        Ok(self.offset == offset)
    }

    #[inline(always)]
    fn note(&mut self, step: &Step) {
        self.is_at_state = false;
        if let Step::State(kind) = step {
            self.state_kind = *kind;
            self.is_at_state = true;
        }
    }

    fn open_next_chunk(&mut self, catalog: &mut Catalog) -> Result<bool> {
        let n_chunks = catalog.chunks(self.session)?.len() as u64;
        if self.chunk + 1 >= n_chunks {
            return Ok(false);
        }
        self.delta = catalog.delta(self.session, self.chunk + 1)?;
        self.chunk += 1;
        self.offset = 0;
        Ok(true)
    }

    /// Applies the variables and objects that come before the next state or change of calls: the
    /// arguments of a call that was just started.
    pub fn settle(&mut self, catalog: &mut Catalog) -> Result<()> {
        loop {
            let tag = Source::at_offset(&self.delta, self.offset).peek();
            match tag {
                None if self.open_next_chunk(catalog)? => {}
                None | Some(..=record::LINE | record::CALL..=record::THREAD) => return Ok(()),
                Some(_) => {
                    let delta = Arc::clone(&self.delta);
                    let mut source = Source::at_offset(&delta, self.offset);
                    let step = self.replica.step(&mut source);
                    step.map_err(|malformed| damaged(self.place(), malformed))?;
                    self.is_at_state = false;
                    self.offset = source.offset();
                }
            }
        }
    }

    /// The encoded value with which the record here ends the top call.
    pub fn result(&self) -> Result<&[u8]> {
        let mut source = Source::at_offset(&self.delta, self.offset);
        let malformed = |malformed| damaged(self.place(), malformed);
        match source.byte().map_err(malformed)? {
            record::RETURN | record::UNWIND => source.value().map_err(malformed),
            _ => Err(self
                .place()
                .damaged("not the end of a call that was announced")),
        }
    }
}

fn damaged(place: Place, malformed: Malformed) -> crate::Error {
    place.damaged(format!("{} at byte {}", malformed.found, malformed.at))
}
