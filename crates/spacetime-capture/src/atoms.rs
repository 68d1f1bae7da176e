//! Encodes values without parts: numbers, text, bytes and their like.
//!
//! Hot path: no allocation but for text that is not ASCII, no Python code run.

use crate::layout;
use crate::limits;
use pyo3_ffi::*;
use spacetime_store::stream::{self, Sink, value};

/// What a value is to the recorder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// No value.
    Null,
    /// Immutable and without parts, or a short tuple of such: encoded where it stands.
    Leaf,
    /// Text or bytes too long to repeat: an object of its own.
    Text,
    /// Everything with parts or identity: an object of its own.
    Object,
}

/// Text and bytes up to this many characters are encoded where they stand.
pub const INLINE_TEXT: isize = 64;
/// Tuples of atoms up to this length are encoded where they stand.
const INLINE_TUPLE: usize = 8;
/// Ints of more digits than this (about a million bits) are cut.
const MAX_INT_DIGITS: usize = 1 << 15;

/// Classifies a value by its exact type.
///
/// # Safety
/// `object` must be null or a live object, with the GIL held.
#[inline]
pub unsafe fn classify(object: *mut PyObject) -> Class {
    if object.is_null() {
        return Class::Null;
    }
    // SAFETY: all reads follow the exact type of a live object.
    unsafe {
        let type_ = Py_TYPE(object);
        if type_ == &raw mut PyLong_Type || type_ == &raw mut PyFloat_Type {
            return Class::Leaf;
        }
        if type_ == &raw mut PyUnicode_Type {
            return match PyUnicode_GET_LENGTH(object) <= INLINE_TEXT {
                true => Class::Leaf,
                false => Class::Text,
            };
        }
        if is_constant(object) || type_ == &raw mut PyComplex_Type {
            return Class::Leaf;
        }
        if type_ == &raw mut PyBytes_Type {
            return match PyBytes_Size(object) <= INLINE_TEXT {
                true => Class::Leaf,
                false => Class::Text,
            };
        }
        if type_ == &raw mut PyTuple_Type {
            let items = layout::tuple_items(object);
            let inline = items.len() <= INLINE_TUPLE && items.iter().all(|&item| is_atom(item));
            return if inline { Class::Leaf } else { Class::Object };
        }
        if type_ == &raw mut PyRange_Type && range_parts(object).is_some() {
            return Class::Leaf;
        }
        Class::Object
    }
}

/// Whether a tuple item is a leaf that is not a tuple itself.
unsafe fn is_atom(object: *mut PyObject) -> bool {
    // SAFETY: passed on from `classify`.
    unsafe {
        !object.is_null()
            && Py_TYPE(object) != &raw mut PyTuple_Type
            && classify(object) == Class::Leaf
    }
}

/// Whether the object is `None`, `True`, `False`, `...` or `NotImplemented`.
///
/// # Safety
/// None beyond a valid address.
#[inline]
pub unsafe fn is_constant(object: *mut PyObject) -> bool {
    // SAFETY: compares addresses of immortal objects.
    unsafe {
        object == Py_None()
            || object == Py_True()
            || object == Py_False()
            || object == Py_Ellipsis()
            || object == Py_NotImplemented()
    }
}

/// Start, stop and step of a range of machine-sized ints.
unsafe fn range_parts(range: *mut PyObject) -> Option<[i64; 3]> {
    // SAFETY: rangeobject keeps start, stop, step (ints) at 16, 24, 32.
    unsafe {
        let part = |offset| {
            let int: *mut PyObject = layout::field(range.cast(), offset);
            (Py_TYPE(int) == &raw mut PyLong_Type)
                .then(|| layout::small_int(int))
                .flatten()
        };
        Some([part(16)?, part(24)?, part(32)?])
    }
}

