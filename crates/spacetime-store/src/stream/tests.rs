use super::*;

const SESSION: SessionId = SessionId(3);

#[track_caller]
fn check(encoded: &[u8], expected: Value) {
    let mut source = Source::new(encoded);
    assert_eq!(source.value(), Ok(encoded), "one value is passed over");
    assert!(source.is_empty());
    let mut source = Source::new(encoded);
    assert_eq!(decode_value(&mut source, SESSION), Ok(expected));
    for cut in 0..encoded.len() {
        assert!(
            Source::new(&encoded[..cut]).value().is_err(),
            "cut at {cut}"
        );
        assert!(decode_value(&mut Source::new(&encoded[..cut]), SESSION).is_err());
    }
}

fn encoded(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

#[test]
fn every_value_comes_back_as_it_was() {
    for int in [0, 1, 63, 64, -1, -64, 1 << 40, i64::MAX, i64::MIN] {
        check(&encoded(|sink| put_int(sink, int)), Value::Int(int));
    }
    check(&[value::NULL], Value::Unbound);
    check(&[value::NONE], Value::None);
    check(&[value::TRUE], Value::Bool(true));
    check(&[value::FALSE], Value::Bool(false));
    check(&[value::ELLIPSIS], Value::Ellipsis);
    check(&[value::NOT_IMPLEMENTED], Value::NotImplemented);
    check(&encoded(|sink| put_float(sink, -0.5)), Value::Float(-0.5));
    check(
        &encoded(|sink| put_str(sink, "naïve".as_bytes())),
        Value::Str("naïve".into()),
    );
    check(
        &encoded(|sink| put_ref(sink, 300)),
        Value::Ref(ObjectId::of_session(SESSION, 300)),
    );
    check(&[value::BYTES, 2, 7, 8], Value::Bytes(vec![7, 8]));
    check(&[value::BIG_INT, 2, 0, 128], Value::BigInt(vec![0, 128]));
    check(
        &[value::GAP, fidelity::OPAQUE],
        Value::Gap(Fidelity::Opaque),
    );
    check(&[value::RANGE, 2, 3, 1], Value::Range(1, -2, -1));
    check(
        &[value::STR_TRUNCATED, 9, 1, b'a'],
        Value::StrTruncated {
            head: b"a".to_vec(),
            len: 9,
        },
    );
    check(
        &[value::BYTES_TRUNCATED, 9, 1, b'a'],
        Value::BytesTruncated {
            head: b"a".to_vec(),
            len: 9,
        },
    );
    let nested = [value::TUPLE, 2, value::TUPLE, 1, 5, value::TUPLE, 0];
    let expected = vec![Value::Tuple(vec![Value::Int(5)]), Value::Tuple(vec![])];
    check(&nested, Value::Tuple(expected));
    let complex = encoded(|sink| {
        sink.byte(value::COMPLEX);
        sink.bytes(&1.5f64.to_le_bytes());
        sink.bytes(&2.5f64.to_le_bytes());
    });
    check(&complex, Value::Complex(1.5, 2.5));
}

#[test]
fn varints_of_all_widths_come_back_and_wider_ones_are_refused() {
    for shift in 0..64 {
        for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
            let bytes = encoded(|sink| sink.varint(value));
            assert_eq!(Source::new(&bytes).varint(), Ok(value));
        }
    }
    assert!(Source::new(&[0xFF; 11]).varint().is_err());
    assert!(
        Source::new(&[0x80; 9].iter().copied().chain([2]).collect::<Vec<_>>())
            .varint()
            .is_err()
    );
    assert!(Source::new(&[255, 255, 255, 255, 255, 1]).count().is_err());
}

#[test]
fn deep_and_unknown_values_are_refused_without_recursion() {
    let mut deep = [value::TUPLE, 1].repeat(100_000);
    deep.push(value::NONE);
    assert!(Source::new(&deep).value().is_ok());
    assert!(decode_value(&mut Source::new(&deep), SESSION).is_err());
    assert!(Source::new(&[0x7F]).value().is_err());
    assert!(decode_value(&mut Source::new(&[0xFF]), SESSION).is_err());
}
