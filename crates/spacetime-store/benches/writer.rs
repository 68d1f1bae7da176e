//! What a state costs the writer thread, and what reading one costs, on three streams: a tight loop
//! (5 bytes a state), recursive calls, and an object graph with a changing list.
//!
//! `cargo bench -p spacetime-store`. Prints; asserts what was recorded, not how long it took.

use std::time::Instant;

use spacetime_model::{CodeVersion, ExitKind, SessionInfo, Slot, SlotKind, StateId};
use spacetime_store::stream::{
    self, Kind, Sink, call_flag, put_int, put_line, put_slot, record, value,
};
use spacetime_store::{EndInfo, Options, Recording, RingWriter, Target, Trace};

const N_STATES: u64 = 20_000_000;

fn main() {
    for (name, write) in [
        ("tight loop", tight_loop as fn(&mut RingWriter)),
        ("recursive calls", recursive_calls),
        ("list element changed", changing_list),
    ] {
        run(name, write);
    }
}

fn run(name: &str, write: fn(&mut RingWriter)) {
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
    write(&mut ring);
    let own_cpu = thread_cpu_ns() - own_cpu;
    let end = EndInfo {
        kind: ExitKind::Completed,
        message: None,
    };
    recording.end_session(end).expect("an end");
    let summary = recording.close().expect("a closed trace");
    let wall = started.elapsed();
    let writer_cpu = cpu_ns() - cpu - own_cpu;
    assert_eq!(summary.n_states, N_STATES);
    let per_state = |n: u64| n as f64 / N_STATES as f64;
    println!(
        "{name}: writer {:.1} ns, producer {:.1} ns, wall {:.1} ns, {:.2} bytes a state; peak memory {} MB",
        per_state(writer_cpu),
        per_state(own_cpu),
        per_state(wall.as_nanos() as u64),
        per_state(summary.trace_bytes),
        peak_memory_mb(),
    );
    let trace = Trace::open(&path).expect("a trace");
    let mut times: Vec<u128> = (0..101)
        .map(|i| {
            let id = StateId(1 + i * 7_919_993 % N_STATES);
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

fn tight_loop(ring: &mut RingWriter) {
    call(ring);
    for i in 0..N_STATES as i64 / 2 {
        slot(ring, 0, i);
        line(ring, 1);
        slot(ring, 1, (i * 3) & 0xFFFF);
        line(ring, -1);
    }
    return_none(ring);
}

fn recursive_calls(ring: &mut RingWriter) {
    let mut depth = 0u64;
    for i in 0..N_STATES / 3 {
        while depth > (i * 7 + i / 11) % 20 {
            return_none(ring);
            depth -= 1;
        }
        call(ring);
        depth += 1;
        slot(ring, 0, (20 - depth % 20) as i64);
        line(ring, 1);
        line(ring, 1);
        line(ring, 1);
    }
    for _ in 0..N_STATES % 3 {
        line(ring, 1);
    }
    for _ in 0..depth {
        return_none(ring);
    }
}

fn changing_list(ring: &mut RingWriter) {
    const N_ITEMS: u64 = 1000;
    call(ring);
    ring.byte(record::NAME);
    ring.varint(0);
    ring.blob(b"list");
    ring.byte(record::OBJECT);
    ring.varint(2);
    ring.byte(Kind::List as u8);
    ring.varint(0);
    ring.varint(0);
    stream::put_object_record(ring, record::SPLICE, 2);
    ring.varint(0);
    ring.varint(0);
    ring.varint(N_ITEMS);
    for item in 0..N_ITEMS {
        put_int(ring, item as i64);
    }
    ring.record_end();
    put_slot(ring, 0);
    stream::put_ref(ring, 2);
    ring.record_end();
    for i in 0..N_STATES {
        stream::put_object_record(ring, record::ITEM, 2);
        ring.varint(i * 17 % N_ITEMS);
        put_int(ring, i as i64);
        ring.record_end();
        line(ring, if i % 2 == 0 { 1 } else { -1 });
    }
    return_none(ring);
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
