//! Words of General Bots that this machine does not have: those of dialogue, which a script here cannot mean, and those
//! that need a service which is not here.

use gbvm_vm::fault::Fault;
use gbvm_vm::signature::{Absence, Form, Kind, Param, Role, Signature};

use crate::keyword::{Function, Keyword};

const ANYTHING: &[Param] = &[Param::optional("anything", Role::Value)];

const ASKS: &str = "nobody sits at a keyboard here: take the value from the request's body, from params, or declare it with PARAM";
const MODEL: &str = "no language model is here: compute the value, or call a service that has one with POST";
const TALKS: &str = "there is no conversation here: leave the line out, or write to the log with PRINT";
const BOTS: &str = "there are no other bots here: put the work into a SUB, or call the other system with POST";

/// The keywords of this family.
pub const KEYWORDS: &[Keyword] = &[
    dialogue("HEAR", "Asks the person in a conversation", ASKS),
    dialogue("LLM", "Asks a language model", MODEL),
    dialogue("USE MODEL", "Chooses a language model", MODEL),
    dialogue("BEGIN SYSTEM PROMPT", "Instructs a language model", MODEL).text_until("END SYSTEM PROMPT"),
    dialogue("SET CONTEXT", "Gives a language model its context", MODEL),
    dialogue("USE KB", "Opens a knowledge base", MODEL),
    dialogue("ADD KB", "Opens a knowledge base", MODEL),
    dialogue("CLEAR KB", "Closes a knowledge base", MODEL),
    dialogue("USE WEBSITE", "Reads a website into a conversation", MODEL),
    dialogue("ADD WEBSITE", "Reads a website into a conversation", MODEL),
    dialogue("ADD TOOL", "Offers a script to a language model", MODEL),
    dialogue("USE TOOL", "Offers a script to a language model", MODEL),
    dialogue("REMOVE TOOL", "Takes a script from a language model", MODEL),
    dialogue("CLEAR TOOLS", "Takes all scripts from a language model", MODEL),
    dialogue("ADD SUGGESTION", "Shows a button in a conversation", TALKS),
    dialogue("CLEAR SUGGESTIONS", "Takes the buttons from a conversation", TALKS),
    dialogue("SEND FILE TO", "Sends a file into a conversation", TALKS),
    dialogue("SET TRANSLATOR", "Translates a conversation", TALKS),
    dialogue("CREATE SITE", "Makes a website from a prompt", MODEL),
    dialogue("ADD BOT", "Calls another bot into a conversation", BOTS),
    dialogue("DELEGATE", "Gives a task to another bot", BOTS),
    dialogue("BROADCAST", "Speaks to all bots", BOTS),
    dialogue("TRANSFER CONVERSATION", "Hands a conversation over", BOTS),
    dialogue("BOT REFLECTION", "Lets a bot look at its work", BOTS),
    service("SOAP", "Calls a SOAP service", "write the envelope and send it with POST url, text, \"text/xml\""),
    service("GRAPHQL", "Asks a GraphQL service", "send {query: …, variables: …} with POST"),
    service("SET USER", "Sets the user of a session", "there are no sessions here: keep what belongs to a user in a table"),
    service("SET USER MEMORY", "Keeps a value for a user", "keep it in a table by the user's id, or with SET BOT MEMORY"),
    service("GET USER MEMORY", "Reads a value of a user", "read it from a table by the user's id, or with GET BOT MEMORY"),
    service("SET USER FACT", "Keeps a fact about a user", "keep it in a table by the user's id"),
    service("USER FACTS", "Reads what is known of a user", "read it from a table by the user's id"),
    service("REMEMBER", "Keeps a value for a user", "keep it with SET BOT MEMORY"),
    service("RECALL", "Reads a value of a user", "read it with GET BOT MEMORY"),
    service("PIVOT", "Makes a table of rows and columns", "group the rows with GROUP BY and sum them with AGGREGATE"),
    service("ON CHANGE", "Runs a script when a file changes", "start it with WEBHOOK, ON or SET SCHEDULE"),
    service("ON EMAIL", "Runs a script when a mail comes", "let the mail service call a WEBHOOK"),
    service("DOWNLOAD", "Stores a file from an address", "read it with GET"),
    service("UPLOAD", "Stores a file", "send it with POST or PUT"),
    service("DELETE FILE", "Deletes a file", "scripts have no files here"),
    service("GENERATE PDF", "Makes a PDF", "call a service that does with POST"),
    service("MERGE PDF", "Joins PDFs", "call a service that does with POST"),
    service("RUN PYTHON", "Runs a program", "call it over HTTP"),
    service("RUN JAVASCRIPT", "Runs a program", "call it over HTTP"),
    service("RUN BASH", "Runs a program", "call it over HTTP"),
    service("SYNCHRONIZE", "Copies the pages of a service into a table", "read them with GET in a loop and store them with MERGE"),
    service("SAVE FROM UNSTRUCTURED", "Reads a record out of prose", "call a service that does with POST"),
    service("CREATE TASK", "Makes a task", "store it in a table, or call the task system with POST"),
    service("CREATE DRAFT", "Makes a draft of a mail", "send it with SEND MAIL"),
    service("ADD MEMBER", "Adds a member to a group", "call the directory with POST"),
    service("SEND SMS", "Sends a text message", "call a service that does with POST"),
    service("WEATHER", "Asks for the weather", "ask a service with GET"),
];

const fn dialogue(phrase: &'static str, summary: &'static str, instead: &'static str) -> Keyword {
    absent(phrase, summary, Absence::Dialogue(instead))
}

const fn service(phrase: &'static str, summary: &'static str, instead: &'static str) -> Keyword {
    absent(phrase, summary, Absence::Service(instead))
}

const fn absent(phrase: &'static str, summary: &'static str, absence: Absence) -> Keyword {
    let signature = Signature::new(phrase, Form::Keyword, Kind::Host, ANYTHING);
    let signature = Signature { absence: Some(absence), variadic: true, ..signature };
    let mut keyword = Keyword { signature, family: "Not here", summary: "", details: "", examples: &[], function: Function::Absent };
    keyword.summary = summary;
    keyword.details = match absence {
        Absence::Dialogue(_) => "A word of dialogue: it is an error when the script is compiled. A variable or procedure may have its name.",
        Absence::Service(_) => "It needs a service that this machine does not have: `check` warns, and the line is the error `E_NOT_HERE` when it runs. A variable or procedure may have its name.",
    };
    keyword
}

/// Why a keyword cannot be run here, if it cannot.
pub fn fault(keyword: &Keyword) -> Option<Fault> {
    let (Absence::Dialogue(instead) | Absence::Service(instead)) = keyword.signature.absence?;
    Some(Fault::new("E_NOT_HERE", format!("{} needs a service that this machine does not have; {instead}", keyword.signature.phrase)))
}
