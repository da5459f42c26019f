//! The state of a run as bytes, and back.
//!
//! What several holders share is written once, so that the bytes stay as small as the state and sharing survives.
//! Secrets are written as the keys of their memory entries; what was computed from one is sealed. The reader trusts
//! nothing: every length is bounded by the bytes that are left, and whatever it accepts the loop can run.

use std::fmt::Write as _;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::fault::Fault;
use crate::frame::Frame;
use crate::instant::Instant;
use crate::isa::Instruction;
use crate::limits::Limits;
use crate::machine::{Linked, Secrets, State, Vm, WINDOW};
use crate::object::{Key, Object};
use crate::program::{ProcIndex, Program, Reg, SiteIndex};
use crate::specialize::Kind;
use crate::text::{Origin, Text};
use crate::value::{Array, DEPTH_MAX, Value};

/// The beginning of every checkpoint: a name and the version of the form.
const MAGIC: &[u8; 5] = b"gbvm\x03";
/// Shorter texts are repeated rather than referenced.
const SHARED_MIN: usize = 64;

/// Whether a text is written once and then referenced. A secret is not: it may have another length when it is read.
fn is_referenced(text: &Text) -> bool {
    text.as_str().len() >= SHARED_MIN && !text.has_secret()
}

const MISSING: u8 = 0;
const NULL: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const INT: u8 = 4;
const FLOAT: u8 = 5;
const DATE: u8 = 6;
const TEXT: u8 = 7;
const ARRAY: u8 = 8;
const OBJECT: u8 = 9;
const STRICT_OBJECT: u8 = 10;
const SEEN: u8 = 11;
const HEADERS_OBJECT: u8 = 12;

const DATA: u8 = 0;
const LITERAL: u8 = 1;
const SECRET: u8 = 2;
const DERIVED: u8 = 3;

