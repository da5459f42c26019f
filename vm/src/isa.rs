//! THE instruction table: one row makes the variant, its disassembly and its documentation.
//!
//! An instruction is eight bytes: its opcode, then its operands. Registers are those of the running procedure; a
//! `Target` is a position in the program's code. Instructions with a range of registers, and calls, take the values out
//! of it. The last rows are made by linking only: see `specialize`.

use crate::program::*;

/// A run of consecutive registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegRange {
    /// The first.
    pub first: Reg,
    /// How many, perhaps none.
    pub count: u8,
}

/// A register that holds an integer whenever the instruction is executed. Only `specialize`, which proves it, makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntReg(pub(crate) Reg);

/// A register that holds a float whenever the instruction is executed. Only `specialize`, which proves it, makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatReg(pub(crate) Reg);

/// A register whose value counts no references whenever the instruction is executed. Only `specialize`, which proves
/// it, makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainReg(pub(crate) Reg);

/// Something that an instruction names. What it may be is checked once, by `verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A register that is read.
    Read(Reg),
    /// A register that is written.
    Write(Reg),
    /// Consecutive registers that are read.
    Range(RegRange),
    /// This many consecutive registers from the first are read and written.
    Block(Reg, u8),
    /// The arguments of a call site, in registers from this one on.
    Arguments(Reg, SiteIndex),
    /// The window of a called procedure begins at this register.
    Window(Reg, ProcIndex),
    /// The fields of a shape, in registers from this one on.
    Fields(Reg, ShapeIndex),
    /// A constant.
    Const(ConstIndex),
    /// A small integer.
    Int(i32),
    /// A flag.
    Flag(bool),
    /// A field name.
    Name(NameIndex),
    /// A place.
    Path(PathIndex),
    /// A shared variable.
    Global(GlobalIndex),
    /// An inline-cache slot.
    Cache(CacheIndex),
    /// A position in the same procedure.
    To(Target),
    /// The cases of a jump table, with their positions in the same procedure.
    Cases(TableIndex),
}

/// A field of an instruction. Only targets are targets.
trait Field {
    fn as_target(&mut self) -> Option<&mut Target> {
        None
    }
}

impl Field for Target {
    fn as_target(&mut self) -> Option<&mut Target> {
        Some(self)
    }
}

macro_rules! fields {
    ($($type:ty)*) => { $( impl Field for $type {} )* };
}
fields! { IntReg FloatReg PlainReg Reg RegRange ConstIndex NameIndex ShapeIndex PathIndex SiteIndex ProcIndex GlobalIndex CacheIndex TableIndex i16 i32 bool }

macro_rules! instructions {
    ($(
        #[doc = $doc:literal]
        $name:ident { $($field:ident : $type:ty),* } => [$($operand:expr),*];
    )*) => {
        /// One instruction. Its first byte is the number of its [`Opcode`].
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[repr(u8)]
        #[allow(missing_docs)] // the operands are explained by the row's notation
        pub enum Instruction {
            $( #[doc = $doc] $name { $($field: $type),* }, )*
        }

        /// The kind of an instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)] // as their rows say
        pub enum Opcode {
            $( $name, )*
        }

        impl Instruction {
            /// Its kind.
            pub fn opcode(&self) -> Opcode {
                match self { $( Instruction::$name { .. } => Opcode::$name, )* }
            }

            /// The instruction's name.
            pub fn name(&self) -> &'static str {
                match self { $( Instruction::$name { .. } => stringify!($name), )* }
            }

            /// Where it may go, if it may go elsewhere than to the next one.
            pub fn target_mut(&mut self) -> Option<&mut Target> {
                match self {
                    $( Instruction::$name { $($field),* } => {
                        let targets: Vec<Option<&mut Target>> = vec![$( $field.as_target() ),*];
                        targets.into_iter().flatten().next()
                    } )*
                }
            }

            /// What the instruction names, in the order of its row.
            pub fn operands(&self) -> Vec<Operand> {
                match *self { $( Instruction::$name { $($field),* } => vec![$($operand),*], )* }
            }
        }

        /// Every instruction's name and meaning, in the table's order.
        pub const DOCUMENTATION: &[(&str, &str)] = &[ $( (stringify!($name), $doc), )* ];
    };
}

