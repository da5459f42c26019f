//! What the compiler must know of a keyword or function: its words, its parameters, its kind.
//!
//! The records themselves live with their functions, outside this crate; the machine only defines their shape,
//! so that the compiler and the keywords need not know each other.

use crate::program::Wanted;

/// How a keyword reaches the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function called inside the loop; it sees its arguments, the clock and the limits, nothing else.
    Pure,
    /// The loop stops with [`crate::machine::Stop::HostCall`] and is resumed with the answer.
    Host,
    /// Read while compiling; never reaches the machine.
    Declare,
}

/// How a keyword is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `NAME(a, b)` in expressions; as a statement also `NAME a, b`.
    Function,
    /// `PHRASE a, b` as a statement, and as an expression whose last argument is a whole additive expression.
    Keyword,
    /// `PHRASE a, b` as a statement only.
    Statement,
}

/// What an argument is for: the compiler treats some of them specially.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A value like any other.
    Value,
    /// The name of a table: its provenance is looked at.
    Table,
    /// A filter: literal-and-hole sums that stand directly in the argument become a template.
    Filter,
    /// A URL: its provenance is looked at.
    Url,
    /// A header's name or value: its provenance is looked at.
    Header,
    /// The key of a memory entry: its provenance decides whether the value is a secret.
    MemoryKey,
    /// The object or objects that a write stores.
    Record,
    /// The recipient of a mail.
    Recipient,
    /// The name of a field or column.
    Field,
    /// A word such as `COUNT` or `hour`, which may be checked when it is a literal.
    Word,
}

/// One parameter of a keyword.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name as the help shows it.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// Whether it may be left out (it is then MISSING).
    pub optional: bool,
}

impl Param {
    /// A parameter that must be given.
    pub const fn required(name: &'static str, role: Role) -> Param {
        Param { name, role, optional: false }
    }

    /// A parameter that may be left out.
    pub const fn optional(name: &'static str, role: Role) -> Param {
        Param { name, role, optional: true }
    }
}

/// A way to write a keyword with words between its arguments: `UPDATE t SET a = e WHERE c`.
#[derive(Clone, Copy, Debug)]
pub struct WordForm {
    /// Its first words in capitals, one blank between them: `INSERT INTO`.
    pub phrase: &'static str,
    /// Its parts in the order in which they are written.
    pub parts: &'static [Part],
}

/// One part of a word form.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The words before it in capitals; none before the first part and before a [`Holds::Choice`].
    pub words: &'static str,
    /// What is written there.
    pub holds: Holds,
    /// The parameter that it fills; [`Part::NEXT`] is the one behind those that are filled.
    pub param: u8,
}

impl Part {
    /// The parameter behind those that are filled already.
    pub const NEXT: u8 = u8::MAX;

    /// A part behind its words.
    pub const fn new(words: &'static str, holds: Holds, param: u8) -> Part {
        Part { words, holds, param }
    }
}

/// What is written in one part of a word form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A name that stands for itself, or text.
    Name,
    /// A value.
    Value,
    /// One value or several with commas between them, for as many parameters.
    Values,
    /// `a = e, b = e`: a record.
    Fields,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A condition whose left sides are columns.
    Condition,
    /// Columns to sort by.
    Order,
    /// How many rows.
    Limit,
    /// How many rows to pass over.
    Offset,
}

/// What the compiler must know of one keyword.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its words in capitals, one blank between them: `GET BOT MEMORY`.
    pub phrase: &'static str,
    /// Other phrases that mean the same.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub form: Form,
    /// How else it may be written, in words.
    pub word_forms: &'static [WordForm],
    /// How it reaches the machine.
    pub kind: Kind,
    /// Its parameters in order.
    pub params: &'static [Param],
    /// Whether the last parameter may be given any number of times.
    pub variadic: bool,
    /// Whether one value serves the whole statement (`NOW`): the compiler calls it once in each.
    pub once_per_statement: bool,
    /// Whether it gives rows, so that the compiler decides between one row and a list.
    pub row_or_list: bool,
    /// Whether the `id` of the row that it stores is also set in its record.
    pub sets_id: bool,
    /// What it does to stored data, for schema and transactions.
    pub access: Access,
    /// Whether, when its result is used, it waits for an answer from outside and so ends a segment; see
    /// [`Signature::waits`].
    pub immediate: bool,
    /// Whether it lets time pass, so that a segment ends before it even where it stands as a statement.
    pub pauses: bool,
    /// Where a transaction begins or ends with it.
    pub boundary: Option<Boundary>,
    /// Whether it changes its first argument, where that is a variable or a place in one.
    pub changes_first: bool,
    /// Why it cannot be used here, if it cannot.
    pub absence: Option<Absence>,
    /// Why it cannot stand as a statement whose value nobody uses, and what to write, if it cannot.
    pub value_only: Option<&'static str>,
    /// The keyword that is meant instead where the first argument's text begins as an address does.
    pub address_form: Option<&'static str>,
    /// The line that ends the text which begins below it and is its last argument: `END MAIL`.
    pub text_end: Option<&'static str>,
}

/// Why a keyword of the dialect cannot be used here, and what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It belongs to a dialogue with a person: a script that has it is not compiled.
    Dialogue(&'static str),
    /// It needs a service that is not here: it fails when it runs.
    Service(&'static str),
}

/// What a keyword is to the transactions of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// One begins.
    Begin,
    /// The innermost ends and is kept; with none open, the segment ends.
    Commit,
    /// The innermost ends and is undone.
    Rollback,
}

/// What a keyword does to stored data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Neither reads nor writes.
    None,
    /// Reads only.
    Read,
    /// Writes.
    Write,
}

impl Signature {
    /// Whether a call of which so much is wanted lets time pass.
    pub fn waits(&self, wanted: Wanted) -> bool {
        self.pauses || self.immediate && wanted != Wanted::Nothing
    }

    /// A function or keyword without special treatment; change fields with struct update.
    pub const fn new(phrase: &'static str, form: Form, kind: Kind, params: &'static [Param]) -> Signature {
        Signature {
            phrase,
            aliases: &[],
            form,
            word_forms: &[],
            kind,
            params,
            variadic: false,
            once_per_statement: false,
            row_or_list: false,
            sets_id: false,
            access: Access::None,
            immediate: false,
            pauses: false,
            boundary: None,
            changes_first: false,
            absence: None,
            value_only: None,
            address_form: None,
            text_end: None,
        }
    }

    /// The fewest arguments a call may have.
    pub fn least(&self) -> usize {
        self.params.iter().take_while(|param| !param.optional).count()
    }

    /// The most arguments a call may have; none where the last may be repeated.
    pub fn most(&self) -> Option<usize> {
        (!self.variadic).then_some(self.params.len())
    }
}
