//! Python's way of writing atoms, and text cut to a width.

use unicode_width::UnicodeWidthChar;

/// A str literal. Bytes that are not UTF-8 (lone surrogates, as `surrogatepass` writes them) are
/// shown as escapes.
pub fn str_literal(utf8: &[u8]) -> String {
    let quote = if utf8.contains(&b'\'') && !utf8.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    let mut rest = utf8;
    while !rest.is_empty() {
        let valid = match std::str::from_utf8(rest) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
        };
        valid
            .chars()
            .for_each(|character| push_escaped(&mut out, character, quote));
        rest = &rest[valid.len()..];
        rest = match rest {
            [0xED, b, c, tail @ ..] => {
                let unit = 0xD000 | u32::from(b & 0x3F) << 6 | u32::from(c & 0x3F);
                out.push_str(&format!("\\u{unit:04x}"));
                tail
            }
            [byte, tail @ ..] => {
                out.push_str(&format!("\\x{byte:02x}"));
                tail
            }
            [] => rest,
        };
    }
    out.push(quote);
    out
}

fn push_escaped(out: &mut String, character: char, quote: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' => out.push_str("\\\\"),
        _ if character == quote => out.extend(['\\', quote]),
        _ if (character as u32) < 0x100 && character.is_control() => {
            out.push_str(&format!("\\x{:02x}", character as u32));
        }
        // Characters that would reorder or break the line (and could disguise it).
        '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => {
            out.push_str(&format!("\\u{:04x}", character as u32));
        }
        _ => out.push(character),
    }
}

/// A bytes literal.
pub fn bytes_literal(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b' '..=b'~' | b'\n' | b'\r' | b'\t' => push_escaped(&mut out, byte as char, quote),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

/// A float as Python's `repr` writes it: the shortest text that reads back as the same number.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}

/// A complex number as Python's `repr` writes it.
pub fn complex(real: f64, imaginary: f64) -> String {
    let short = |value: f64| float(value).trim_end_matches(".0").to_owned();
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", short(imaginary));
    }
    let sign = if imaginary.is_sign_negative() && !imaginary.is_nan() {
        ""
    } else {
        "+"
    };
    format!("({}{sign}{}j)", short(real), short(imaginary))
}

/// An int, given as little-endian two's complement, in decimal; in hexadecimal where it is very
/// large (converting takes quadratic time).
pub fn big_int(bytes: &[u8]) -> String {
    let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let magnitude = if is_negative {
        negated(bytes)
    } else {
        bytes.to_vec()
    };
    let sign = if is_negative { "-" } else { "" };
    if magnitude.len() > 1024 {
        let hex: String = magnitude
            .iter()
            .rev()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return format!("{sign}0x{}", hex.trim_start_matches('0'));
    }
    format!("{sign}{}", decimal(&magnitude))
}

fn negated(bytes: &[u8]) -> Vec<u8> {
    let mut carry = true;
    bytes
        .iter()
        .map(|byte| {
            let (sum, overflow) = (!byte).overflowing_add(u8::from(carry));
            carry = overflow;
            sum
        })
        .collect()
}

fn decimal(little_endian: &[u8]) -> String {
    const BILLION: u64 = 1_000_000_000;
    let mut groups: Vec<u64> = vec![0];
    for &byte in little_endian.iter().rev() {
        let mut carry = u64::from(byte);
        for group in &mut groups {
            let value = *group * 256 + carry;
            *group = value % BILLION;
            carry = value / BILLION;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut text = groups.pop().unwrap_or(0).to_string();
    for group in groups.iter().rev() {
        text.push_str(&format!("{group:09}"));
    }
    text
}

/// The text, cut to a number of columns; an ellipsis shows the cut.
pub fn cut(text: &str, width: usize) -> String {
    let mut used = 0;
    let mut end = 0;
    for (index, character) in text.char_indices() {
        let columns = character.width().unwrap_or(0);
        if used + columns > width {
            // Make room for the ellipsis.
            while used + 1 > width && end > 0 {
                let last = text[..end].chars().next_back().unwrap_or(' ');
                end -= last.len_utf8();
                used -= last.width().unwrap_or(0);
            }
            return format!("{}…", &text[..end]);
        }
        used += columns;
        end = index + character.len_utf8();
    }
    text.to_owned()
}

/// The number of columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.chars()
        .map(|character| character.width().unwrap_or(0))
        .sum()
}

/// The text, filled with spaces to a number of columns.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// A line of source that is safe to print: tabs as spaces, control characters as escapes.
pub fn source_line(line: &str) -> String {
    let mut out = String::new();
    for character in line.chars() {
        match character {
            '\t' => out.push_str(&" ".repeat(8 - columns(&out) % 8)),
            '\\' => out.push('\\'),
            _ => push_escaped(&mut out, character, '\0'),
        }
    }
    out
}

/// A duration in its fitting unit.
pub fn duration(nanoseconds: u64) -> String {
    let seconds = nanoseconds as f64 / 1e9;
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", seconds * 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// A number with separators between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and a noun.
pub fn counted(number: u64, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        count(number),
        if number == 1 { "" } else { "s" }
    )
}

/// A number of bytes in its fitting unit.
pub fn bytes(number: u64) -> String {
    match number {
        0..10_000 => format!("{number} B"),
        10_000..1_000_000 => format!("{:.0} kB", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.2} GB", number as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_python_s() {
        assert_eq!(str_literal(b"it's"), "\"it's\"");
        assert_eq!(str_literal(b"'\"\n\\"), r#"'\'"\n\\'"#);
        assert_eq!(str_literal("é\u{0}".as_bytes()), "'é\\x00'");
        assert_eq!(str_literal(b"a\xED\xA0\x80b"), "'a\\ud800b'");
        assert_eq!(bytes_literal(b"a\x00\xff"), "b'a\\x00\\xff'");
    }

    #[test]
    fn numbers_are_python_s() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123456789012345.6, "123456789012345.6"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(float(value), text);
        }
        assert_eq!(complex(0.0, 1.0), "1j");
        assert_eq!(complex(1.5, -2.0), "(1.5-2j)");
        assert_eq!(
            big_int(&[0, 0, 0, 0, 0, 0, 0, 0, 1]),
            "18446744073709551616"
        );
        assert_eq!(
            big_int(&[0, 0, 0, 0, 0, 0, 0, 0, 0xFF]),
            "-18446744073709551616"
        );
    }

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(count(1234567), "1,234,567");
    }
}
