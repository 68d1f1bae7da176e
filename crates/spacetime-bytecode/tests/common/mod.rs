//! Reader of the text fixtures that `make_fixtures.py` writes.

use std::collections::BTreeMap;

use spacetime_bytecode::{CodeInput, Const, Slot, Version};

/// A code object and what Python itself says of it.
#[derive(Default)]
pub struct Fixture {
    pub title: String,
    pub version: Option<Version>,
    pub first_line: u32,
    pub flags: u32,
    pub argument_count: u32,
    pub stack_size: u32,
    pub names: Vec<String>,
    pub slots: Vec<(String, u8)>,
    pub constants: Vec<String>,
    pub code: Vec<u8>,
    pub line_table: Vec<u8>,
    pub exception_table: Vec<u8>,
    pub lines: Vec<u32>,
    pub states: Vec<u32>,
    pub slow: bool,
    pub written: BTreeMap<u32, Vec<u16>>,
    /// Unit of a call or line start, and the depth seen (for calls: without the call's operands).
    pub depths: Vec<(u32, u16)>,
    /// Unit of a store or method call, and the stack positions where the receiver was seen.
    pub receivers: Vec<(u32, Vec<u16>)>,
    /// Sites by line, if all of them are given.
    pub sites: Option<BTreeMap<u32, String>>,
}

impl Fixture {
    /// Runs `check` with the fixture as input of the analysis.
    pub fn with_input<T>(&self, check: impl FnOnce(&CodeInput) -> T) -> T {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let slots: Vec<Slot> = self
            .slots
            .iter()
            .map(|(name, kind)| Slot { name, kind: *kind })
            .collect();
        let consts: Vec<Const> = self.constants.iter().map(|kind| constant(kind)).collect();
        check(&CodeInput {
            version: self.version.expect("fixture has a version"),
            code: &self.code,
            line_table: &self.line_table,
            exception_table: &self.exception_table,
            first_line: self.first_line,
            flags: self.flags,
            names: &names,
            consts: &consts,
            slots: &slots,
            argument_count: self.argument_count,
        })
    }
}

fn constant(kind: &str) -> Const {
    match kind {
        "N" => Const::Number,
        "S" | "T" | "C" | "A" => Const::Other,
        other => panic!("unknown kind of constant {other:?}"),
    }
}

/// The committed fixtures and, if the environment variable `BYTECODE_FIXTURE` names a file, those in it.
pub fn fixtures() -> Vec<Fixture> {
    let mut all = parse(include_str!("../fixtures/3.12.txt"));
    all.extend(parse(include_str!("../fixtures/3.13.txt")));
    if let Ok(path) = std::env::var("BYTECODE_FIXTURE") {
        all.extend(parse(
            &std::fs::read_to_string(path).expect("BYTECODE_FIXTURE is readable"),
        ));
    }
    all
}

fn parse(text: &str) -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    let mut fixture = Fixture::default();
    for line in text.lines() {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = rest.split_whitespace();
        let numbers = || rest.split_whitespace().map(number);
        match key {
            "code" => {
                let version = words.next().expect("version");
                let minor = version.strip_prefix("3.").expect("a 3.x version");
                fixture.version = Version::from_numbers(3, number(minor));
                fixture.title = format!("{version} {}", words.next().expect("title"));
            }
            "first" => fixture.first_line = number(rest),
            "flags" => fixture.flags = number(rest),
            "arguments" => fixture.argument_count = number(rest),
            "stacksize" => fixture.stack_size = number(rest),
            "names" => fixture.names = words.map(|name| name[1..].to_owned()).collect(),
            "slot" => {
                let name = words.next().expect("slot name").to_owned();
                fixture
                    .slots
                    .push((name, number(words.next().expect("slot kind")) as u8));
            }
            "constants" => fixture.constants = words.map(str::to_owned).collect(),
            "bytes" => fixture.code = hex(rest),
            "linetable" => fixture.line_table = hex(rest),
            "exceptiontable" => fixture.exception_table = hex(rest),
            "lines" => fixture.lines = words.flat_map(run).collect(),
            "states" => fixture.states = numbers().collect(),
            "slow" => fixture.slow = rest == "1",
            "written" => {
                let mut values = numbers();
                let line = values.next().expect("line");
                fixture
                    .written
                    .insert(line, values.map(|slot| slot as u16).collect());
            }
            "depth" => {
                let values: Vec<u32> = numbers().collect();
                fixture.depths.push((values[0], values[1] as u16));
            }
            "receiver" => {
                let values: Vec<u32> = numbers().collect();
                fixture
                    .receivers
                    .push((values[0], values[1..].iter().map(|&at| at as u16).collect()));
            }
            "checked" => fixture.sites = Some(BTreeMap::new()),
            "site" => {
                let (line, text) = rest.split_once(' ').expect("line and sites");
                fixture
                    .sites
                    .get_or_insert_default()
                    .insert(number(line), text.to_owned());
            }
            "end" => fixtures.push(std::mem::take(&mut fixture)),
            other => panic!("unknown key {other:?}"),
        }
    }
    fixtures
}

/// `LINE*COUNT`: a line, repeated.
fn run(text: &str) -> impl Iterator<Item = u32> {
    let (line, count) = text.split_once('*').expect("line and count");
    std::iter::repeat_n(number(line), number(count) as usize)
}

fn number(text: &str) -> u32 {
    text.parse()
        .unwrap_or_else(|_| panic!("a number is expected, found {text:?}"))
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).expect("hex digit") as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