/// Identifies what a program does: its code and tables, not its places and texts.
pub(crate) fn program_hash(program: &Program) -> u64 {
    struct Fnv(u64);
    impl std::fmt::Write for Fnv {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for byte in text.bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            Ok(())
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    let Program { code, constants, names, shapes, paths, imports, sites, templates, tables, procedures, globals, .. } = program;
    let sites: Vec<_> = sites.iter().map(|site| (site.import, site.wanted, site.arguments.iter().map(|argument| argument.template).collect::<Vec<_>>())).collect();
    write!(hash, "{code:?}{constants:?}{names:?}{shapes:?}{paths:?}{imports:?}{sites:?}{templates:?}{tables:?}{procedures:?}{globals:?}").expect("hashing cannot fail");
    hash.0
}

impl Vm {
    /// The state of the run as bytes, from which [`Vm::restore`] goes on.
    ///
    /// # Errors
    /// `E_SECRET_SEAL` where something computed from a secret cannot be sealed.
    pub fn checkpoint(&self, secrets: &dyn Secrets) -> Result<Vec<u8>, Fault> {
        let mut writer = Writer::new(secrets);
        writer.bytes.extend(MAGIC);
        writer.bytes.extend(self.linked.hash().to_le_bytes());
        writer.number(self.next_serial);
        writer.number(self.depth as u64);
        for frame in self.alive() {
            writer.number(u64::from(frame.procedure.0));
            writer.number(u64::from(frame.base));
            writer.number(u64::from(frame.pc));
            writer.number(frame.serial);
        }
        match self.state {
            State::Ready => writer.bytes.push(0),
            State::Waiting { dst, first, site } => {
                writer.bytes.extend([1, dst.0, first.0]);
                writer.number(u64::from(site.0));
            }
            State::Ended => writer.bytes.push(2),
        }
        for global in &self.globals {
            writer.value(global)?;
        }
        for register in &self.stack[..self.live_registers()] {
            writer.value(register)?;
        }
        Ok(writer.bytes)
    }

    /// How many registers of the stack mean something.
    fn live_registers(&self) -> usize {
        let program = self.linked.program();
        self.alive().iter().map(|frame| frame.base as usize + usize::from(program.procedures[frame.procedure.at()].registers)).max().unwrap_or(0)
    }

    /// Checks that the procedures wait for the calls they made, and that the registers hold what the code trusts them
    /// to hold.
    fn check_registers(&self) -> Result<(), Fault> {
        if self.state == State::Ended {
            return Ok(());
        }
        let program = self.linked.program();
        // Where windows overlap, the innermost procedure that has a register decides what is in it.
        let mut kinds = vec![Kind::Any; self.live_registers()];
        for (depth, frame) in self.alive().iter().enumerate() {
            let procedure = &program.procedures[frame.procedure.at()];
            let base = frame.base as usize;
            let callee = self.alive().get(depth + 1);
            let awaited = match (callee, self.state) {
                (Some(callee), _) => {
                    let first = u8::try_from(callee.base as usize - base).map_err(|_| damaged("a procedure is out of range"))?;
                    Some(Instruction::Call { first: Reg(first), procedure: callee.procedure })
                }
                (None, State::Waiting { dst, first, site }) => Some(Instruction::CallHost { dst, first, site }),
                (None, State::Ready | State::Ended) => None,
            };
            // One that waits for a call has not seen its end yet.
            let pc = if awaited.is_some() { frame.pc.checked_sub(1).filter(|pc| *pc >= procedure.entry) } else { Some(frame.pc) };
            let pc = pc.filter(|pc| awaited.is_none_or(|awaited| program.code[*pc as usize] == awaited));
            let pc = pc.ok_or_else(|| damaged("a procedure waits for what it did not call"))?;
            let known = self.linked.knowledge().kinds_at(program, procedure, pc).ok_or_else(|| damaged("a procedure is where it cannot be"))?;
            for (register, kind) in (base..).zip(known) {
                let is_given_away = callee.is_some_and(|callee| register >= callee.base as usize);
                kinds[register] = if is_given_away { kind.after_use() } else { kind };
            }
        }
        if kinds.iter().zip(&self.stack).all(|(kind, value)| kind.holds(value)) { Ok(()) } else { Err(damaged("a register holds what it cannot")) }
    }

    /// The run that a checkpoint describes.
    ///
    /// # Errors
    /// `E_CHECKPOINT` where the bytes are damaged, of another version, or of another program.
    pub fn restore(linked: &Arc<Linked>, limits: &Arc<Limits>, bytes: &[u8], secrets: &dyn Secrets) -> Result<Vm, Fault> {
        let program = linked.program();
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it is of another version"))?;
        let (hash, rest) = rest.split_first_chunk::<8>().ok_or_else(|| damaged("it is cut short"))?;
        if u64::from_le_bytes(*hash) != linked.hash() {
            return Err(damaged("it belongs to another version of the script"));
        }
        let mut reader = Reader::new(rest, secrets);
        let mut vm = Vm::new(linked, limits);
        vm.next_serial = reader.number()?;
        let count = reader.number()? as usize;
        if count == 0 || count > limits.call_depth + 1 {
            return Err(damaged("its procedures are too many or too few"));
        }
        vm.frames = Vec::with_capacity(count);
        let mut above = 0;
        for depth in 0..count {
            let procedure = u16::try_from(reader.number()?).map_err(|_| damaged("a procedure is out of range"))?;
            let (base, pc) = (reader.number()? as usize, reader.number()?);
            let own = program.procedures.get(usize::from(procedure)).ok_or_else(|| damaged("a procedure is out of range"))?;
            let starts_right = if depth == 0 { base == 0 && procedure == 0 } else { (above..above + WINDOW).contains(&base) };
            if !starts_right || pc < u64::from(own.entry) || pc >= u64::from(own.end) {
                return Err(damaged("a procedure is out of range"));
            }
            above = base;
            vm.frames.push(Frame { base: base as u32, pc: pc as u32, serial: reader.number()?, procedure: ProcIndex(procedure), registers: own.registers });
        }
        vm.depth = count;
        vm.serials = vm.frames.iter().map(|frame| frame.serial).collect();
        let top = vm.frames.last().map_or(0, |frame| usize::from(program.procedures[frame.procedure.at()].registers));
        vm.state = match reader.byte()? {
            0 => State::Ready,
            1 => {
                let (dst, first) = (reader.byte()?, reader.byte()?);
                let site = u16::try_from(reader.number()?).map_err(|_| damaged("a call is out of range"))?;
                let arguments = program.sites.get(usize::from(site)).map(|site| site.arguments.len()).ok_or_else(|| damaged("a call is out of range"))?;
                if usize::from(dst) >= top || usize::from(first) + arguments > top {
                    return Err(damaged("a call is out of range"));
                }
                State::Waiting { dst: Reg(dst), first: Reg(first), site: SiteIndex(site) }
            }
            2 => State::Ended,
            _ => return Err(damaged("its state is unknown")),
        };
        for global in 0..vm.globals.len() {
            vm.globals[global] = reader.value()?;
        }
        vm.stack.resize(above + WINDOW, Value::Missing);
        for register in 0..vm.live_registers() {
            vm.stack[register] = reader.value()?;
        }
        if !reader.rest.is_empty() {
            return Err(damaged("something follows its end"));
        }
        vm.check_registers()?;
        Ok(vm)
    }
}

fn damaged(what: &str) -> Fault {
    Fault::new("E_CHECKPOINT", format!("the checkpoint cannot be read: {what}"))
}

/// Appends one value.
///
/// # Errors
/// `E_SECRET_SEAL` where something computed from a secret cannot be sealed.
pub fn write_value(value: &Value, secrets: &dyn Secrets, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let mut writer = Writer::new(secrets);
    writer.value(value)?;
    bytes.extend(writer.bytes);
    Ok(())
}

/// Reads one value and moves past it.
///
/// # Errors
/// `E_CHECKPOINT` where the bytes are damaged.
pub fn read_value(bytes: &mut &[u8], secrets: &dyn Secrets) -> Result<Value, Fault> {
    let mut reader = Reader::new(bytes, secrets);
    let value = reader.value()?;
    *bytes = reader.rest;
    Ok(value)
}

struct Writer<'a> {
    bytes: Vec<u8>,
    secrets: &'a dyn Secrets,
    /// Contents written already, by address, with their number. The state holds them while it is written.
    seen: FxHashMap<usize, u64>,
    keys: FxHashMap<Key, u64>,
}