/// Whether two plain values are the same value of the same type.
///
/// # Safety
/// Both must be null or live objects, with the GIL held.
pub unsafe fn are_same(a: *mut PyObject, b: *mut PyObject) -> bool {
    // SAFETY: reads types, then what the class of values allows.
    unsafe {
        if a == b || a.is_null() || b.is_null() {
            return a == b;
        }
        match classify(a) {
            class if Py_TYPE(a) != Py_TYPE(b) || classify(b) != class => false,
            Class::Leaf => {
                let [mut left, mut right] = [Vec::new(), Vec::new()];
                put_leaf(&mut left, a);
                put_leaf(&mut right, b);
                left == right
            }
            Class::Text => text_bytes(a) == text_bytes(b),
            Class::Null | Class::Object => false,
        }
    }
}

/// Encodes a leaf.
///
/// # Safety
/// `object` must be a live object of class [`Class::Leaf`].
#[inline]
pub unsafe fn put_leaf<S: Sink>(sink: &mut S, object: *mut PyObject) {
    // SAFETY: all reads follow the exact type of a live object.
    unsafe {
        let type_ = Py_TYPE(object);
        if type_ == &raw mut PyLong_Type {
            match layout::small_int(object) {
                Some(int) => stream::put_int(sink, int),
                None => put_big_int(sink, object),
            }
        } else if type_ == &raw mut PyFloat_Type {
            stream::put_float(sink, layout::float_value(object));
        } else if type_ == &raw mut PyUnicode_Type {
            sink.byte(value::STR);
            put_text(sink, object);
        } else {
            put_rare_leaf(sink, object);
        }
    }
}

#[cold]
unsafe fn put_rare_leaf<S: Sink>(sink: &mut S, object: *mut PyObject) {
    // SAFETY: as `put_leaf`.
    unsafe {
        let type_ = Py_TYPE(object);
        if object == Py_None() {
            sink.byte(value::NONE);
        } else if object == Py_True() {
            sink.byte(value::TRUE);
        } else if object == Py_False() {
            sink.byte(value::FALSE);
        } else if object == Py_Ellipsis() {
            sink.byte(value::ELLIPSIS);
        } else if object == Py_NotImplemented() {
            sink.byte(value::NOT_IMPLEMENTED);
        } else if type_ == &raw mut PyBytes_Type {
            sink.byte(value::BYTES);
            sink.blob(bytes_of(object));
        } else if type_ == &raw mut PyComplex_Type {
            sink.byte(value::COMPLEX);
            sink.bytes(&layout::field::<f64>(object.cast(), 16).to_le_bytes());
            sink.bytes(&layout::field::<f64>(object.cast(), 24).to_le_bytes());
        } else if type_ == &raw mut PyTuple_Type {
            let items = layout::tuple_items(object);
            sink.byte(value::TUPLE);
            sink.varint(items.len() as u64);
            for &item in items {
                put_leaf(sink, item);
            }
        } else if let Some(parts) = range_parts(object) {
            sink.byte(value::RANGE);
            parts
                .into_iter()
                .for_each(|part| sink.varint(stream::zigzag(part)));
        } else {
            sink.byte(value::GAP);
            sink.byte(stream::fidelity::UNREADABLE);
        }
    }
}

/// Encodes an int of more than 60 bits as little-endian two's complement.
#[cold]
unsafe fn put_big_int<S: Sink>(sink: &mut S, object: *mut PyObject) {
    // SAFETY: passed on from `put_leaf`.
    let (sign, digits) = unsafe { layout::int_digits(object) };
    if digits.len() > MAX_INT_DIGITS {
        sink.byte(value::GAP);
        sink.byte(stream::fidelity::TRUNCATED_SIZE);
        return;
    }
    sink.byte(value::BIG_INT);
    sink.blob(&twos_complement(sign, digits));
}

