//! Runs a script and prints which instructions it executed, and which pairs of them, how often.
//!
//! `cargo run --release -p gbvm-bench --bin profile -- bench/programs/sort/sort.bas`

use std::process::ExitCode;
use std::sync::Arc;

use gbvm_stdlib::fake::World;
use gbvm_stdlib::keyword::{Call, Function};
use gbvm_stdlib::services::Clock as _;
use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::count::Counts;
use gbvm_vm::machine::{Stop, Vm};

/// How many rows each table has.
const ROWS: usize = 20;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: profile FILE");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(&path) {
        Ok(source) => match profile(&source) {
            Ok(counts) => {
                print(&counts);
                ExitCode::SUCCESS
            }
            Err(fault) => {
                eprintln!("{fault}");
                ExitCode::from(1)
            }
        },
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs a script over services in memory.
fn profile(source: &str) -> Result<Counts, Fault> {
    let linked = gbvm_bench::link(source);
    let mut world = World::new(gbvm_lang::filter::parse, Instant(0));
    let mut vm = Vm::new(&linked, &Arc::new(Limits::default()));
    let mut counts = Counts::default();
    loop {
        let now = world.clock.now();
        match vm.run_counted(&|| now, &mut counts) {
            Stop::Done => return Ok(counts),
            Stop::Failed(fault) => return Err(fault),
            Stop::OutOfFuel => vm.set_fuel(None),
            Stop::HostCall => {}
        }
        let Some(pending) = vm.pending() else { continue };
        let keyword = gbvm_stdlib::find(pending.phrase).expect("linking has found every keyword");
        let Function::Host(function) = keyword.function else { return Err(Fault::new("E_PROGRAM", "only keywords of the host stop the machine")) };
        let call = Call { arguments: pending.arguments, site: pending.site, templates: &linked.program().templates, frames: pending.frames };
        let answer = function(&mut world.context(), &call)?;
        vm.resume(answer);
    }
}

fn print(counts: &Counts) {
    let total = counts.total().max(1);
    println!("{total} instructions");
    let share = |count: u64| count as f64 * 100.0 / total as f64;
    for (name, count) in counts.kinds().into_iter().take(ROWS) {
        println!("{:5.1} %  {name}", share(count));
    }
    println!("pairs");
    for ((first, second), count) in counts.pairs().into_iter().take(ROWS) {
        println!("{:5.1} %  {first} {second}", share(count));
    }
}
