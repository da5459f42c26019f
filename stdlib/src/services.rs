//! What keywords need of the world, as traits: storage, HTTP, mail, the clock, the console.
//!
//! The host implements them with SQLite, sockets and SMTP; [`crate::fake`] implements them in memory.

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::object::Object;
use gbvm_vm::template::Template;
use gbvm_vm::text::Text;
use gbvm_vm::value::Value;

use crate::base::Origin;
use crate::upsert::Merged;

/// A filter with the values for its holes.
#[derive(Clone, Copy)]
pub struct Filter<'a> {
    /// The parse tree.
    pub template: &'a Template,
    /// One value for each hole, in order.
    pub holes: &'a [Value],
    /// What NOW() in the filter means.
    pub now: Instant,
}

/// The rows that a loop directly over a table reads at one time.
pub const PAGE_ROWS: usize = 500;

/// What AGGREGATE computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many rows.
    Count,
    /// The sum of a column.
    Sum,
    /// Its mean.
    Average,
    /// Its least value.
    Least,
    /// Its greatest value.
    Greatest,
}

/// Tables, memory and the outbox, inside the transaction of the running segment. Names are never SQL: the
/// implementation quotes them. A table or column that does not exist reads as empty.
pub trait Storage {
    /// Whether a user table of this name exists. A table name that is data must name one.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn has_table(&mut self, table: &str) -> Result<bool, Fault>;

    /// The rows that match, in the filter's order, else by id; at most `most` of them where given (a row is wanted, not a list).
    ///
    /// # Errors
    /// `E_FIND_TOO_MANY`, the filter's codes, `E_DATABASE`.
    fn find(&mut self, table: &str, filter: Filter<'_>, most: Option<u64>) -> Result<Vec<Object>, Fault>;

    /// Where the rows that match are, in the order of [`Storage::find`], however many they are: pages for
    /// [`Storage::find_page`], each a text that says where up to [`PAGE_ROWS`] rows are.
    ///
    /// # Errors
    /// `E_FIND_TOO_MANY` where the pages would take more than a run's memory, the filter's codes, `E_DATABASE`.
    fn find_pages(&mut self, table: &str, filter: Filter<'_>) -> Result<Vec<String>, Fault>;

    /// The rows of a page that are still there, in its order.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn find_page(&mut self, page: &str) -> Result<Vec<Object>, Fault>;

    /// Stores a new row and gives it as stored, its `id` included. Fields that are MISSING are left out.
    ///
    /// # Errors
    /// `E_UNIQUE`, `E_TABLE_UNKNOWN`, `E_COLUMN_UNKNOWN`, `E_DATABASE`.
    fn insert(&mut self, table: &str, row: &Object) -> Result<Object, Fault>;

    /// Changes the rows that match and gives their number; those to which a sync write says nothing
    /// ([`crate::base::says_nothing`]) are left alone and not counted. `id` is never changed.
    ///
    /// # Errors
    /// As [`Storage::insert`], and the filter's codes.
    fn update(&mut self, table: &str, filter: Filter<'_>, changes: &Object) -> Result<u64, Fault>;

    /// Inserts or updates the row with this id and gives it as stored; columns that `row` lacks keep their value.
    ///
    /// # Errors
    /// As [`Storage::insert`].
    fn save(&mut self, table: &str, id: &Value, row: &Object) -> Result<Object, Fault>;

    /// Inserts the rows whose key no row of the table has, in order, and lays the others over those that have it, unless
    /// they say nothing new ([`crate::upsert::key_of`], [`crate::upsert::says_anything_new`]). No key has an empty part.
    ///
    /// # Errors
    /// As [`Storage::insert`].
    fn merge(&mut self, table: &str, rows: &[Object], keys: &[String]) -> Result<Merged, Fault>;

    /// Deletes the rows that match and gives their number.
    ///
    /// # Errors
    /// The filter's codes, `E_DATABASE`.
    fn delete(&mut self, table: &str, filter: Filter<'_>) -> Result<u64, Fault>;

    /// Computes over the rows that match; `field` is empty for a count of rows.
    ///
    /// # Errors
    /// The filter's codes, `E_DATABASE`.
    fn aggregate(&mut self, function: Aggregate, table: &str, field: &str, filter: Filter<'_>) -> Result<Value, Fault>;

    /// The row without bookkeeping as another system is known to have it: as the last sync write of the row with this
    /// origin left it ([`crate::base`]). None where there was none.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn sync_base(&mut self, table: &str, origin: &Origin) -> Result<Option<Object>, Fault>;

    /// Begins a transaction inside the run's own.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn begin_transaction(&mut self) -> Result<(), Fault>;

    /// Keeps what was done since the innermost began; whether one was open.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn commit_transaction(&mut self) -> Result<bool, Fault>;

    /// Undoes what was done since the innermost began; whether one was open.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn rollback_transaction(&mut self) -> Result<bool, Fault>;

    /// A memory entry, plain: the keyword makes it a secret where the key says so.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn memory(&mut self, key: &str) -> Result<Option<Value>, Fault>;

    /// Sets a memory entry.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn set_memory(&mut self, key: &str, value: &Value) -> Result<(), Fault>;

    /// Queues a call to be made after the commit.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn queue_call(&mut self, request: &Request) -> Result<(), Fault>;

    /// Queues a mail to be sent after the commit.
    ///
    /// # Errors
    /// `E_DATABASE`.
    fn queue_mail(&mut self, mail: &Mail) -> Result<(), Fault>;
}

/// An HTTP request as a script means it. Texts keep their segments: secrets are stored as references and
/// resolved when the request is sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole URL, checked and encoded.
    pub url: Text,
    /// `scheme://host[:port]`, in lower case, without a default port.
    pub origin: String,
    /// Name and value, in order.
    pub headers: Vec<(String, Text)>,
    /// The body, none for GET.
    pub body: Option<Text>,
}

/// An HTTP answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The whole body, decompressed.
    pub body: Vec<u8>,
}

/// Makes calls whose answer a script waits for.
pub trait HttpClient {
    /// Makes the call, repeated as the project's rules say, and gives the answer.
    ///
    /// # Errors
    /// `E_HTTP` where no final answer came; `E_SECRET_UNSET` where the request needs a secret that is not set.
    fn call(&mut self, request: &Request) -> Result<Answer, Fault>;
}

/// A mail as a script means it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipients, at least one; addresses only, without names.
    pub to: Vec<String>,
    /// The subject.
    pub subject: Text,
    /// The text.
    pub body: Text,
    /// Why it can never be sent: it is then listed as dead at once and the run goes on.
    pub refused: Option<Fault>,
}

/// The present instant.
pub trait Clock {
    /// Never goes backwards within one clock.
    fn now(&self) -> Instant;

    /// Lets milliseconds pass. Where the clock is moved by hand, it comes back at once.
    ///
    /// # Errors
    /// Those that cut a run short.
    fn pause(&self, _milliseconds: u64) -> Result<(), Fault> {
        Ok(())
    }
}

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// PRINT and TALK.
    Output,
    /// LOG_INFO.
    Info,
    /// LOG_WARN, and warnings of keywords.
    Warn,
    /// LOG_ERROR.
    Error,
}

/// Where PRINT and the log go.
pub trait Console {
    /// One line, secrets masked already.
    fn line(&mut self, level: Level, line: &str);
}
