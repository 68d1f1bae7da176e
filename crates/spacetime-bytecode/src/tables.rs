//! CPython's location table and exception table, decoded.

use crate::error::Error;

/// Line of each unit as CPython counts it: `-1` for no line (module prologues are on line 0).
pub(crate) fn lines_of_units(
    table: &[u8],
    first_line: u32,
    n_units: usize,
) -> Result<Vec<i32>, Error> {
    let mut lines = Vec::with_capacity(n_units);
    let mut line = first_line as i64;
    let mut at = 0;
    while at < table.len() && lines.len() < n_units {
        let malformed = Error::at(lines.len(), "a malformed line table");
        let head = table[at];
        if head & 0x80 == 0 {
            return Err(malformed);
        }
        at += 1;
        let n_covered = (head & 7) as usize + 1;
        let code = head >> 3 & 15;
        let shown = match code {
            15 => -1,
            13 | 14 => {
                let zigzag = little_varint(table, &mut at).ok_or(malformed)?;
                let magnitude = (zigzag >> 1) as i64;
                line += if zigzag & 1 != 0 {
                    -magnitude
                } else {
                    magnitude
                };
                line
            }
            10..=12 => {
                line += code as i64 - 10;
                line
            }
            _ => line,
        };
        let shown = i32::try_from(shown).map_err(|_| malformed)?;
        let n_left = n_units - lines.len();
        lines.extend(std::iter::repeat_n(shown.max(-1), n_covered.min(n_left)));
        // Columns and end lines follow; an entry ends where the next one starts.
        while at < table.len() && table[at] & 0x80 == 0 {
            at += 1;
        }
    }
    lines.resize(n_units, -1);
    Ok(lines)
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
