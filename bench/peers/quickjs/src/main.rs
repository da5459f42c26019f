//! Runs one script file with QuickJS, which the crate `rquickjs` carries. The script can print by `console.log`.

use std::process::ExitCode;

use rquickjs::{CatchResultExt, Context, Function, Object, Runtime};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("qjs needs the name of a script file.");
        return ExitCode::from(2);
    };
    let outcome = std::fs::read_to_string(&path).map_err(|error| error.to_string()).and_then(|source| run(&source));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{path}: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the script to its end; the error is what it threw.
fn run(source: &str) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    context.with(|context| {
        let evaluate = || {
            let console = Object::new(context.clone())?;
            console.set("log", Function::new(context.clone(), |line: String| println!("{line}"))?)?;
            context.globals().set("console", console)?;
            context.eval::<(), _>(source)
        };
        evaluate().catch(&context).map_err(|error| error.to_string())
    })
}