use Operand::*;

instructions! {
    #[doc = "`R[dst] := R[src]`"]
    Move { dst: Reg, src: Reg } => [Write(dst), Read(src)];
    #[doc = "`R[dst] := R[src]`, `R[src] := MISSING`: whoever holds the value alone may change it in place"]
    Take { dst: Reg, src: Reg } => [Write(dst), Write(src)];
    #[doc = "`R[dst] := K[constant]`"]
    LoadConst { dst: Reg, constant: ConstIndex } => [Write(dst), Const(constant)];
    #[doc = "`R[dst] := value`"]
    LoadInt { dst: Reg, value: i32 } => [Write(dst), Int(value)];
    #[doc = "`R[dst] := value`, a boolean"]
    LoadBool { dst: Reg, value: bool } => [Write(dst), Flag(value)];
    #[doc = "`R[dst] := NULL`"]
    LoadNull { dst: Reg } => [Write(dst)];
    #[doc = "`R[dst] := MISSING`"]
    LoadMissing { dst: Reg } => [Write(dst)];
    #[doc = "`R[dst] := G[slot]`"]
    GetGlobal { dst: Reg, slot: GlobalIndex } => [Write(dst), Global(slot)];
    #[doc = "`G[slot] := R[src]`"]
    SetGlobal { slot: GlobalIndex, src: Reg } => [Global(slot), Read(src)];

    #[doc = "`R[dst] := R[a] + R[b]`, adding or joining by what they hold"]
    Add { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] + value`, the value a small integer"]
    AddInt { dst: Reg, a: Reg, value: i16 } => [Write(dst), Read(a), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] - value`, the value a small integer"]
    SubtractInt { dst: Reg, a: Reg, value: i16 } => [Write(dst), Read(a), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] * value`, the value a small integer"]
    MultiplyInt { dst: Reg, a: Reg, value: i16 } => [Write(dst), Read(a), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] MOD value`, the value a small integer above 0"]
    ModuloInt { dst: Reg, a: Reg, value: i16 } => [Write(dst), Read(a), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] \\ value`, the value a small integer above 0"]
    IntegerDivideInt { dst: Reg, a: Reg, value: i16 } => [Write(dst), Read(a), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] - R[b]`"]
    Subtract { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] * R[b]`"]
    Multiply { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] / R[b]`, a float"]
    Divide { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] \\ R[b]`, whole"]
    IntegerDivide { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] MOD R[b]`"]
    Modulo { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] ^ R[b]`"]
    Power { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := -R[src]`"]
    Negate { dst: Reg, src: Reg } => [Write(dst), Read(src)];
    #[doc = "`R[dst] := text of R[first] … joined`; with `track`, the result remembers which parts are literal"]
    Concat { dst: Reg, parts: RegRange, track: bool } => [Write(dst), Range(parts), Flag(track)];

    #[doc = "`R[dst] := text of R[dst] and R[first] … joined`, in place where nobody else holds the text"]
    AppendText { dst: Reg, parts: RegRange, track: bool } => [Write(dst), Range(parts), Flag(track)];

    #[doc = "`R[dst] := NOT R[src]`"]
    Not { dst: Reg, src: Reg } => [Write(dst), Read(src)];
    #[doc = "`R[dst] := R[a] XOR R[b]`"]
    Xor { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] = R[b]`"]
    Equal { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] <> R[b]`"]
    NotEqual { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] < R[b]`"]
    Less { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] <= R[b]`"]
    LessOrEqual { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] is an element of R[b]`"]
    In { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[a] LIKE R[b]`"]
    Like { dst: Reg, a: Reg, b: Reg } => [Write(dst), Read(a), Read(b)];
    #[doc = "`R[dst] := R[src] is NULL, MISSING, or an empty array`"]
    IsNull { dst: Reg, src: Reg } => [Write(dst), Read(src)];

    #[doc = "go to target"]
    Jump { target: Target } => [To(target)];
    #[doc = "if R[src] is true, go to target"]
    JumpIfTrue { src: Reg, target: Target } => [Read(src), To(target)];
    #[doc = "if R[src] is false, go to target"]
    JumpIfFalse { src: Reg, target: Target } => [Read(src), To(target)];
    #[doc = "if R[src] is neither NULL nor MISSING, go to target"]
    JumpIfPresent { src: Reg, target: Target } => [Read(src), To(target)];
    #[doc = "if R[a] = R[b], go to target"]
    JumpIfEqual { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "if R[a] <> R[b], go to target"]
    JumpIfNotEqual { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "if R[a] = K[constant], go to target"]
    JumpIfEqualConst { a: Reg, constant: ConstIndex, target: Target } => [Read(a), Const(constant), To(target)];
    #[doc = "if R[a] <> K[constant], go to target"]
    JumpIfNotEqualConst { a: Reg, constant: ConstIndex, target: Target } => [Read(a), Const(constant), To(target)];
    #[doc = "if R[a] < value, go to target"]
    JumpIfLessInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "unless R[a] < value, go to target"]
    JumpUnlessLessInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "if R[a] <= value, go to target"]
    JumpIfLessOrEqualInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "unless R[a] <= value, go to target"]
    JumpUnlessLessOrEqualInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "if R[a] > value, go to target"]
    JumpIfGreaterInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "unless R[a] > value, go to target"]
    JumpUnlessGreaterInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "if R[a] >= value, go to target"]
    JumpIfGreaterOrEqualInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "unless R[a] >= value, go to target"]
    JumpUnlessGreaterOrEqualInt { a: Reg, value: i16, target: Target } => [Read(a), Int(i32::from(value)), To(target)];
    #[doc = "if R[a] < R[b], go to target"]
    JumpIfLess { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "unless R[a] < R[b], go to target"]
    JumpUnlessLess { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "if R[a] <= R[b], go to target"]
    JumpIfLessOrEqual { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "unless R[a] <= R[b], go to target"]
    JumpUnlessLessOrEqual { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];

    #[doc = "go to where the first case that equals R[src] leads, else to where the table leads otherwise"]
    Switch { src: Reg, table: TableIndex } => [Read(src), Cases(table)];

    #[doc = "settle a counting loop: R[counter] is the first value, R[rest] the last, R[rest+1] the step; go to exit where no value lies between, else R[rest] := how many more follow"]
    ForPrepare { counter: Reg, rest: Reg, exit: Target } => [Write(counter), Block(rest, 2), To(exit)];
    #[doc = "step a counting loop: if more follow, R[counter] += R[rest+1], R[rest] -= 1 and go to body"]
    ForLoop { counter: Reg, rest: Reg, body: Target } => [Write(counter), Block(rest, 2), To(body)];
    #[doc = "`R[iterator] := the elements of R[list]` (an object is its own only element, nothing has none), `R[iterator+1] := 0`"]
    EachPrepare { iterator: Reg, list: Reg } => [Block(iterator, 2), Read(list)];
    #[doc = "if an element is left, `R[variable] := it` and go to body"]
    EachLoop { iterator: Reg, variable: Reg, body: Target } => [Block(iterator, 2), Write(variable), To(body)];

    #[doc = "`R[dst] := array of R[first] …`"]
    NewArray { dst: Reg, items: RegRange } => [Write(dst), Range(items)];
    #[doc = "`R[dst] := object with the fields of the shape, from R[first] on`"]
    NewObject { dst: Reg, first: Reg, shape: ShapeIndex } => [Write(dst), Fields(first, shape)];
    #[doc = "`R[dst] := R[object].name`"]
    GetField { dst: Reg, object: Reg, name: NameIndex, cache: CacheIndex } => [Write(dst), Read(object), Name(name), Cache(cache)];
    #[doc = "`R[dst] := R[object][R[index]]`"]
    GetIndex { dst: Reg, object: Reg, index: Reg } => [Write(dst), Read(object), Read(index)];
    #[doc = "`R[dst] := R[object][R[index]].name`"]
    GetIndexField { dst: Reg, object: Reg, index: Reg, name: NameIndex, cache: CacheIndex } => [Write(dst), Read(object), Read(index), Name(name), Cache(cache)];
    #[doc = "`R[object][R[index]] := R[src]`, changed in its place"]
    SetIndex { object: Reg, index: Reg, src: Reg } => [Write(object), Read(index), Read(src)];
    #[doc = "`R[object][R[index]].name := R[src]`, changed in its place"]
    SetIndexField { object: Reg, index: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(index), Read(src), Name(name), Cache(cache)];
    #[doc = "append R[src] to the array R[array]"]
    Push { array: Reg, src: Reg } => [Write(array), Read(src)];
    #[doc = "`R[object].name := R[src]`, the object changed in its place"]
    SetField { object: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(src), Name(name), Cache(cache)];
    #[doc = "`R[object].name := R[object].name + R[src]`, changed in its place"]
    AddToField { object: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(src), Name(name), Cache(cache)];
    #[doc = "`R[object][R[index]] := R[object][R[index]] + R[src]`, changed in its place"]
    AddToIndex { object: Reg, index: Reg, src: Reg } => [Write(object), Read(index), Read(src)];
    #[doc = "`R[object][R[index]].name := R[object][R[index]].name + R[src]`, changed in its place"]
    AddToIndexField { object: Reg, index: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(index), Read(src), Name(name), Cache(cache)];
    #[doc = "`R[object].name := R[object].name - R[src]`, changed in its place"]
    SubtractFromField { object: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(src), Name(name), Cache(cache)];
    #[doc = "`R[object][R[index]] := R[object][R[index]] - R[src]`, changed in its place"]
    SubtractFromIndex { object: Reg, index: Reg, src: Reg } => [Write(object), Read(index), Read(src)];
    #[doc = "`R[object][R[index]].name := R[object][R[index]].name - R[src]`, changed in its place"]
    SubtractFromIndexField { object: Reg, index: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(index), Read(src), Name(name), Cache(cache)];
    #[doc = "`place := R[src]`, making the objects on the way"]
    SetPath { path: PathIndex, src: Reg } => [Path(path), Read(src)];
    #[doc = "append R[src] to the array at the place"]
    Append { path: PathIndex, src: Reg } => [Path(path), Read(src)];
    #[doc = "where the place and R[src] are objects, `place.name := R[src].name`"]
    AdoptField { path: PathIndex, src: Reg, name: NameIndex } => [Path(path), Read(src), Name(name)];

    #[doc = "call a procedure: its registers begin at R[first], its arguments stand there, its result is left there"]
    Call { first: Reg, procedure: ProcIndex } => [Window(first, procedure)];
    #[doc = "`R[dst] := function(R[first] …)`, called inside the loop"]
    CallPure { dst: Reg, first: Reg, site: SiteIndex } => [Write(dst), Arguments(first, site)];
    #[doc = "`R[dst] := function(place, R[first + 1] …)`, which changes the place; called inside the loop"]
    CallChanging { dst: Reg, first: Reg, path: PathIndex, site: SiteIndex } => [Write(dst), Arguments(first, site), Path(path)];
    #[doc = "stop, and go on with `R[dst] := answer of the host`"]
    CallHost { dst: Reg, first: Reg, site: SiteIndex } => [Write(dst), Arguments(first, site)];
    #[doc = "fail: nobody answers the name K[name]"]
    Unanswered { name: ConstIndex } => [Const(name)];
    #[doc = "fail with R[src]: an object gives its message and code, all else is the message"]
    Throw { src: Reg } => [Read(src)];
    #[doc = "fail again with the fault that a handler was given in R[error] and R[error+1]; where that was the end of the run, end it"]
    Rethrow { error: Reg } => [Block(error, 2)];
    #[doc = "leave the procedure with R[src]; in the main part, end the run"]
    Return { src: Reg } => [Read(src)];
    #[doc = "end the run"]
    Halt {} => [];

    #[doc = "`R[dst] := R[a] + R[b]`, both known to be integers"]
    AddInts { dst: PlainReg, a: IntReg, b: IntReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "`R[dst] := R[a] - R[b]`, both known to be integers"]
    SubtractInts { dst: PlainReg, a: IntReg, b: IntReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "`R[dst] := R[a] * R[b]`, both known to be integers"]
    MultiplyInts { dst: PlainReg, a: IntReg, b: IntReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "`R[dst] := R[a] + value`, R[a] known to be an integer"]
    AddToInt { dst: PlainReg, a: IntReg, value: i16 } => [Write(dst.0), Read(a.0), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] MOD value`, R[a] known to be an integer, the value above 0"]
    ModuloOfInt { dst: PlainReg, a: IntReg, value: i16 } => [Write(dst.0), Read(a.0), Int(i32::from(value))];
    #[doc = "`R[dst] := R[a] + R[b]`, both known to be floats"]
    AddFloats { dst: PlainReg, a: FloatReg, b: FloatReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "`R[dst] := R[a] - R[b]`, both known to be floats"]
    SubtractFloats { dst: PlainReg, a: FloatReg, b: FloatReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "`R[dst] := R[a] * R[b]`, both known to be floats"]
    MultiplyFloats { dst: PlainReg, a: FloatReg, b: FloatReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "`R[dst] := R[a] / R[b]`, both known to be floats"]
    DivideFloats { dst: PlainReg, a: FloatReg, b: FloatReg } => [Write(dst.0), Read(a.0), Read(b.0)];
    #[doc = "if R[a] < R[b], both known to be integers, go to target"]
    JumpIfIntsLess { a: IntReg, b: IntReg, target: Target } => [Read(a.0), Read(b.0), To(target)];
    #[doc = "if R[a] <= R[b], both known to be integers, go to target"]
    JumpIfIntsLessOrEqual { a: IntReg, b: IntReg, target: Target } => [Read(a.0), Read(b.0), To(target)];
    #[doc = "if R[a] < value, R[a] known to be an integer, go to target"]
    JumpIfIntLess { a: IntReg, value: i16, target: Target } => [Read(a.0), Int(i32::from(value)), To(target)];
    #[doc = "if R[a] > value, R[a] known to be an integer, go to target"]
    JumpIfIntGreater { a: IntReg, value: i16, target: Target } => [Read(a.0), Int(i32::from(value)), To(target)];
    #[doc = "if R[a] < R[b], both known to be floats, go to target"]
    JumpIfFloatsLess { a: FloatReg, b: FloatReg, target: Target } => [Read(a.0), Read(b.0), To(target)];
    #[doc = "if R[a] <= R[b], both known to be floats, go to target"]
    JumpIfFloatsLessOrEqual { a: FloatReg, b: FloatReg, target: Target } => [Read(a.0), Read(b.0), To(target)];
    #[doc = "as ForLoop, all of whose registers are known to be integers"]
    ForLoopInts { counter: IntReg, rest: IntReg, body: Target } => [Write(counter.0), Block(rest.0, 2), To(body)];
    #[doc = "as Call, the registers that the callee gets known to count no references"]
    CallClean { first: Reg, procedure: ProcIndex } => [Window(first, procedure)];
    #[doc = "as Return, all other registers known to count no references"]
    ReturnClean { src: PlainReg } => [Read(src.0)];
    #[doc = "`R[dst] := R[object][R[index]]`, the index known to be an integer"]
    GetIndexAt { dst: Reg, object: Reg, index: IntReg } => [Write(dst), Read(object), Read(index.0)];
    #[doc = "`R[object][R[index]] := R[src]`, the index known to be an integer, R[src] to count no references"]
    SetIndexPlain { object: Reg, index: IntReg, src: PlainReg } => [Write(object), Read(index.0), Read(src.0)];
    #[doc = "`R[dst] := R[object][R[index]].name`, the index known to be an integer"]
    GetIndexFieldAt { dst: Reg, object: Reg, index: IntReg, name: NameIndex, cache: CacheIndex } => [Write(dst), Read(object), Read(index.0), Name(name), Cache(cache)];
    #[doc = "`R[object][R[index]].name := R[src]`, the index known to be an integer, R[src] to count no references"]
    SetIndexFieldPlain { object: Reg, index: IntReg, src: PlainReg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(index.0), Read(src.0), Name(name), Cache(cache)];
    #[doc = "`R[dst] := R[src]`, neither of which counts references"]
    MovePlain { dst: PlainReg, src: PlainReg } => [Write(dst.0), Read(src.0)];
}

impl Instruction {
    /// Whether linking made it of another one: from `AddInts` on, the table's instructions trust what `specialize` proved.
    pub fn is_specialized(&self) -> bool {
        self.opcode() as u8 >= Opcode::AddInts as u8
    }
}

const _: () = assert!(size_of::<Instruction>() == 8);
const _: () = assert!(size_of::<Opcode>() == 1);
