//! The threaded dispatcher: the code of each instruction ends in a jump to the code of the next one.
//!
//! One of the two files with `unsafe`. What makes it sound: `verify` has seen the whole program, so that every target
//! and every procedure's first instruction lies in the code and no procedure runs past its end; a window of
//! [`WINDOW`] registers above every base is on the stack ([`Core::enter`] asks for it); nothing else touches the stack
//! while this runs. Handlers hold nothing that must be dropped, so that their last call becomes a jump.

#![allow(unsafe_code)]

use std::hint::unreachable_unchecked;

use crate::isa::{Instruction, Opcode};
use crate::machine::core::{Core, Flow, Stopped, WINDOW, Window};
use crate::machine::{fast, whole};
use crate::value::Value;

/// The code of an instruction. It gives back where execution stopped; why is in the core.
type Handler = for<'a> unsafe extern "sysv64-unwind" fn(*const Instruction, *mut Window, *mut Core<'a>, Handlers) -> *const Instruction;

/// The code of every instruction, by the number of its opcode; handed on from handler to handler in a register.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Handlers(*const Handler);

/// The first half are the first ones tried, the second half those of the whole ways.
static HANDLERS: [Handler; 512] = handlers();

macro_rules! threads {
    ($($name:ident ( $($operand:ident),* ))*) => {
        const fn handlers() -> [Handler; 512] {
            let mut handlers = direct_handlers();
            $( handlers[Opcode::$name as usize] = short_way::$name; )*
            handlers
        }

        #[allow(non_snake_case)] // named as the instructions are
        mod short_way {
            use super::*;

            $(
                pub unsafe extern "sysv64-unwind" fn $name(ip: *const Instruction, window: *mut Window, core: *mut Core<'_>, handlers: Handlers) -> *const Instruction {
                    // SAFETY: the handler was found by the opcode of this very instruction; see the head of the file.
                    unsafe {
                        let Instruction::$name { $($operand),* } = *ip else { unreachable_unchecked() };
                        let flow = fast::$name(&mut *core, &mut *window, $($operand),*);
                        go_on(flow, ip, window, core, handlers)
                    }
                }
            )*
        }
    };
}
fast::with_short_ways!(threads);

macro_rules! directs {
    ($($name:ident ( $($operand:ident),* ))*) => {
        const fn direct_handlers() -> [Handler; 512] {
            let mut handlers: [Handler; 512] = [whole_way; 512];
            $(
                handlers[Opcode::$name as usize] = direct_way::$name;
                handlers[256 + Opcode::$name as usize] = direct_way::$name;
            )*
            handlers
        }

        #[allow(non_snake_case)] // named as the instructions are
        mod direct_way {
            use super::*;

            $(
                pub unsafe extern "sysv64-unwind" fn $name(ip: *const Instruction, window: *mut Window, core: *mut Core<'_>, handlers: Handlers) -> *const Instruction {
                    // SAFETY: the handler was found by the opcode of this very instruction; see the head of the file.
                    unsafe {
                        let Instruction::$name { $($operand),* } = *ip else { unreachable_unchecked() };
                        match whole::$name(&mut *core, &mut *window, $($operand),*) {
                            Ok(()) => next(ip.add(1), window, core, handlers),
                            Err(fault) => {
                                let stopped = whole::fail(&mut *core, *fault);
                                stop(stopped, ip, core)
                            }
                        }
                    }
                }
            )*
        }
    };
}
whole::with_direct_ways!(directs);

unsafe extern "sysv64-unwind" fn whole_way(ip: *const Instruction, window: *mut Window, core: *mut Core<'_>, handlers: Handlers) -> *const Instruction {
    // SAFETY: see the head of the file.
    unsafe {
        let flow = whole::execute(&mut *core, &mut *window, &*ip);
        if matches!(flow, Flow::Slow) {
            unreachable_unchecked()
        }
        go_on(flow, ip, window, core, handlers)
    }
}

#[inline(always)]
unsafe fn go_on(flow: Flow, ip: *const Instruction, window: *mut Window, core: *mut Core<'_>, handlers: Handlers) -> *const Instruction {
    // SAFETY: see the head of the file; after an instruction that may be followed by the next one there is a next one.
    unsafe {
        match flow {
            Flow::Next => next(ip.add(1), window, core, handlers),
            Flow::Jump(target) => {
                let to = (*core).code.as_ptr().add(target.at());
                if to <= ip && !(*core).pay(ip.add(1).byte_offset_from(to) as usize) {
                    (*core).stopped = Stopped::OutOfFuel;
                    return to;
                }
                next(to, window, core, handlers)
            }
            Flow::Enter(first, entry) => {
                let code = (*core).code.as_ptr();
                (*core).note_return(ip.offset_from(code) as u32 + 1);
                next(code.add(entry as usize), window.cast::<Value>().add(first.at()).cast(), core, handlers)
            }
            Flow::Leave(distance, back) => {
                let code = (*core).code.as_ptr();
                next(code.add(back as usize), window.cast::<Value>().sub(distance as usize).cast(), core, handlers)
            }
            Flow::Slow => {
                let handler = *handlers.0.add(256 + usize::from(*ip.cast::<u8>()));
                handler(ip, window, core, handlers)
            }
            Flow::Stop(stopped) => stop(stopped, ip, core),
        }
    }
}

#[inline(always)]
unsafe fn next(ip: *const Instruction, window: *mut Window, core: *mut Core<'_>, handlers: Handlers) -> *const Instruction {
    // SAFETY: an instruction's first byte is the number of its opcode, and there are handlers for every byte, twice.
    unsafe {
        let handler = *handlers.0.add(usize::from(*ip.cast::<u8>()));
        handler(ip, window, core, handlers)
    }
}

#[inline(always)]
unsafe fn stop(stopped: Stopped, ip: *const Instruction, core: *mut Core<'_>) -> *const Instruction {
    // SAFETY: see the head of the file; the place after the last instruction may be named.
    unsafe {
        (*core).stopped = stopped;
        ip.add(usize::from(!stopped.repeats()))
    }
}

/// Executes from an instruction on until something stops it; `pc` is left behind the instruction that stopped, or on
/// it where it is to be executed again.
pub fn run(core: &mut Core<'_>, stack: &mut [Value], pc: &mut u32) -> Stopped {
    let code = core.code;
    assert!(core.base + WINDOW <= stack.len() && core.stack_len == stack.len() && (*pc as usize) < code.len());
    // SAFETY: the assertion; see the head of the file.
    unsafe {
        let window = stack.as_mut_ptr().add(core.base).cast();
        let ip = next(code.as_ptr().add(*pc as usize), window, core, Handlers(HANDLERS.as_ptr()));
        *pc = ip.offset_from(code.as_ptr()) as u32;
    }
    core.stopped
}