impl<'a> Writer<'a> {
    fn new(secrets: &'a dyn Secrets) -> Writer<'a> {
        Writer { bytes: Vec::new(), secrets, seen: FxHashMap::default(), keys: FxHashMap::default() }
    }

    /// Seven bits a byte, the low ones first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn string(&mut self, string: &[u8]) {
        self.number(string.len() as u64);
        self.bytes.extend(string);
    }

    fn is_seen(&mut self, address: usize) -> bool {
        let Some(&number) = self.seen.get(&address) else { return false };
        self.bytes.push(SEEN);
        self.number(number);
        true
    }

    fn note(&mut self, address: usize) {
        let number = self.seen.len() as u64;
        self.seen.insert(address, number);
    }

    fn value(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Missing => self.bytes.push(MISSING),
            Value::Null => self.bytes.push(NULL),
            Value::Bool(bool) => self.bytes.push(if *bool { TRUE } else { FALSE }),
            Value::Int(int) => {
                self.bytes.push(INT);
                self.number(((int << 1) ^ (int >> 63)) as u64);
            }
            Value::Float(float) => {
                self.bytes.push(FLOAT);
                self.bytes.extend(float.to_le_bytes());
            }
            Value::Date(instant) => {
                self.bytes.push(DATE);
                self.bytes.extend(instant.0.to_le_bytes());
            }
            Value::Text(text) => {
                let is_shared = is_referenced(text);
                if is_shared && self.is_seen(text.address()) {
                    return Ok(());
                }
                self.text(text)?;
                if is_shared {
                    self.note(text.address());
                }
            }
            Value::Array(array) => {
                if self.is_seen(array.address()) {
                    return Ok(());
                }
                self.bytes.push(ARRAY);
                self.number(array.len() as u64);
                for item in array.items() {
                    self.value(item)?;
                }
                self.note(array.address());
            }
            Value::Object(object) => {
                if self.is_seen(object.address()) {
                    return Ok(());
                }
                match object.strict_message() {
                    None => self.bytes.push(if object.is_headers() { HEADERS_OBJECT } else { OBJECT }),
                    Some(message) => {
                        self.bytes.push(STRICT_OBJECT);
                        self.string(message.as_bytes());
                    }
                }
                self.number(object.len() as u64);
                for (key, field) in object.iter() {
                    self.key(key);
                    self.value(field)?;
                }
                self.note(object.address());
            }
        }
        Ok(())
    }

    /// A key's number; where it is new, its text follows.
    fn key(&mut self, key: &Key) {
        let next = self.keys.len() as u64;
        match self.keys.get(key) {
            Some(&number) => self.number(number),
            None => {
                self.keys.insert(key.clone(), next);
                self.number(next);
                self.string(key.as_bytes());
            }
        }
    }

    fn text(&mut self, text: &Text) -> Result<(), Fault> {
        self.bytes.push(TEXT);
        let parts = text.parts();
        self.number(parts.len() as u64);
        for (origin, part) in parts {
            match origin {
                Origin::Data => {
                    self.bytes.push(DATA);
                    self.string(part.as_bytes());
                }
                Origin::Literal => {
                    self.bytes.push(LITERAL);
                    self.string(part.as_bytes());
                }
                Origin::Secret(key) => {
                    self.bytes.push(SECRET);
                    self.string(key.as_bytes());
                }
                Origin::Derived(key) => {
                    let sealed = self.secrets.seal(part.as_bytes()).ok_or_else(|| Fault::new("E_SECRET_SEAL", format!("what was computed from the secret {key} cannot be kept while the run waits")))?;
                    self.bytes.push(DERIVED);
                    self.string(key.as_bytes());
                    self.string(&sealed);
                }
            }
        }
        Ok(())
    }
}

