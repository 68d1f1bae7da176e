//! What a state costs the writer thread, and what reading one costs, on streams like those of a tight
//! loop, of short calls, and of loops that change items, entries and attributes.
//!
//! `cargo bench -p spacetime-store [WORD]`. Prints; asserts what was recorded, not how long it took.
//! The program waits for the writer now and then, so that it is not measured when it is behind.

use std::time::Instant;

use spacetime_model::{CodeVersion, ExitKind, SessionInfo, Slot, SlotKind, StateId};
use spacetime_store::stream::{
    self, Kind, Sink, call_flag, put_int, put_line, put_slot, record, value,
};
use spacetime_store::{EndInfo, Options, Recording, RingWriter, Target, Trace};

const N_STATES: u64 = 10_000_000;
/// The program waits for the writer after this many states.
const STATES_AHEAD: u64 = 100_000;

/// Writes one of many equal rounds of a stream.
type Round = fn(&mut RingWriter, u64);

fn main() {
    let wanted = std::env::args().nth(1).filter(|word| word != "--bench");
    let streams: [(&str, u64, Round, Round); 6] = [
        ("tight loop", 2, call_only, tight_loop),
        ("short calls", 3, call_only, short_call),
        ("list element changed", 1, call_with_list, change_list),
        ("list elements swapped", 3, call_with_list, swap_elements),
        ("words counted", 2, call_with_dict, count_word),
        (
            "attributes changed by a method",
            3,
            call_with_instances,
            move_instance,
        ),
    ];
    for (name, states_a_round, begin, round) in streams {
        if wanted
            .as_ref()
            .is_none_or(|word| name.contains(word.as_str()))
        {
            run(name, states_a_round, begin, round);
        }
    }
}

