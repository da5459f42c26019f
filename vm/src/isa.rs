//! THE instruction table: one row makes the variant, its disassembly and its documentation.
//!
//! An instruction is eight bytes. Registers are those of the running procedure; a `Target` is a position in the
//! program's code. Budgets are counted on calls and backward jumps only.

use crate::program::*;

/// A run of consecutive registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegRange {
    /// The first.
    pub first: Reg,
    /// How many, perhaps none.
    pub count: u8,
}

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
}

macro_rules! instructions {
    ($(
        #[doc = $doc:literal]
        $name:ident { $($field:ident : $type:ty),* } => [$($operand:expr),*];
    )*) => {
        /// One instruction.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)] // the operands are explained by the row's notation
        pub enum Instruction {
            $( #[doc = $doc] $name { $($field: $type),* }, )*
        }

        impl Instruction {
            /// The instruction's name.
            pub fn name(&self) -> &'static str {
                match self { $( Instruction::$name { .. } => stringify!($name), )* }
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
    #[doc = "if R[a] < R[b], go to target"]
    JumpIfLess { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "unless R[a] < R[b], go to target"]
    JumpUnlessLess { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "if R[a] <= R[b], go to target"]
    JumpIfLessOrEqual { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];
    #[doc = "unless R[a] <= R[b], go to target"]
    JumpUnlessLessOrEqual { a: Reg, b: Reg, target: Target } => [Read(a), Read(b), To(target)];

    #[doc = "settle a counting loop: R[base] is the first value, R[base+1] the last, R[base+2] the step; R[variable] := the first, or go to exit where there is none; R[base+1] := how many more follow"]
    ForPrepare { base: Reg, variable: Reg, exit: Target } => [Block(base, 3), Write(variable), To(exit)];
    #[doc = "step a counting loop: if more follow, R[base] += R[base+2], R[variable] := R[base] and go to body"]
    ForLoop { base: Reg, variable: Reg, body: Target } => [Block(base, 3), Write(variable), To(body)];
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
    #[doc = "`R[object].name := R[src]`, the object changed in its place"]
    SetField { object: Reg, src: Reg, name: NameIndex, cache: CacheIndex } => [Write(object), Read(src), Name(name), Cache(cache)];
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
    #[doc = "stop, and go on with `R[dst] := answer of the host`"]
    CallHost { dst: Reg, first: Reg, site: SiteIndex } => [Write(dst), Arguments(first, site)];
    #[doc = "fail: nobody answers the name K[name]"]
    Unanswered { name: ConstIndex } => [Const(name)];
    #[doc = "leave the procedure with R[src]; in the main part, end the run"]
    Return { src: Reg } => [Read(src)];
    #[doc = "end the run"]
    Halt {} => [];
}

const _: () = assert!(size_of::<Instruction>() == 8);
