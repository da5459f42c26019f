//! Hands out the registers of one procedure: parameters, then variables, then temporaries as a stack.

use std::rc::Rc;

use gbvm_vm::program::{GlobalIndex, Reg};
use gbvm_vm::verify::REGISTERS_MAX;
use rustc_hash::FxHashMap;

/// How many of a procedure's registers may hold variables; the rest is for what expressions compute.
const VARIABLES_MAX: usize = 180;

/// Where a variable lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In a register of the procedure.
    Register(Reg),
    /// In a variable shared by procedures.
    Global(GlobalIndex),
}

/// The registers of one procedure.
#[derive(Debug, Default)]
pub struct Registers {
    bindings: FxHashMap<Rc<str>, Binding>,
    named: Vec<(u8, Rc<str>)>,
    first_temporary: u8,
    top: u8,
    most: u8,
    overflowed: bool,
}

impl Registers {
    /// Whether another variable still fits into a register.
    pub fn has_room(&self) -> bool {
        self.named.len() < VARIABLES_MAX
    }

    /// Gives a variable the next register. There must be room; all variables come before the first temporary.
    pub fn declare(&mut self, name: &Rc<str>, text: &Rc<str>) -> Reg {
        let register = Reg(self.top);
        self.bindings.insert(name.clone(), Binding::Register(register));
        self.named.push((register.0, text.clone()));
        self.top += 1;
        self.first_temporary = self.top;
        self.most = self.most.max(self.top);
        register
    }

    /// A register like a variable's, without a name. There must be room; it comes before the first temporary.
    pub fn reserve(&mut self) -> Reg {
        let register = Reg(self.top);
        self.top += 1;
        self.first_temporary = self.top;
        self.most = self.most.max(self.top);
        register
    }

    /// Lets a name mean a shared variable.
    pub fn share(&mut self, name: &Rc<str>, global: GlobalIndex) {
        self.bindings.insert(name.clone(), Binding::Global(global));
    }

    /// Where a variable lives, if it lives anywhere.
    pub fn binding(&self, name: &str) -> Option<Binding> {
        self.bindings.get(name).copied()
    }

    /// The registers that hold variables, with the names as the author wrote them.
    pub fn variables(&self) -> &[(u8, Rc<str>)] {
        &self.named
    }

    /// Whether a register holds a variable.
    pub fn is_variable(&self, register: Reg) -> bool {
        register.0 < self.first_temporary
    }

    /// A fresh temporary, the top of the stack.
    pub fn temporary(&mut self) -> Reg {
        if self.top >= REGISTERS_MAX {
            self.overflowed = true;
            return Reg(REGISTERS_MAX - 1);
        }
        self.top += 1;
        self.most = self.most.max(self.top);
        Reg(self.top - 1)
    }

    /// Whether more temporaries were wanted than there are, since this was last asked.
    pub fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }

    /// How high the stack is, to release what comes later.
    pub fn mark(&self) -> u8 {
        self.top
    }

    /// Gives back all temporaries since the mark.
    pub fn release(&mut self, mark: u8) {
        self.top = mark;
    }

    /// Whether a register is the topmost temporary.
    pub fn is_top(&self, register: Reg) -> bool {
        !self.is_variable(register) && register.0 + 1 == self.top
    }

    /// The most registers in use at any time.
    pub fn most(&self) -> u8 {
        self.most
    }
}