struct Reader<'a, 's> {
    rest: &'a [u8],
    secrets: &'s dyn Secrets,
    seen: Vec<Value>,
    keys: Vec<Key>,
    depth: u8,
}

impl<'a, 's> Reader<'a, 's> {
    fn new(rest: &'a [u8], secrets: &'s dyn Secrets) -> Reader<'a, 's> {
        Reader { rest, secrets, seen: Vec::new(), keys: Vec::new(), depth: 0 }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.rest.split_first().ok_or_else(|| damaged("it is cut short"))?;
        self.rest = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(damaged("a number is too long"))
    }

    /// A count of things of which each takes a byte or more.
    fn count(&mut self) -> Result<usize, Fault> {
        let count = self.number()?;
        usize::try_from(count).ok().filter(|count| *count <= self.rest.len()).ok_or_else(|| damaged("it is cut short"))
    }

    fn string(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.count()?;
        let (string, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(string)
    }

    fn utf8(&mut self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.string()?).map_err(|_| damaged("a text is no UTF-8"))
    }

    fn eight(&mut self) -> Result<[u8; 8], Fault> {
        let (eight, rest) = self.rest.split_first_chunk::<8>().ok_or_else(|| damaged("it is cut short"))?;
        self.rest = rest;
        Ok(*eight)
    }

    fn value(&mut self) -> Result<Value, Fault> {
        let value = match self.byte()? {
            MISSING => return Ok(Value::Missing),
            NULL => return Ok(Value::Null),
            FALSE => return Ok(Value::Bool(false)),
            TRUE => return Ok(Value::Bool(true)),
            INT => {
                let number = self.number()?;
                return Ok(Value::Int((number >> 1) as i64 ^ -((number & 1) as i64)));
            }
            FLOAT => {
                let float = f64::from_le_bytes(self.eight()?);
                return if float.is_finite() { Ok(Value::Float(float)) } else { Err(damaged("a number is not finite")) };
            }
            DATE => {
                let instant = Instant::from_millis(i64::from_le_bytes(self.eight()?));
                return instant.map(Value::Date).ok_or_else(|| damaged("a date is out of range"));
            }
            SEEN => {
                let number = self.number()?;
                return usize::try_from(number).ok().and_then(|number| self.seen.get(number)).cloned().ok_or_else(|| damaged("a reference leads nowhere"));
            }
            TEXT => {
                let text = self.text()?;
                if !is_referenced(&text) {
                    return Ok(Value::Text(text));
                }
                Value::Text(text)
            }
            ARRAY => {
                let count = self.count()?;
                self.deeper()?;
                let mut items = Vec::with_capacity(count.min(4096));
                for _ in 0..count {
                    items.push(self.value()?);
                }
                self.depth -= 1;
                Value::Array(Array::new(items)?)
            }
            OBJECT => Value::Object(self.object()?),
            HEADERS_OBJECT => Value::Object(self.object()?.headers()),
            STRICT_OBJECT => {
                let message = self.utf8()?;
                Value::Object(self.object()?.strict(message))
            }
            _ => return Err(damaged("a value is of an unknown kind")),
        };
        self.seen.push(value.clone());
        Ok(value)
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(damaged("a value nests too deep")) } else { Ok(()) }
    }

    fn object(&mut self) -> Result<Object, Fault> {
        let count = self.count()?;
        self.deeper()?;
        let mut object = Object::new();
        for _ in 0..count {
            let number = self.number()? as usize;
            if number == self.keys.len() {
                let key = self.utf8()?;
                self.keys.push(Key::from(key));
            }
            let key = self.keys.get(number).cloned().ok_or_else(|| damaged("a key leads nowhere"))?;
            object.set(&key, self.value()?)?;
        }
        self.depth -= 1;
        Ok(object)
    }

    fn text(&mut self) -> Result<Text, Fault> {
        let count = self.count()?;
        let mut parts = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            parts.push(match self.byte()? {
                DATA => (Origin::Data, self.utf8()?.to_owned()),
                LITERAL => (Origin::Literal, self.utf8()?.to_owned()),
                SECRET => {
                    let key = self.utf8()?;
                    (Origin::Secret(key.into()), self.secrets.reveal(key).unwrap_or_default())
                }
                DERIVED => {
                    let key = self.utf8()?;
                    let opened = self.secrets.open(self.string()?).and_then(|plain| String::from_utf8(plain).ok());
                    (Origin::Derived(key.into()), opened.ok_or_else(|| damaged("something computed from a secret cannot be opened"))?)
                }
                _ => return Err(damaged("a text is of an unknown kind")),
            });
        }
        Ok(Text::of_parts(parts))
    }
}
