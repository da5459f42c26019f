//! `gbvm runs|outbox|inbox|schedule`: what ran, what waits, what failed, and what is to become of it.
//!
//! They look into the database beside the process that serves it, which notices what they change within a second.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Failure, output, world};
use crate::storage::ledger::{Record, Wanted};

/// Where the database is, and how to answer.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Place {
    /// The SQLite file
    #[arg(long, value_name = "PATH", default_value = world::DEFAULT_DATABASE, global = true)]
    db: PathBuf,
    /// How to answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORM", global = true)]
    output: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Which records to list.
#[derive(Args, Debug)]
#[group(skip)]
struct List {
    /// Only those in this state
    #[arg(long)]
    state: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    limit: u32,
}

impl List {
    fn wanted(&self, of: Option<&String>) -> Wanted {
        Wanted { state: self.state.clone(), of: of.cloned(), most: self.limit }
    }
}

/// Options of `runs`.
#[derive(Args, Debug)]
pub struct Runs {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    act: RunsAct,
}

#[derive(Subcommand, Debug)]
enum RunsAct {
    /// List runs, the newest first: done, failed, queued, held (behind another of its row), waiting, dead
    List {
        #[command(flatten)]
        list: List,
        /// Only those of this script
        #[arg(long, value_name = "FILE")]
        script: Option<String>,
    },
    /// Show a run, and the calls and mail that it queued
    Show {
        /// Its id
        id: String,
    },
    /// Queue a dead run again
    Replay {
        /// Its id
        id: String,
    },
    /// Give up a run that waits in the queue
    Cancel {
        /// Its id
        id: String,
    },
}

/// Does what was asked of runs.
pub fn runs(options: &Runs) -> Result<Exit, Failure> {
    let mut store = world::existing(&options.place.db)?;
    match &options.act {
        RunsAct::List { list, script } => print(&options.place, &store.list_runs(&list.wanted(script.as_ref())).map_err(world::failure)?),
        RunsAct::Show { id } => {
            let (run, deliveries) = store.show_run(id).map_err(world::failure)?.ok_or_else(|| nothing("run", id))?;
            if options.place.output == Form::Json {
                let mut shown = object(&run);
                shown["deliveries"] = deliveries.iter().map(object).collect();
                return output::line(&format!("{shown:#}")).map(|()| Exit::Ok);
            }
            print_whole(&run)?;
            for delivery in deliveries {
                output::line("")?;
                print_whole(&delivery)?;
            }
            Ok(Exit::Ok)
        }
        RunsAct::Replay { id } => done(store.replay_run(id), "dead run that was queued", id),
        RunsAct::Cancel { id } => done(store.cancel_run(id), "queued run", id),
    }
}

/// Options of `outbox`.
#[derive(Args, Debug)]
pub struct Outbox {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    act: OutboxAct,
}

#[derive(Subcommand, Debug)]
enum OutboxAct {
    /// List calls and mail, the newest first: queued, held (behind another of its row), delivered, dead
    List {
        #[command(flatten)]
        list: List,
        /// Only those to this origin; `mail` for mail
        #[arg(long, value_name = "ORIGIN")]
        to: Option<String>,
    },
    /// Show a delivery and what it carries; secrets are masked
    Show {
        /// Its id
        id: String,
    },
    /// Queue a dead delivery again
    Replay {
        /// Its id
        id: String,
    },
    /// Give up a delivery that waits
    Drop {
        /// Its id
        id: String,
    },
}

