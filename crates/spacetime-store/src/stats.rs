//! What a trace is made of: bytes by table and by kind of record, and how much of it can be shown
//! by value. Reads everything, but looks at as many variables as there is time for.

mod sample;

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use spacetime_model::{CodeVersion, Fidelity, Session};

use crate::catalog::Catalog;
use crate::cell::Cell;
use crate::heap::Contents;
use crate::keyframe::read_keyframe;
use crate::replica::{LiveCall, Replica, Step};
use crate::sealed::Place;
use crate::stream::{Source, decode_fidelity, record_name, value};
use crate::{Error, Result, Stats};
use sample::Sample;

/// States whose variables are looked at, evenly spread.
const MAX_LOOKED_AT: u64 = 2000;
/// What looking at these may cost: the values that they reach, and more for objects. A dict of a
/// million numbers is as much work as a million numbers.
const MAX_WALKED: u64 = 50_000_000;
/// What an object costs, which is found by its number: as much as this many values.
const OBJECT_WALKED: u64 = 10;

/// Reads the whole of these sessions.
pub fn stats(catalog: &mut Catalog, sessions: &[Session]) -> Result<Stats> {
    let mut stats = Stats {
        bytes_by_table: bytes_by_table(catalog)?,
        n_calls: sessions.iter().map(|session| session.n_calls).sum(),
        n_states: sessions.iter().map(|session| session.n_states).sum(),
        ..Stats::default()
    };
    let mut scan = Scan {
        stride: (stats.n_states / MAX_LOOKED_AT).max(1),
        records: BTreeMap::new(),
        sample: Sample::new(MAX_WALKED),
    };
    for session in sessions {
        scan.session(catalog, session, &mut stats)?;
    }
    stats.records = scan
        .records
        .into_iter()
        .map(|(name, (bytes, n))| (name.into(), bytes, n))
        .collect();
    stats
        .records
        .sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
    stats.is_sample = scan.stride > 1 || scan.sample.is_thinned();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for shown in scan.sample.into_drawn() {
        stats.n_variables += 1;
        match shown {
            Shown::All => stats.n_viewable += 1,
            Shown::AllButLive => stats.n_live += 1,
            Shown::Lacks(reason) => *reasons.entry(reason).or_default() += 1,
        }
    }
    stats.not_viewable = reasons.into_iter().collect();
    stats
        .not_viewable
        .sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    stats.stored_bytes = stored_bytes(catalog, sessions)?;
    Ok(stats)
}