fn twos_complement(sign: i64, digits: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * 4 + 2);
    let (mut bits, mut n_bits) = (0u64, 0u32);
    for &digit in digits {
        bits |= u64::from(digit) << n_bits;
        n_bits += layout::N_DIGIT_BITS;
        while n_bits >= 8 {
            bytes.push(bits as u8);
            bits >>= 8;
            n_bits -= 8;
        }
    }
    bytes.push(bits as u8);
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.last().is_some_and(|&top| top >= 0x80) {
        bytes.push(0);
    }
    if sign < 0 {
        let mut carry = true;
        for byte in &mut bytes {
            let (negated, overflow) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (negated, overflow);
        }
        while let [.., below, 0xFF] = bytes[..]
            && below >= 0x80
        {
            bytes.pop();
        }
    }
    bytes
}

/// The content of a bytes object.
///
/// # Safety
/// `object` must be bytes; the slice lives as long as it.
pub unsafe fn bytes_of<'a>(object: *mut PyObject) -> &'a [u8] {
    // SAFETY: `ob_size` bytes from `ob_sval` (offset 32).
    unsafe {
        let size = PyBytes_Size(object).max(0) as usize;
        std::slice::from_raw_parts(object.cast::<u8>().add(32), size)
    }
}

/// Writes the length and the UTF-8 of a str.
#[inline]
unsafe fn put_text<S: Sink>(sink: &mut S, object: *mut PyObject) {
    // SAFETY: `object` is an exact str.
    match unsafe { ascii_of(object) } {
        Some(ascii) => sink.blob(ascii),
        // SAFETY: as above.
        None => sink.blob(&unsafe { utf8_of(object) }),
    }
}

/// The text of a compact ASCII str.
unsafe fn ascii_of<'a>(object: *mut PyObject) -> Option<&'a [u8]> {
    // SAFETY: `object` is a str; ASCII data are UTF-8.
    unsafe {
        (PyUnicode_IS_ASCII(object) != 0).then(|| {
            let length = PyUnicode_GET_LENGTH(object) as usize;
            std::slice::from_raw_parts(PyUnicode_DATA(object).cast::<u8>(), length)
        })
    }
}

/// The UTF-8 of a str, with lone surrogates as the `surrogatepass` handler writes them. Reads the
/// str's own characters: asking CPython for UTF-8 would leave a copy in the object.
///
/// # Safety
/// `object` must be a str.
pub unsafe fn utf8_of(object: *mut PyObject) -> Vec<u8> {
    // SAFETY: kind, length and data describe the character array.
    unsafe {
        if let Some(ascii) = ascii_of(object) {
            return ascii.to_vec();
        }
        let length = PyUnicode_GET_LENGTH(object) as usize;
        let data = PyUnicode_DATA(object);
        let mut utf8 = Vec::with_capacity(length * 2);
        match PyUnicode_KIND(object) as i32 {
            1 => std::slice::from_raw_parts(data.cast::<u8>(), length)
                .iter()
                .for_each(|&unit| push_utf8(&mut utf8, unit.into())),
            2 => std::slice::from_raw_parts(data.cast::<u16>(), length)
                .iter()
                .for_each(|&unit| push_utf8(&mut utf8, unit.into())),
            _ => std::slice::from_raw_parts(data.cast::<u32>(), length)
                .iter()
                .for_each(|&unit| push_utf8(&mut utf8, unit)),
        }
        utf8
    }
}

/// Adds a code point, which may be a lone surrogate.
pub fn push_utf8(utf8: &mut Vec<u8>, code_point: u32) {
    let continuation = |shift: u32| 0x80 | (code_point >> shift & 0x3F) as u8;
    match code_point {
        0..0x80 => utf8.push(code_point as u8),
        0x80..0x800 => utf8.extend([0xC0 | (code_point >> 6) as u8, continuation(0)]),
        0x800..0x10000 => {
            utf8.extend([
                0xE0 | (code_point >> 12) as u8,
                continuation(6),
                continuation(0),
            ]);
        }
        _ => utf8.extend([
            0xF0 | (code_point >> 18) as u8,
            continuation(12),
            continuation(6),
            continuation(0),
        ]),
    }
}

