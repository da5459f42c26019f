//! `gbvm repl`: a dialogue in a terminal, or line by line from a pipe.

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, Helper};

use super::colour::Colour;
use super::{Exit, Failure, output, world};
use crate::Engine;
use crate::repl::{Answer, Dialogue};
use crate::scripts::not_utf8;

/// Options of `repl`.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    world: world::Options,
}

/// Talks until the input ends.
pub fn repl(options: &Options, colour: Colour) -> Result<Exit, Failure> {
    world::start_log("warn", colour);
    let engine = Arc::new(world::engine(&options.world, Path::new("."), world::Prints::ToStandardOutput, false)?);
    let dialogue = Dialogue::new(&engine, colour.look(&std::io::stderr()));
    if std::io::stdin().is_terminal() {
        return typed(&engine, dialogue, history(options));
    }
    hear_interrupts(&engine)?;
    piped(dialogue)
}

/// Lets Ctrl-C cut the line short that runs. The line editor has its own ears, so this comes after it.
fn hear_interrupts(engine: &Arc<Engine>) -> Result<(), Failure> {
    let engine = engine.clone();
    ctrlc::set_handler(move || engine.world().interrupt()).map_err(|error| Failure::new(Exit::Usage, format!("gbvm: Ctrl-C cannot be heard: {error}")))
}

/// Where the lines of earlier dialogues are kept: beside the data, if it is kept.
fn history(options: &Options) -> Option<PathBuf> {
    let database = options.world.db.clone().unwrap_or_else(|| world::DEFAULT_DATABASE.into());
    (database != Path::new(":memory:")).then(|| database.with_file_name("history.txt"))
}

/// Tells an answer; false where the dialogue ends.
fn tell(answer: Answer) -> Result<bool, Failure> {
    match answer {
        Answer::Quit => return Ok(false),
        Answer::Failure(text) => eprintln!("{text}"),
        Answer::Text(text) if text.is_empty() => {}
        Answer::Text(text) => output::line(&text)?,
    }
    Ok(true)
}

fn piped(mut dialogue: Dialogue<'_>) -> Result<Exit, Failure> {
    let mut input = String::new();
    for bytes in std::io::stdin().lock().split(b'\n') {
        let bytes = bytes.map_err(|error| Failure::new(Exit::Usage, format!("gbvm: standard input cannot be read: {error}")))?;
        let line = match std::str::from_utf8(&bytes) {
            Ok(line) => line.trim_end_matches('\r'),
            Err(error) => {
                eprintln!("gbvm: this line is left out: {}", not_utf8(&bytes, error.valid_up_to()));
                continue;
            }
        };
        let is_end = line.trim().is_empty();
        input += line;
        input.push('\n');
        if !is_end && dialogue.is_open(&input) {
            continue;
        }
        if !tell(dialogue.answer(&std::mem::take(&mut input)))? {
            return Ok(Exit::Ok);
        }
    }
    tell(dialogue.answer(&input))?;
    Ok(Exit::Ok)
}

fn typed(engine: &Arc<Engine>, dialogue: Dialogue<'_>, history: Option<PathBuf>) -> Result<Exit, Failure> {
    let broken = |error: ReadlineError| Failure::new(Exit::Usage, format!("gbvm: the terminal cannot be read: {error}"));
    let mut editor: Editor<Prompt<'_, '_>, DefaultHistory> = Editor::new().map_err(broken)?;
    hear_interrupts(engine)?;
    let dialogue = RefCell::new(dialogue);
    editor.set_helper(Some(Prompt { dialogue: &dialogue }));
    if let Some(path) = &history {
        // There is none the first time.
        let _ = editor.load_history(path);
    }
    output::line("gbvm: :help says what there is, :quit ends")?;
    loop {
        match editor.readline("> ") {
            Ok(input) => {
                let _ = editor.add_history_entry(input.trim_end());
                let answer = dialogue.borrow_mut().answer(&input);
                if !tell(answer)? {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(broken(error)),
        }
    }
    if let Some(path) = &history {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(error) = made.map_err(ReadlineError::from).and_then(|()| editor.save_history(path)) {
            eprintln!("gbvm: {}: the history cannot be kept: {error}", path.display());
        }
    }
    Ok(Exit::Ok)
}

/// What the line editor asks of the dialogue: whether an input is whole, and what completes a word.
struct Prompt<'d, 'e> {
    dialogue: &'d RefCell<Dialogue<'e>>,
}

impl Helper for Prompt<'_, '_> {}

impl Highlighter for Prompt<'_, '_> {}

impl Hinter for Prompt<'_, '_> {
    type Hint = String;
}

impl Validator for Prompt<'_, '_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_ended = input.ends_with("\n\n") || input.trim().is_empty();
        let is_open = !is_ended && self.dialogue.borrow().is_open(input);
        Ok(if is_open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Completer for Prompt<'_, '_> {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.dialogue.borrow().complete(&line[..at]))
    }
}
