//! CPython's location table and exception table, decoded.

use crate::error::Error;

/// Line of each unit as CPython counts it: `-1` for no line (module prologues are on line 0).
pub(crate) fn lines_of_units(
    table: &[u8],
    first_line: u32,
    n_units: usize,
) -> Result<Vec<i32>, Error> {
    let mut lines = Vec::with_capacity(n_units);
    for stretch in Stretches::of(table, first_line) {
        if lines.len() >= n_units {
            break;
        }
        let malformed = Error::at(lines.len(), "a malformed line table");
        let stretch = stretch.ok_or(malformed)?;
        let line = stretch.lines.map_or(Ok(-1), |(line, _)| line.try_into());
        let line: i32 = line.map_err(|_| malformed)?;
        let n_left = n_units - lines.len();
        lines.extend(std::iter::repeat_n(
            line.max(-1),
            stretch.n_units.min(n_left),
        ));
    }
    lines.resize(n_units, -1);
    Ok(lines)
}

/// The last line that a location table tells of, `None` where it tells of none or is malformed.
pub fn last_line(table: &[u8], first_line: u32) -> Option<u32> {
    let mut last = None;
    for stretch in Stretches::of(table, first_line) {
        last = last.max(stretch?.lines.map(|(_, end)| end));
    }
    u32::try_from(last?).ok()
}

/// Neighbouring units at the same place of the source.
struct Stretch {
    n_units: usize,
    /// The first line and the last one, if the table names any.
    lines: Option<(i64, i64)>,
}

/// The entries of a location table; `None` for one that is malformed.
struct Stretches<'a> {
    table: &'a [u8],
    at: usize,
    line: i64,
}

impl Stretches<'_> {
    fn of(table: &[u8], first_line: u32) -> Stretches<'_> {
        let line = i64::from(first_line);
        Stretches { table, at: 0, line }
    }
}

impl Iterator for Stretches<'_> {
    type Item = Option<Stretch>;

    fn next(&mut self) -> Option<Self::Item> {
        const NO_LOCATION: u8 = 15;
        const LONG: u8 = 14;
        const NO_COLUMNS: u8 = 13;
        let (table, at) = (self.table, &mut self.at);
        let head = *table.get(*at)?;
        *at += 1;
        if head & 0x80 == 0 {
            return Some(None);
        }
        let form = head >> 3 & 15;
        let mut n_lines_more = 0;
        match form {
            NO_COLUMNS | LONG => {
                let Some(zigzag) = little_varint(table, at) else {
                    return Some(None);
                };
                let magnitude = i64::from(zigzag >> 1);
                self.line += match zigzag & 1 {
                    0 => magnitude,
                    _ => -magnitude,
                };
                if form == LONG {
                    let Some(more) = little_varint(table, at) else {
                        return Some(None);
                    };
                    n_lines_more = i64::from(more);
                }
            }
            10..=12 => self.line += i64::from(form) - 10,
            _ => {}
        }
        // Columns follow; an entry ends where the next one starts.
        while table.get(*at).is_some_and(|byte| byte & 0x80 == 0) {
            *at += 1;
        }
        let lines = (form != NO_LOCATION).then_some((self.line, self.line + n_lines_more));
        let n_units = (head & 7) as usize + 1;
        Some(Some(Stretch { n_units, lines }))
    }
}

fn little_varint(table: &[u8], at: &mut usize) -> Option<u32> {
    let mut value: u32 = 0;
    for shift in (0..30).step_by(6) {
        let byte = *table.get(*at).filter(|byte| *byte & 0x80 == 0)?;
        *at += 1;
        value |= (byte as u32 & 0x3F) << shift;
        if byte & 0x40 == 0 {
            return Some(value);
        }
    }
    None
}

/// A protected range of units and where exceptions in it go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handler {
    pub(crate) target: u32,
    /// Stack depth on arrival: the kept values, the raising instruction if wanted, the exception.
    pub(crate) depth: u32,
}

/// The handlers of an exception table, with targets below `n_units`.
pub(crate) fn handlers(table: &[u8], n_units: usize) -> Result<Vec<Handler>, Error> {
    let mut handlers = Vec::new();
    let mut at = 0;
    while at < table.len() {
        let cut = Error::at(0, "a malformed exception table");
        let mut number = || big_varint(table, &mut at).ok_or(cut);
        let (start, size, target, depth_and_lasti) = (number()?, number()?, number()?, number()?);
        if target as usize >= n_units || start as u64 + size as u64 > n_units as u64 {
            return Err(Error::at(
                start as usize,
                "a range or handler of exceptions beyond the end",
            ));
        }
        handlers.push(Handler {
            target,
            depth: (depth_and_lasti >> 1) + (depth_and_lasti & 1) + 1,
        });
    }
    Ok(handlers)
}

fn big_varint(table: &[u8], at: &mut usize) -> Option<u32> {
    let mut value: u32 = 0;
    for _ in 0..5 {
        let byte = *table.get(*at)?;
        *at += 1;
        value = value << 6 | byte as u32 & 0x3F;
        if byte & 0x40 == 0 {
            return Some(value);
        }
    }
    None
}