fn run(name: &str, states_a_round: u64, begin: Round, round: Round) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("bench.spacetime");
    let target = Target::File(path.clone());
    let options = Options {
        max_states: u64::MAX,
        ..Options::default()
    };
    let (recording, mut ring) = Recording::create(target, &options).expect("a recording");
    recording
        .begin_session(SessionInfo::default())
        .expect("a session");
    let slot = |name: &str| Slot {
        name: name.into(),
        kind: SlotKind::Local,
    };
    let code = CodeVersion {
        name: "f".into(),
        slots: ["a", "b", "c", "d"].map(slot).into(),
        ..CodeVersion::default()
    };
    recording.add_code(0, code).expect("code added");
    let started = Instant::now();
    let cpu = cpu_ns();
    let own_cpu = thread_cpu_ns();
    begin(&mut ring, 0);
    let n_rounds = N_STATES / states_a_round;
    for i in 0..n_rounds {
        round(&mut ring, i);
        if i % (STATES_AHEAD / states_a_round) == 0 {
            recording.flush().expect("stored records");
        }
    }
    return_none(&mut ring);
    let own_cpu = thread_cpu_ns() - own_cpu;
    let end = EndInfo {
        kind: ExitKind::Completed,
        message: None,
    };
    recording.end_session(end).expect("an end");
    let summary = recording.close().expect("a closed trace");
    let wall = started.elapsed();
    let writer_cpu = cpu_ns() - cpu - own_cpu;
    let n_states = n_rounds * states_a_round;
    assert_eq!(summary.n_states, n_states);
    let per_state = |n: u64| n as f64 / n_states as f64;
    println!(
        "{name}: writer {:.1} ns, program {:.1} ns, wall {:.1} ns, {:.2} bytes a state; peak memory {} MB",
        per_state(writer_cpu),
        per_state(own_cpu),
        per_state(wall.as_nanos() as u64),
        per_state(summary.trace_bytes),
        peak_memory_mb(),
    );
    let trace = Trace::open(&path).expect("a trace");
    let mut times: Vec<u128> = (0..101)
        .map(|i| {
            let id = StateId(1 + i * 7_919_993 % n_states);
            let started = Instant::now();
            let state = trace.state(id).expect("a state");
            assert_eq!(state.id, id);
            started.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    println!(
        "    random state: median {} us, worst {} us",
        times[50], times[100]
    );
}

fn call(ring: &mut RingWriter) {
    ring.byte(record::CALL);
    ring.varint(0);
    ring.varint(call_flag::LINE);
    ring.varint(1);
    ring.record_end();
}

fn line(ring: &mut RingWriter, delta: i32) {
    put_line(ring, delta);
    ring.record_end();
    ring.commit();
}

fn slot(ring: &mut RingWriter, slot: u32, int: i64) {
    put_slot(ring, slot);
    put_int(ring, int);
    ring.record_end();
}

fn return_none(ring: &mut RingWriter) {
    ring.bytes(&[record::RETURN, value::NONE]);
    ring.record_end();
    ring.commit();
}

fn call_only(ring: &mut RingWriter, _: u64) {
    call(ring);
}

fn tight_loop(ring: &mut RingWriter, i: u64) {
    slot(ring, 0, i as i64);
    line(ring, 1);
    slot(ring, 1, (i as i64 * 3) & 0xFFFF);
    line(ring, -1);
}

fn short_call(ring: &mut RingWriter, i: u64) {
    call(ring);
    slot(ring, 0, i64::from((i + 1).trailing_zeros()));
    line(ring, 1);
    line(ring, 1);
    line(ring, 1);
    return_none(ring);
}

fn object(ring: &mut RingWriter, number: u64, kind: Kind) {
    ring.byte(record::OBJECT);
    ring.varint(number);
    ring.byte(kind as u8);
    ring.varint(0);
    ring.varint(0);
    ring.record_end();
}

fn name(ring: &mut RingWriter, id: u64, name: &str) {
    ring.byte(record::NAME);
    ring.varint(id);
    ring.blob(name.as_bytes());
    ring.record_end();
}

fn slot_of_object(ring: &mut RingWriter, slot: u32, number: u32) {
    put_slot(ring, slot);
    stream::put_ref(ring, number);
    ring.record_end();
}

fn item(ring: &mut RingWriter, index: u64, int: i64) {
    stream::put_object_record(ring, record::ITEM, 2);
    ring.varint(index);
    put_int(ring, int);
    ring.record_end();
}

const N_ITEMS: u64 = 1000;

fn call_with_list(ring: &mut RingWriter, _: u64) {
    call(ring);
    name(ring, 0, "list");
    object(ring, 2, Kind::List);
    stream::put_object_record(ring, record::SPLICE, 2);
    ring.varint(0);
    ring.varint(0);
    ring.varint(N_ITEMS);
    for item in 0..N_ITEMS {
        put_int(ring, item as i64);
    }
    ring.record_end();
    slot_of_object(ring, 0, 2);
}

fn change_list(ring: &mut RingWriter, i: u64) {
    item(ring, i * 17 % N_ITEMS, i as i64);
    line(ring, if i.is_multiple_of(2) { 1 } else { -1 });
}

fn swap_elements(ring: &mut RingWriter, i: u64) {
    let (at, number) = (i % (N_ITEMS - 1), scatter(i));
    slot(ring, 1, at as i64);
    line(ring, 1);
    line(ring, 1);
    item(ring, at, number as i64 % 100_000);
    item(ring, at + 1, number as i64 / 7 % 100_000);
    line(ring, -2);
}

fn call_with_dict(ring: &mut RingWriter, _: u64) {
    call(ring);
    name(ring, 0, "dict");
    object(ring, 2, Kind::Dict);
    slot_of_object(ring, 0, 2);
}

fn count_word(ring: &mut RingWriter, i: u64) {
    // Small numbers more often than large ones.
    let word = format!("w{}", scatter(i) % (1 + scatter(i + 1) % 1000));
    put_slot(ring, 1);
    stream::put_str(ring, word.as_bytes());
    ring.record_end();
    line(ring, 1);
    stream::put_object_record(ring, record::DICT_SET, 2);
    stream::put_str(ring, word.as_bytes());
    put_int(ring, i as i64 / 100);
    ring.record_end();
    line(ring, -1);
}

fn call_with_instances(ring: &mut RingWriter, _: u64) {
    call(ring);
    for (id, text) in ["Node", "x", "steps"].into_iter().enumerate() {
        name(ring, id as u64, text);
    }
    for number in 0..N_ITEMS {
        object(ring, 2 + number, Kind::Instance);
    }
}

fn move_instance(ring: &mut RingWriter, i: u64) {
    let number = 2 + (i % N_ITEMS) as u32;
    line(ring, 0);
    call(ring);
    slot_of_object(ring, 0, number);
    line(ring, 1);
    stream::put_object_record(ring, record::ATTR, number);
    ring.varint(1);
    stream::put_float(ring, i as f64 * 0.25);
    ring.record_end();
    line(ring, 1);
    stream::put_object_record(ring, record::ATTR, number);
    ring.varint(2);
    put_int(ring, (i / N_ITEMS) as i64);
    ring.record_end();
    return_none(ring);
}

/// A number that looks random.
fn scatter(i: u64) -> u64 {
    i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

/// CPU time of this process so far.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .expect("a name")
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|field| field.parse::<u64>().expect("a number"))
        .sum();
    ticks * 10_000_000
}

/// CPU time of this thread so far.
fn thread_cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    stat.split_whitespace()
        .next()
        .expect("a field")
        .parse()
        .expect("a number")
}

fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .expect("a peak");
    line.split_whitespace()
        .nth(1)
        .expect("a number")
        .parse::<u64>()
        .expect("a number")
        / 1024
}
