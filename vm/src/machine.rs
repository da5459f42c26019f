//! One run of a program: start, stop at a host call, go on, and the faults in between.
//!
//! [`Vm::run`] returns whenever the run needs something: an answer of the host, more fuel, or nothing any more. No
//! thread and no borrowed stack is held meanwhile.

mod access;
mod core;
pub mod count;
mod explain;
mod fast;
mod place;
mod portable;
mod switch;
#[cfg(threaded)]
mod threaded;
mod trap;
mod watch;
mod whole;

use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use crate::fault::Fault;
use crate::frame::Frame;
use crate::instant::Instant;
use crate::isa::Instruction;
use crate::limits::Limits;
use crate::native::Native;
use crate::object::{Key, Shape};
use crate::program::{CallSite, Constant, ProcIndex, Program, Reg, SiteIndex};
use crate::specialize::{Knowledge, specialize};
use crate::text::Text;
use crate::value::Value;
use crate::verify::verify;

pub(crate) use core::{WINDOW, Window};
use core::{Callee, Core, Flow, INSTRUCTION_FUEL, Stopped};
use count::Counts;
use watch::Observer;
pub use watch::Moment;
use switch::Lookup;
pub use trap::StatementKey;

/// What a cache holds before its instruction met a shape. Shapes are numbered from 1 on, and 0 is said of objects without
/// one: neither may look like a hit.
const MET_NOTHING: (u64, u32) = (u64::MAX, 0);

/// A verified program with its functions bound, shared by all its runs.
pub struct Linked {
    program: Arc<Program>,
    natives: Vec<Native>,
    callees: Vec<Callee>,
    tables: Vec<Lookup>,
    /// The program's code as it is executed, and what is known of its registers.
    code: Vec<Instruction>,
    knowledge: Knowledge,
    hash: OnceLock<u64>,
}

const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Linked>();
    is_shared::<Program>();
};

impl Linked {
    /// Verifies a program and binds the functions it imports.
    ///
    /// # Errors
    /// `E_PROGRAM` where the program is damaged or imports what nobody provides.
    pub fn new(program: Arc<Program>, resolve: impl Fn(&str) -> Option<Native>) -> Result<Linked, Fault> {
        verify(&program)?;
        let natives = program.imports.iter().map(|import| {
            resolve(&import.phrase)
                .filter(|native| import.is_pure != matches!(native, Native::Host))
                .ok_or_else(|| Fault::new("E_PROGRAM", format!("the program needs {}, which is not here", import.phrase)))
        });
        let natives = natives.collect::<Result<_, _>>()?;
        let callees = program.procedures.iter().map(|procedure| {
            let variables = procedure.variables.iter().map(|(register, _)| register + 1).max().unwrap_or(0).max(procedure.parameters);
            Callee { entry: procedure.entry, parameters: procedure.parameters, variables, registers: procedure.registers }
        });
        let callees = callees.collect();
        let (code, knowledge) = specialize(&program);
        let tables = program.tables.iter().map(|table| Lookup::of(&program, table)).collect();
        Ok(Linked { program, natives, callees, tables, code, knowledge, hash: OnceLock::new() })
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The program's code as it is executed: some of its instructions are specialized.
    pub fn code(&self) -> &[Instruction] {
        &self.code
    }

    pub(crate) fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// Identifies the program over processes: equal programs have equal hashes.
    pub fn hash(&self) -> u64 {
        *self.hash.get_or_init(|| crate::checkpoint::program_hash(&self.program))
    }
}

/// Why a run returned to its host.
#[derive(Debug)]
pub enum Stop {
    /// The run has ended; its variables can be read.
    Done,
    /// The fuel is used up; give more with [`Vm::set_fuel`] and run on.
    OutOfFuel,
    /// It waits for what [`Vm::pending`] says.
    HostCall,
    /// It failed, and nothing trapped it.
    Failed(Fault),
}

/// A call that the host is to answer.
#[derive(Clone, Copy)]
pub struct Pending<'a> {
    /// The phrase of the keyword.
    pub phrase: &'a str,
    /// What the compiler knows of the call.
    pub site: &'a CallSite,
    /// The arguments' values.
    pub arguments: &'a [Value],
    /// The serial numbers of the procedure calls that are alive, outermost first.
    pub frames: &'a [u64],
}

