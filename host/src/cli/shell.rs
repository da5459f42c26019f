//! `gbvm completions SHELL` and `gbvm man`: what shells and manuals want to know of the command, made from its options.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, Failure, output};

/// Options of `completions`.
#[derive(Args, Debug)]
pub struct Options {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions for a shell.
pub fn completions(options: &Options) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "gbvm", &mut script);
    output::text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// Prints the manual page: the command, then each of its verbs.
pub fn man() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let unwritten = |error| Failure::new(Exit::ScriptError, format!("gbvm: the manual cannot be made: {error}"));
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(unwritten)?;
    for verb in command.get_subcommands() {
        let man = clap_mangen::Man::new(verb.clone());
        page.extend_from_slice(format!(".SH \"GBVM {}\"\n", verb.get_name().to_uppercase()).as_bytes());
        man.render_synopsis_section(&mut page).and_then(|()| man.render_description_section(&mut page)).and_then(|()| man.render_options_section(&mut page)).map_err(unwritten)?;
    }
    output::text(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Ok)
}