fn bytes_by_table(catalog: &Catalog) -> Result<Vec<(String, u64)>> {
    let query = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC";
    let read = || {
        let mut statement = catalog.connection.prepare(query)?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().map_err(Error::database("measuring tables"))
}

fn stored_bytes(catalog: &Catalog, sessions: &[Session]) -> Result<u64> {
    let query = "SELECT
        (SELECT coalesce(sum(length(directory) + length(records)), 0)
            FROM chunk JOIN chunk_data ON chunk_data.id = chunk.data WHERE session = ?1)
        + (SELECT coalesce(sum(length(data)), 0) FROM piece WHERE session = ?1)";
    let mut n_bytes = 0;
    for session in sessions {
        let id = session.id.0 as i64;
        let read = catalog
            .connection
            .query_row(query, [id], |row| row.get::<_, i64>(0));
        n_bytes += read.map_err(Error::database("measuring chunks"))? as u64;
    }
    Ok(n_bytes)
}

struct Scan {
    stride: u64,
    records: BTreeMap<&'static str, (u64, u64)>,
    sample: Sample<Shown>,
}

/// How much of a value is shown.
enum Shown {
    /// Every leaf.
    All,
    /// Every leaf but objects that have no value apart from the running program.
    AllButLive,
    /// Not all: the type name of an opaque object, or another reason.
    Lacks(String),
}

impl Scan {
    fn session(
        &mut self,
        catalog: &mut Catalog,
        session: &Session,
        stats: &mut Stats,
    ) -> Result<()> {
        let mut replica = Replica::default();
        for number in 0..catalog.chunks(session.id)?.len() as u64 {
            let place = Place::Chunk {
                session: session.id,
                number,
            };
            let (keyframe, delta) = catalog.records(session.id, number)?;
            stats.keyframe_bytes += keyframe.len() as u64;
            if !keyframe.is_empty() {
                // Its replica is known already; reading it finds damage.
                let read = read_keyframe(&keyframe, &mut |hash| catalog.piece(session.id, hash));
                read.map_err(|error| match error {
                    crate::keyframe::KeyframeError::Malformed(m) => place.damaged(m.found),
                    crate::keyframe::KeyframeError::Piece(error) => error,
                })?;
            }
            let mut source = Source::new(&delta);
            while let Some(tag) = source.peek() {
                let start = source.offset();
                let step = replica.step(&mut source);
                let step =
                    step.map_err(|m| place.damaged(format!("{} at byte {}", m.found, m.at)))?;
                let record = self.records.entry(record_name(tag)).or_default();
                record.0 += (source.offset() - start) as u64;
                record.1 += 1;
                if matches!(step, Step::State(_)) && replica.n_states.is_multiple_of(self.stride) {
                    self.look(catalog, session, &replica)?;
                }
            }
        }
        Ok(())
    }

    fn look(&mut self, catalog: &mut Catalog, session: &Session, replica: &Replica) -> Result<()> {
        let Some(call) = replica.top() else {
            return Ok(());
        };
        let code = catalog.code_id(session.id, call.code)?;
        let code = catalog.code(code)?;
        for encoded in variables(replica, call, &code) {
            self.sample.offer(|| {
                let mut n_walked = 0;
                let shown = shown(replica, encoded, &mut n_walked);
                (shown.unwrap_or(Shown::All), n_walked)
            });
        }
        Ok(())
    }
}

/// The bound local and global variables of a call.
fn variables<'a>(replica: &'a Replica, call: &'a LiveCall, code: &CodeVersion) -> Vec<&'a [u8]> {
    let mut variables: Vec<&[u8]> = (0..code.slots.len())
        .filter_map(|at| call.slot(at))
        .collect();
    let namespaces = call.locals_object.into_iter().chain([call.namespace]);
    let mut seen = FxHashSet::default();
    for object in namespaces.filter(|object| seen.insert(*object)) {
        let attributes = replica.objects.get(&object).into_iter();
        for (name, cell) in attributes.flat_map(|object| object.attributes.iter()) {
            let name = replica.names.get(*name as usize);
            if name.is_some_and(|name| code.global_names.iter().any(|known| **known == **name)) {
                variables.push(cell.bytes());
            }
        }
    }
    variables
}

/// How much of a value is shown, with all that it reaches; nothing for bytes that are not a value.
fn shown<'a>(replica: &'a Replica, encoded: &'a [u8], n_walked: &mut u64) -> Option<Shown> {
    let mut seen = FxHashSet::default();
    let mut pending = vec![encoded];
    let mut is_live = false;
    let lacks = |fidelity: Fidelity| fidelity.reason().map(|reason| Shown::Lacks(reason.into()));
    while let Some(encoded) = pending.pop() {
        let mut source = Source::new(encoded);
        match source.byte().ok()? {
            value::GAP => return lacks(decode_fidelity(source.byte().ok()?)),
            value::STR_TRUNCATED | value::BYTES_TRUNCATED => {
                return lacks(Fidelity::TruncatedSize);
            }
            value::TUPLE => {
                for _ in 0..source.count().ok()? {
                    pending.push(source.value().ok()?);
                    *n_walked += 1;
                }
            }
            value::REF => {
                let number = source.varint_u32().ok()?;
                let Some(object) = replica.objects.get(&number) else {
                    return lacks(Fidelity::Missing);
                };
                *n_walked += OBJECT_WALKED;
                if !seen.insert(number) {
                    continue;
                }
                match decode_fidelity(object.fidelity) {
                    Fidelity::Exact => {}
                    Fidelity::Live => is_live = true,
                    Fidelity::Opaque => {
                        let name = replica.names.get(object.type_name as usize);
                        let name = name.map_or("?".into(), |name| format!("opaque {name}"));
                        return Some(Shown::Lacks(name));
                    }
                    fidelity => return lacks(fidelity),
                }
                let mut push = |cell: &'a Cell| {
                    *n_walked += 1;
                    if !is_whole(cell.bytes()) {
                        pending.push(cell.bytes());
                    }
                };
                match &object.contents {
                    Contents::Items(items) => items.iter().for_each(&mut push),
                    Contents::Map(map) => map.iter().for_each(|(key, cell)| {
                        push(key);
                        push(cell);
                    }),
                    Contents::Text(_) => {}
                }
                object.attributes.iter().for_each(|(_, cell)| push(cell));
            }
            _ => {}
        }
    }
    Some(match is_live {
        true => Shown::AllButLive,
        false => Shown::All,
    })
}

/// Whether a value has no parts, and is shown whole.
fn is_whole(encoded: &[u8]) -> bool {
    !matches!(
        encoded.first(),
        None | Some(
            &(value::GAP
                | value::STR_TRUNCATED
                | value::BYTES_TRUNCATED
                | value::TUPLE
                | value::REF)
        )
    )
}