/// How secrets get into checkpoints and out again.
pub trait Secrets {
    /// The value of the secret memory entry with this key.
    fn reveal(&self, key: &str) -> Option<String>;
    /// Bytes that only [`Secrets::open`] can read; none where nothing can be sealed.
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>>;
    /// What [`Secrets::seal`] sealed.
    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>>;
}

/// How instructions are got at. All ways do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatcher {
    /// A loop that takes the whole way of every instruction, none of them specialized: what the others must agree with.
    Reference,
    /// A loop around a `match`.
    Portable,
    /// Each instruction jumps to the next one's code.
    #[cfg(threaded)]
    Threaded,
}

impl Dispatcher {
    /// All that this build has, the best one last.
    pub const ALL: &[Dispatcher] = &[
        Dispatcher::Reference,
        Dispatcher::Portable,
        #[cfg(threaded)]
        Dispatcher::Threaded,
    ];
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    Waiting { dst: Reg, first: Reg, site: SiteIndex },
    Ended,
}

/// One run of a program. Its values belong to the thread it was made on; [`Vm::checkpoint`] takes it elsewhere.
pub struct Vm {
    pub(crate) linked: Arc<Linked>,
    pub(crate) limits: Arc<Limits>,
    /// All registers; a window of [`WINDOW`] above the present base is always there.
    pub(crate) stack: Vec<Value>,
    /// Room for calls; the first `depth` are alive.
    pub(crate) frames: Vec<Frame>,
    pub(crate) depth: usize,
    pub(crate) serials: Vec<u64>,
    pub(crate) next_serial: u64,
    pub(crate) globals: Vec<Value>,
    pub(crate) state: State,
    constants: Vec<Value>,
    names: Vec<Key>,
    shapes: Vec<Option<Rc<Shape>>>,
    /// For each field instruction, the shape it last met and the field's slot in it.
    caches: Vec<(u64, u32)>,
    fuel: u64,
    has_matched_secret: bool,
    /// The statements that have failed and that the host has not undone yet.
    undone: Vec<StatementKey>,
    dispatcher: Dispatcher,
}

impl Vm {
    /// A run that has not begun.
    pub fn new(linked: &Arc<Linked>, limits: &Arc<Limits>) -> Vm {
        let program = &linked.program;
        let names: Vec<Key> = program.names.iter().map(|name| Key::from(&**name)).collect();
        let shapes = program.shapes.iter().map(|fields| Shape::of(&fields.iter().map(|name| names[name.at()].clone()).collect::<Vec<_>>())).collect();
        let constants = program.constants.iter().map(|constant| match constant {
            Constant::Int(int) => Value::Int(*int),
            Constant::Float(float) => Value::Float(*float),
            Constant::Text(text) => Value::Text(Text::literal(&**text)),
        });
        Vm {
            linked: linked.clone(),
            limits: limits.clone(),
            stack: vec![Value::Missing; WINDOW],
            frames: vec![Frame { base: 0, pc: program.procedures[0].entry, serial: 1, procedure: ProcIndex(0), registers: program.procedures[0].registers }],
            depth: 1,
            serials: vec![1],
            next_serial: 2,
            globals: vec![Value::Missing; program.globals.len()],
            state: State::Ready,
            constants: constants.collect(),
            names,
            shapes,
            caches: vec![MET_NOTHING; usize::from(program.caches)],
            fuel: u64::MAX,
            has_matched_secret: false,
            undone: Vec::new(),
            dispatcher: Dispatcher::ALL[Dispatcher::ALL.len() - 1],
        }
    }

    /// Chooses how instructions are got at, to compare the ways.
    pub fn set_dispatcher(&mut self, dispatcher: Dispatcher) {
        self.dispatcher = dispatcher;
    }