/// The bytes of long text, bytes or a bytearray, cut at the limit, and their real number.
///
/// # Safety
/// `object` must be an exact str, bytes or bytearray.
pub unsafe fn text_bytes(object: *mut PyObject) -> (Vec<u8>, usize) {
    // SAFETY: passed on.
    unsafe {
        if let Some(bytes) = bytes_in_place(object) {
            return (
                bytes[..bytes.len().min(limits::text())].to_vec(),
                bytes.len(),
            );
        }
        let mut utf8 = utf8_of(object);
        let n_bytes = utf8.len();
        let mut cut = n_bytes.min(limits::text());
        while cut < n_bytes && utf8[cut] & 0xC0 == 0x80 {
            cut -= 1;
        }
        utf8.truncate(cut);
        (utf8, n_bytes)
    }
}

/// Whether the text equals bytes kept earlier by [`text_bytes`]; only text beyond ASCII is copied.
///
/// # Safety
/// As for [`text_bytes`].
pub unsafe fn text_equals(object: *mut PyObject, kept: &[u8], n_bytes: usize) -> bool {
    // SAFETY: passed on.
    unsafe {
        if let Some(bytes) = bytes_in_place(object) {
            return bytes.len() == n_bytes && bytes[..kept.len()] == *kept;
        }
        let (now, n_now) = text_bytes(object);
        n_now == n_bytes && now == kept
    }
}

/// Whether the text begins with text kept earlier by [`text_bytes`], as far as that was kept.
///
/// # Safety
/// As for [`text_bytes`].
pub unsafe fn text_begins_with(object: *mut PyObject, kept: &[u8], n_bytes: usize) -> bool {
    // SAFETY: passed on.
    unsafe {
        if let Some(bytes) = bytes_in_place(object) {
            return bytes.len() >= n_bytes && bytes.starts_with(kept);
        }
        let (now, n_now) = text_bytes(object);
        n_now >= n_bytes && now.starts_with(kept)
    }
}

/// The bytes of a text as the object has them: nothing for str beyond ASCII.
///
/// # Safety
/// As for [`text_bytes`]; the object must stay as it is while the bytes are used.
pub unsafe fn bytes_in_place<'a>(object: *mut PyObject) -> Option<&'a [u8]> {
    // SAFETY: each branch follows the exact type.
    unsafe {
        let type_ = Py_TYPE(object);
        if type_ == &raw mut PyUnicode_Type {
            return ascii_of(object);
        }
        if type_ == &raw mut PyBytes_Type {
            return Some(bytes_of(object));
        }
        let size = PyByteArray_Size(object).max(0) as usize;
        Some(match size {
            0 => &[],
            _ => std::slice::from_raw_parts(PyByteArray_AsString(object).cast::<u8>(), size),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> i128 {
        let mut value = if bytes.last().unwrap() & 0x80 != 0 {
            -1i128
        } else {
            0
        };
        for &byte in bytes.iter().rev() {
            value = value << 8 | i128::from(byte);
        }
        value
    }

    #[test]
    fn twos_complement_keeps_the_value() {
        for value in [
            1i128 << 61,
            (1 << 64) - 1,
            1 << 64,
            1 << 90,
            255,
            128,
            127,
            1 << 31,
        ] {
            for sign in [1, -1] {
                let digits: Vec<u32> = (0..4)
                    .map(|i| (value >> (30 * i) & ((1 << 30) - 1)) as u32)
                    .collect();
                assert_eq!(
                    decode(&twos_complement(sign, &digits)),
                    value * i128::from(sign)
                );
            }
        }
    }

    #[test]
    fn code_points_become_utf8() {
        let mut utf8 = Vec::new();
        "aé€😀".chars().for_each(|c| push_utf8(&mut utf8, c.into()));
        assert_eq!(utf8, "aé€😀".as_bytes());
    }
}
