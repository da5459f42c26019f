//! The dispatcher without `unsafe`: a loop around a `match`. It serves every target and unoptimised builds.

use crate::machine::core::{Core, Flow, Stopped, WINDOW, Window};
use crate::isa::Instruction;
use crate::machine::whole;
use crate::value::Value;

/// Executes from an instruction on until something stops it; `pc` is left behind the instruction that stopped, or on
/// it where it is to be executed again.
///
/// `short_way` is tried first: it says [`Flow::Slow`] where the whole way must be taken.
#[inline(always)]
pub fn run(core: &mut Core<'_>, stack: &mut [Value], pc: &mut u32, mut short_way: impl FnMut(&mut Core<'_>, &mut Window, &Instruction) -> Flow) -> Stopped {
    let code = core.code;
    let mut at = *pc as usize;
    'window: loop {
        let window: &mut Window = (&mut stack[core.base..core.base + WINDOW]).try_into().expect("the stack reaches a window past every base");
        loop {
            let instruction = &code[at];
            let mut flow = short_way(core, window, instruction);
            if matches!(flow, Flow::Slow) {
                flow = whole::execute(core, window, instruction);
            }
            match flow {
                Flow::Next => at += 1,
                Flow::Jump(target) => {
                    let target = target.at();
                    if target <= at && !core.pay((at + 1 - target) * size_of::<Instruction>()) {
                        *pc = target as u32;
                        return Stopped::OutOfFuel;
                    }
                    at = target;
                }
                Flow::Enter(_, entry) => {
                    core.note_return(at as u32 + 1);
                    at = entry as usize;
                    continue 'window;
                }
                Flow::Leave(_, back) => {
                    at = back as usize;
                    continue 'window;
                }
                Flow::Slow => unreachable!("the whole way always applies"),
                Flow::Stop(stopped) => {
                    *pc = (at + usize::from(!stopped.repeats())) as u32;
                    return stopped;
                }
            }
        }
    }
}