    /// Sets a variable of the main part by its name, whatever its case; false where the program has none of that name,
    /// and once the run has begun.
    pub fn set_variable(&mut self, name: &str, value: Value) -> bool {
        let is_new = self.depth == 1 && self.frames[0].pc == self.linked.program.procedures[0].entry && self.state == State::Ready;
        if !is_new {
            return false;
        }
        let program = self.linked.program.clone();
        if let Some(slot) = program.globals.iter().position(|own| own.eq_ignore_ascii_case(name)) {
            self.globals[slot] = value;
            return true;
        }
        match program.procedures[0].variables.iter().find(|(_, own)| own.eq_ignore_ascii_case(name)) {
            Some((register, _)) => {
                self.stack[usize::from(*register)] = value;
                true
            }
            None => false,
        }
    }

    /// The value of a variable of the main part, by its name, whatever its case.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The variables of the main part: those that procedures share, then the others.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        let program = &self.linked.program;
        let shared = program.globals.iter().zip(&self.globals).map(|(name, value)| (&**name, value));
        let own = program.procedures[0].variables.iter().map(|(register, name)| (&**name, &self.stack[usize::from(*register)]));
        shared.chain(own)
    }

    /// Sets how many instructions may run; none means no bound. They are counted on calls and backward jumps, and what
    /// looks at much counts as many.
    pub fn set_fuel(&mut self, fuel: Option<u64>) {
        self.fuel = fuel.map_or(u64::MAX, |fuel| fuel.saturating_mul(INSTRUCTION_FUEL));
    }

    /// How much of the fuel is left, in instructions.
    pub fn fuel(&self) -> u64 {
        self.fuel / INSTRUCTION_FUEL
    }

    /// Whether text that is not the script's own was found equal to a secret since the machine was made: whoever gave it
    /// knows the secret.
    pub fn has_matched_secret(&self) -> bool {
        self.has_matched_secret
    }

    /// Begins or goes on until the run needs something. A run that has ended stays so.
    pub fn run(&mut self, now: &dyn Fn() -> Instant) -> Stop {
        self.run_until(now, None)
    }

    /// As [`Vm::run`], counting the instructions: slower, to learn which are worth making faster.
    pub fn run_counted(&mut self, now: &dyn Fn() -> Instant, counts: &mut Counts) -> Stop {
        self.run_until(now, Some(Observer::Counts(counts)))
    }

    /// As [`Vm::run`], showing the moment before each instruction: slower, for traces.
    pub fn run_watched(&mut self, now: &dyn Fn() -> Instant, see: &mut dyn FnMut(&Moment<'_>)) -> Stop {
        self.run_until(now, Some(Observer::Watch(see)))
    }

    fn run_until(&mut self, now: &dyn Fn() -> Instant, observer: Option<Observer<'_>>) -> Stop {
        match self.state {
            State::Ended => return Stop::Done,
            State::Waiting { .. } => return Stop::HostCall,
            State::Ready => {}
        }
        match self.execute(now, observer) {
            Ok(stop) => stop,
            Err(fault) => Stop::Failed(fault),
        }
    }

    /// The call that the host is to answer.
    pub fn pending(&self) -> Option<Pending<'_>> {
        let State::Waiting { first, site, .. } = self.state else { return None };
        let program = &self.linked.program;
        let site = &program.sites[site.at()];
        let base = self.base() + first.at();
        Some(Pending { phrase: &program.imports[site.import.at()].phrase, site, arguments: &self.stack[base..base + site.arguments.len()], frames: &self.serials })
    }

    /// Gives the answer to the pending call. Without one it does nothing.
    pub fn resume(&mut self, answer: Value) {
        if let State::Waiting { dst, first, site } = self.state {
            let base = self.base();
            let count = self.linked.program.sites[site.at()].arguments.len();
            for argument in &mut self.stack[base + first.at()..][..count] {
                *argument = Value::Missing;
            }
            self.stack[base + dst.at()] = answer;
            self.state = State::Ready;
        }
    }

    fn base(&self) -> usize {
        self.alive().last().map_or(0, |frame| frame.base as usize)
    }

    /// The calls that are alive, outermost first.
    pub(crate) fn alive(&self) -> &[Frame] {
        &self.frames[..self.depth]
    }

    /// Executes until the run ends, fails, or needs something.
    fn execute(&mut self, now: &dyn Fn() -> Instant, mut observer: Option<Observer<'_>>) -> Result<Stop, Fault> {
        let linked = self.linked.clone();
        let limits = self.limits.clone();
        loop {
            let (base, mut pc) = (self.base(), self.alive().last().map_or(0, |frame| frame.pc));
            let mut core = Core {
                program: &linked.program,
                code: if self.dispatcher == Dispatcher::Reference { &linked.program.code } else { &linked.code },
                callees: &linked.callees,
                natives: &linked.natives,
                limits: &limits,
                now,
                constants: &self.constants,
                names: &self.names,
                shapes: &self.shapes,
                tables: &linked.tables,
                globals: &mut self.globals,
                caches: &mut self.caches,
                frames: &mut self.frames,
                depth: self.depth,
                base,
                stack_len: self.stack.len(),
                fuel: self.fuel,
                stopped: Stopped::Done,
                fault: None,
                has_matched_secret: false,
            };
            let stopped = match self.dispatcher {
                _ if let Some(observer) = &mut observer => portable::run(&mut core, &mut self.stack, &mut pc, |core, window, instruction| {
                    observer.before(core, window, instruction);
                    fast::execute(core, window, instruction)
                }),
                Dispatcher::Reference => portable::run(&mut core, &mut self.stack, &mut pc, |_, _, _| Flow::Slow),
                Dispatcher::Portable => portable::run(&mut core, &mut self.stack, &mut pc, fast::execute),
                #[cfg(threaded)]
                Dispatcher::Threaded => threaded::run(&mut core, &mut self.stack, &mut pc),
            };
            let fault = core.fault.take();
            (self.fuel, self.depth) = (core.fuel, core.depth);
            self.has_matched_secret |= core.has_matched_secret;
            if let Some(frame) = self.frames[..self.depth].last_mut() {
                frame.pc = pc;
            }
            match stopped {
                Stopped::StackFull => self.lengthen(),
                Stopped::OutOfFuel => return Ok(Stop::OutOfFuel),
                Stopped::Failed => {
                    self.trap(fault.unwrap_or_else(|| Fault::ending("E_PROGRAM", "an instruction failed without a reason")))?;
                    if self.fuel == 0 {
                        return Ok(Stop::OutOfFuel);
                    }
                }
                Stopped::Done if self.divert_end() => {
                    if self.fuel == 0 {
                        return Ok(Stop::OutOfFuel);
                    }
                }
                Stopped::Done => {
                    self.state = State::Ended;
                    return Ok(Stop::Done);
                }
                Stopped::HostCall { dst, first, site } => {
                    self.state = State::Waiting { dst, first, site };
                    self.number_frames();
                    return Ok(Stop::HostCall);
                }
            }
        }
    }

    /// Makes room for one more call, and for as many again.
    fn lengthen(&mut self) {
        self.stack.resize(2 * self.stack.len() + WINDOW, Value::Missing);
        let most = self.limits.call_depth + 1;
        let idle = Frame { base: 0, pc: 0, serial: 0, procedure: ProcIndex(0), registers: 0 };
        self.frames.resize((2 * self.frames.len() + 8).min(most).max(self.frames.len()), idle);
    }

    /// Gives every call that is alive its serial number.
    fn number_frames(&mut self) {
        for frame in self.frames[..self.depth].iter_mut().filter(|frame| frame.serial == 0) {
            frame.serial = self.next_serial;
            self.next_serial += 1;
        }
        self.serials.clear();
        self.serials.extend(self.frames[..self.depth].iter().map(|frame| frame.serial));
    }

    /// Lets the pending call fail, so that a handler of the script may take the fault. Where the run waits for something
    /// else, it ends.
    ///
    /// # Errors
    /// The fault with its places, where nothing takes it; the run has then ended.
    pub fn fail(&mut self, fault: Fault) -> Result<(), Fault> {
        let State::Waiting { first, site, .. } = self.state else {
            self.state = State::Ended;
            // The place is the instruction that comes next.
            if let Some(frame) = self.frames[..self.depth].last_mut() {
                frame.pc += 1;
            }
            return Err(self.placed(fault));
        };
        let fault = self.with_way(fault);
        let base = self.base();
        let count = self.linked.program.sites[site.at()].arguments.len();
        self.stack[base + first.at()..][..count].fill(Value::Missing);
        self.trap(fault)
    }
}