/// Does what was asked of deliveries.
pub fn outbox(options: &Outbox) -> Result<Exit, Failure> {
    let mut store = world::existing(&options.place.db)?;
    match &options.act {
        OutboxAct::List { list, to } => print(&options.place, &store.list_deliveries(&list.wanted(to.as_ref())).map_err(world::failure)?),
        OutboxAct::Show { id } => {
            let (delivery, payload) = store.show_delivery(id).map_err(world::failure)?.ok_or_else(|| nothing("delivery", id))?;
            if options.place.output == Form::Json {
                let mut shown = object(&delivery);
                shown["payload"] = payload.into();
                return output::line(&format!("{shown:#}")).map(|()| Exit::Ok);
            }
            print_whole(&delivery)?;
            output::text(&format!("\n{}", payload.lines().map(output::escaped).map(|line| line + "\n").collect::<String>()))?;
            Ok(Exit::Ok)
        }
        OutboxAct::Replay { id } => done(store.replay_delivery(id), "dead delivery", id),
        OutboxAct::Drop { id } => done(store.drop_delivery(id), "queued delivery", id),
    }
}

/// Options of `inbox`.
#[derive(Args, Debug)]
pub struct Inbox {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    act: InboxAct,
}

#[derive(Subcommand, Debug)]
enum InboxAct {
    /// List requests that are known, so that a repeat is not run: running, answered
    List {
        #[command(flatten)]
        list: List,
        /// Only that of this run
        #[arg(long, value_name = "ID")]
        run: Option<String>,
    },
}

/// Does what was asked of requests.
pub fn inbox(options: &Inbox) -> Result<Exit, Failure> {
    let InboxAct::List { list, run } = &options.act;
    let mut store = world::existing(&options.place.db)?;
    print(&options.place, &store.list_requests(&list.wanted(run.as_ref())).map_err(world::failure)?)
}

/// Options of `schedule`.
#[derive(Args, Debug)]
pub struct Schedule {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    act: ScheduleAct,
}

#[derive(Subcommand, Debug)]
enum ScheduleAct {
    /// List schedules with the slot that ran last
    List,
    /// Run no slot of a schedule until it is resumed
    Pause {
        /// Its name as `list` shows it: script, colon, the name or the time of the schedule
        name: String,
    },
    /// Run a schedule's slots again, from the next on
    Resume {
        /// Its name
        name: String,
    },
}

/// Does what was asked of schedules.
pub fn schedule(options: &Schedule) -> Result<Exit, Failure> {
    let mut store = world::existing(&options.place.db)?;
    let (name, is_paused) = match &options.act {
        ScheduleAct::List => return print(&options.place, &store.list_schedules().map_err(world::failure)?),
        ScheduleAct::Pause { name } => (name, true),
        ScheduleAct::Resume { name } => (name, false),
    };
    let known = store.list_schedules().map_err(world::failure)?;
    if !known.iter().any(|record| record.iter().any(|(field, value)| *field == "name" && value == name)) {
        return Err(nothing("schedule", name));
    }
    store.pause_schedule(name, is_paused).map_err(world::failure)?;
    Ok(Exit::Ok)
}

fn nothing(what: &str, id: &str) -> Failure {
    Failure::new(Exit::ScriptError, format!("gbvm: there is no {what} {}; `list` shows those that are", output::escaped(id)))
}

fn done(changed: Result<bool, gbvm_vm::fault::Fault>, what: &str, id: &str) -> Result<Exit, Failure> {
    if changed.map_err(world::failure)? { Ok(Exit::Ok) } else { Err(nothing(what, id)) }
}

/// Prints a list: a line for each record, its values by name.
fn print(place: &Place, records: &[Record]) -> Result<Exit, Failure> {
    if place.output == Form::Json {
        let list: serde_json::Value = records.iter().map(object).collect();
        output::line(&format!("{list:#}"))?;
        return Ok(Exit::Ok);
    }
    for record in records {
        let line: Vec<String> = record.iter().enumerate().map(|(at, (name, value))| {
            let value = output::escaped(value);
            if at == 0 { value } else { format!("{name}={value}") }
        }).collect();
        output::line(&line.join("  "))?;
    }
    Ok(Exit::Ok)
}

/// Prints one record, a line for each value.
fn print_whole(record: &Record) -> Result<(), Failure> {
    let width = record.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in record {
        output::line(&format!("{name:width$}  {}", output::escaped(value)))?;
    }
    Ok(())
}

fn object(record: &Record) -> serde_json::Value {
    record.iter().map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into()
}
