//! How often each instruction is executed, and each after which: what the next fusion is chosen by.

use crate::isa::{DOCUMENTATION, Instruction, Opcode};

/// Counts of executed instructions.
#[derive(Clone, Debug)]
pub struct Counts {
    kinds: Vec<u64>,
    /// By the number of the first opcode times the number of opcodes, plus the second.
    pairs: Vec<u64>,
    last: Option<Opcode>,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts { kinds: vec![0; DOCUMENTATION.len()], pairs: vec![0; DOCUMENTATION.len().pow(2)], last: None }
    }
}

impl Counts {
    /// Counts one instruction.
    pub(super) fn note(&mut self, instruction: &Instruction) {
        let opcode = instruction.opcode();
        self.kinds[opcode as usize] += 1;
        if let Some(last) = self.last.replace(opcode) {
            self.pairs[last as usize * DOCUMENTATION.len() + opcode as usize] += 1;
        }
    }

    /// How many instructions were executed.
    pub fn total(&self) -> u64 {
        self.kinds.iter().sum()
    }

    /// The instructions that were executed and how often, the most frequent first.
    pub fn kinds(&self) -> Vec<(&'static str, u64)> {
        sorted(self.kinds.iter().zip(DOCUMENTATION).map(|(count, (name, _))| (*name, *count)))
    }

    /// The pairs of instructions that followed each other and how often, the most frequent first.
    pub fn pairs(&self) -> Vec<((&'static str, &'static str), u64)> {
        let name = |at: usize| DOCUMENTATION[at].0;
        sorted(self.pairs.iter().enumerate().map(|(at, count)| ((name(at / DOCUMENTATION.len()), name(at % DOCUMENTATION.len())), *count)))
    }
}

fn sorted<T: Ord>(counts: impl Iterator<Item = (T, u64)>) -> Vec<(T, u64)> {
    let mut counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}
