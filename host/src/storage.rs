//! SQLite behind the services' trait, and the engine's own tables beside the scripts' ones.
//!
//! A [`Store`] is the one connection that writes. Tables of scripts are plain tables; the engine's begin with `gbvm_`.

mod bases;
mod decimals;
mod declared;
mod extra;
pub mod group;
pub mod health;
mod inbox;
pub mod late;
pub mod ledger;
mod memory;
mod merge;
mod outbox;
mod pages;
mod patience;
mod queue;
mod rows;
pub mod savepoint;
pub mod schema;
pub mod survey;
mod seal;
mod sql;
mod tidy;
mod totals;
mod values;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gbvm_vm::fault::Fault;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

pub use bases::Told;
pub use inbox::{AcceptedRequest, REQUEST, Received};
pub use outbox::{Delivery, DeliveryKind};
pub use queue::{Job, RunRecord, RunState, Unfinished};

use patience::{Patience, TOO_LONG};
use schema::Catalogue;
use seal::Seal;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The engine's own tables. Their names begin with `gbvm_`, which no script's may.
const OWN_TABLES: &str = "
CREATE TABLE IF NOT EXISTS gbvm_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gbvm_columns (tbl TEXT, col TEXT, kind TEXT, PRIMARY KEY (tbl, col)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gbvm_memory (key TEXT PRIMARY KEY, value TEXT, is_date INTEGER, updated_at TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gbvm_handlers (script TEXT, tbl TEXT, on_insert INTEGER, on_update INTEGER, on_delete INTEGER);
CREATE TABLE IF NOT EXISTS gbvm_runs (id TEXT PRIMARY KEY, script TEXT, program_hash TEXT, event TEXT, state TEXT, attempt INTEGER, cause TEXT, started_at TEXT, duration_ms INTEGER, error TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gbvm_checkpoints (run_id TEXT PRIMARY KEY, script TEXT, program_hash TEXT, event TEXT, cause TEXT, depth INTEGER, job INTEGER, bytes BLOB);
CREATE TABLE IF NOT EXISTS gbvm_jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, script TEXT, tbl TEXT, row_id TEXT, operation TEXT, new TEXT, old TEXT, depth INTEGER, state TEXT, attempt INTEGER, due_ms INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS gbvm_jobs_due ON gbvm_jobs (state, due_ms);
CREATE INDEX IF NOT EXISTS gbvm_jobs_run ON gbvm_jobs (run_id);
CREATE INDEX IF NOT EXISTS gbvm_jobs_row ON gbvm_jobs (script, tbl, row_id, state);
CREATE TABLE IF NOT EXISTS gbvm_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, origin TEXT, ordering_key TEXT, payload TEXT, idempotency_key TEXT, run_id TEXT, script TEXT, state TEXT, attempt INTEGER, due_ms INTEGER, status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS gbvm_outbox_queue ON gbvm_outbox (origin, due_ms) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS gbvm_outbox_order ON gbvm_outbox (origin, ordering_key, state);
CREATE TABLE IF NOT EXISTS gbvm_bases (tbl TEXT, source TEXT, external_id TEXT, snapshot TEXT, PRIMARY KEY (tbl, source, external_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gbvm_inbox (key BLOB PRIMARY KEY, run_id TEXT, expires_ms INTEGER, status INTEGER, headers TEXT, body BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS gbvm_inbox_run ON gbvm_inbox (run_id) WHERE status IS NULL;
CREATE INDEX IF NOT EXISTS gbvm_inbox_expiry ON gbvm_inbox (expires_ms);
CREATE TABLE IF NOT EXISTS gbvm_schedules (name TEXT PRIMARY KEY, last_slot_ms INTEGER, paused INTEGER) WITHOUT ROWID;
";

/// The form of the engine's tables. A file with a later one is refused.
const VERSION: i64 = 3;

/// Columns that tables of earlier versions lack: table, column, type.
const LATER_COLUMNS: [(&str, &str, &str); 1] = [("gbvm_schedules", "paused", "INTEGER")];

/// Earlier versions queued what has to wait for another; it is held now.
const HOLD_FOLLOWERS: &str = "
DROP INDEX IF EXISTS gbvm_outbox_due;
UPDATE gbvm_outbox SET state = 'held' WHERE state = 'queued' AND EXISTS (SELECT 1 FROM gbvm_outbox AS head WHERE head.origin = gbvm_outbox.origin AND head.ordering_key = gbvm_outbox.ordering_key AND head.state = 'queued' AND head.id < gbvm_outbox.id);
UPDATE gbvm_jobs SET state = 'held' WHERE state = 'queued' AND EXISTS (SELECT 1 FROM gbvm_jobs AS head WHERE head.script = gbvm_jobs.script AND head.tbl = gbvm_jobs.tbl AND head.row_id = gbvm_jobs.row_id AND head.state = 'queued' AND head.id < gbvm_jobs.id);
";

/// Makes the engine's tables, or brings those of an earlier version to the present form.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(OWN_TABLES)?;
    for (table, column, kind) in LATER_COLUMNS {
        let is_there: bool = transaction.query_row("SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2", [table, column], |row| row.get(0))?;
        if !is_there {
            transaction.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"))?;
        }
    }
    transaction.execute_batch(HOLD_FOLLOWERS)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// The database, opened for writing.
pub struct Store {
    connection: Connection,
    path: Option<PathBuf>,
    limits: Limits,
    catalogue: Catalogue,
    handlers: Vec<Handler>,
    run: RunIdentity,
    /// When the transaction began: what the engine stamps rows with.
    now: Instant,
    /// The row that the run updated or saved last: what orders the calls it queues.
    last_row: Option<String>,
    /// Whether events or deliveries were queued since somebody asked.
    has_queued: bool,
    /// Whether a commit failed since the log was folded into the file.
    lacks_room: bool,
    seal: Option<Seal>,
    lock: Option<File>,
    patience: Patience,
}

/// A script that is started by changes of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// The script's name.
    pub script: String,
    /// The table.
    pub table: String,
    /// Whether new rows start it.
    pub insert: bool,
    /// Whether changed rows start it.
    pub update: bool,
    /// Whether removed rows start it.
    pub delete: bool,
}

/// The run for which a transaction is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunIdentity {
    /// Its id.
    pub run_id: String,
    /// Its script.
    pub script: String,
    /// The row that caused it, as `table/id`.
    pub cause: Option<String>,
    /// How many triggers led to it.
    pub depth: u32,
    /// What started it, where that tells of other systems. It is not stored: the run's event says it.
    pub told: Told,
}

impl Store {
    /// Opens a database file, or one in memory, and makes the engine's tables.
    ///
    /// # Errors
    /// `E_DATABASE` where the file is no database, of a later version, or cannot be opened.
    pub fn open(path: Option<&Path>, limits: &Limits) -> Result<Store, Fault> {
        let shown = path.map_or_else(|| "the database in memory".to_owned(), |path| path.display().to_string());
        let cannot = |error: rusqlite::Error| {
            let reason = fault(error);
            Fault::new(reason.code, format!("{shown}: {}", reason.message))
        };
        if let Some(folder) = path.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|error| Fault::new("E_DATABASE", format!("{}: the folder cannot be made: {error}", folder.display())))?;
        }
        let connection = match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        };
        let mut connection = connection.map_err(cannot)?;
        let patience = Patience::with(&mut connection).map_err(cannot)?;
        let path = path.map(only_name_of).transpose()?;
        connection.busy_timeout(BUSY).map_err(cannot)?;
        // QPSG: a plan depends on no bound value, else SQLite prepares a statement anew for each value that is bound.
        for (config, is_on) in [(DbConfig::SQLITE_DBCONFIG_DQS_DML, false), (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false), (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false), (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true), (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)] {
            connection.set_db_config(config, is_on).map_err(cannot)?;
        }
        connection.set_prepared_statement_cache_capacity(256);
        connection.pragma_update(None, "journal_mode", "WAL").map_err(cannot)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(cannot)?;
        // Pages that a savepoint may have to restore are kept here; in a file, a run would cost as much again.
        connection.pragma_update(None, "temp_store", "MEMORY").map_err(cannot)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(cannot)?;
        values::register(&connection).and_then(|()| totals::register(&connection)).map_err(cannot)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(cannot)?;
        if version > VERSION {
            return Err(Fault::new("E_DATABASE", format!("{shown}: a later version of gbvm made this file; use that version, or another file")));
        }
        if version < VERSION {
            // Whoever serves the file with an earlier version knows nothing of what is changed.
            let _ours = path.as_deref().filter(|_| version > 0).map(lock_beside).transpose()?;
            migrate(&mut connection).map_err(cannot)?;
        }
        let mut store = Store {
            connection,
            path,
            limits: limits.clone(),
            catalogue: Catalogue::default(),
            handlers: Vec::new(),
            run: RunIdentity::default(),
            now: Instant(0),
            last_row: None,
            has_queued: false,
            lacks_room: false,
            seal: None,
            lock: None,
            patience,
        };
        store.handlers = store.stored_handlers()?;
        Ok(store)
    }

    /// Claims the queues of this database for this process, until it ends. Data in memory has nobody to share with.
    ///
    /// # Errors
    /// `E_DATABASE_LOCKED` where another process has claimed them.
    pub fn lock(&mut self) -> Result<(), Fault> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.lock.is_none() {
            self.lock = Some(lock_beside(path)?);
        }
        Ok(())
    }

    /// Does something of a script's, whose queries may take only so long each, in milliseconds; none means no bound.
    ///
    /// # Errors
    /// Those of what is done; `E_QUERY_TIME` where a query took too long.
    pub fn patiently<T>(&mut self, most_ms: Option<u64>, act: impl FnOnce(&mut Store) -> Result<T, Fault>) -> Result<T, Fault> {
        self.patience.set_most(most_ms);
        let done = act(self);
        done.map_err(|fault| self.patience.explain(fault))
    }

    /// Begins a transaction for a run.
    ///
    /// # Errors
    /// `E_DATABASE_BUSY`, `E_DATABASE`.
    pub fn begin(&mut self, run: &RunIdentity, write: bool, now: Instant) -> Result<(), Fault> {
        if self.in_transaction() {
            // Its owner ended in a panic before it could commit.
            self.rollback();
        }
        self.execute(if write { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        self.catalogue.begin_transaction();
        self.act_for(run, now);
        Ok(())
    }

    /// Says whose writes follow, and when they are made.
    fn act_for(&mut self, run: &RunIdentity, now: Instant) {
        self.last_row = None;
        self.run = run.clone();
        self.now = now;
    }

    /// The row that the run updated or saved last: what orders the calls that it queues.
    pub fn last_row(&mut self) -> &mut Option<String> {
        &mut self.last_row
    }

    /// One statement without values, kept prepared.
    fn execute(&mut self, sql: &str) -> Result<(), Fault> {
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map_err(fault)?;
        Ok(())
    }

    /// Whether events or deliveries were queued since this was last asked.
    pub fn takes_news(&mut self) -> bool {
        std::mem::take(&mut self.has_queued)
    }

    /// Commits the transaction: what it wrote is on disk when this returns.
    ///
    /// # Errors
    /// `E_DATABASE_FULL`, `E_DATABASE`; the transaction is then still open.
    pub fn commit(&mut self) -> Result<(), Fault> {
        self.execute("COMMIT")
    }

    /// Undoes the transaction, if one is open.
    pub fn rollback(&mut self) {
        if self.in_transaction()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!("a transaction could not be undone: {error}");
        }
        // Tables and columns that it made are gone too, also where SQLite has undone it by itself.
        self.catalogue.forget();
    }

    /// Whether the data ends with this process.
    pub fn is_in_memory(&self) -> bool {
        self.path.is_none()
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Does several statements as one: in the open transaction, else in one of their own.
    fn together<T>(&mut self, act: impl FnOnce(&mut Store) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.in_transaction() {
            return act(self);
        }
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(fault)?;
        let done = act(self);
        match &done {
            Ok(_) => self.commit()?,
            Err(_) => self.rollback(),
        }
        done
    }

    /// Folds the write-ahead log into the file and gives its room back; whether that could be done. Where a disk was full,
    /// the log would take all room that becomes free before SQLite folds it by itself.
    fn folds_log(&mut self) -> bool {
        let is_busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        is_busy.is_ok_and(|is_busy| !is_busy)
    }

    /// Folds the write-ahead log into the file, at an orderly end.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn close(&mut self) -> Result<(), Fault> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fault)
    }

    /// Registers the scripts that changes of tables start, instead of those registered before. Other processes that
    /// write to this database queue their events too.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn set_handlers(&mut self, handlers: Vec<Handler>) -> Result<(), Fault> {
        if self.stored_handlers()? != handlers {
            self.together(|store| {
                store.connection.execute("DELETE FROM gbvm_handlers", []).map_err(fault)?;
                for handler in &handlers {
                    let sql = "INSERT INTO gbvm_handlers (script, tbl, on_insert, on_update, on_delete) VALUES (?1, ?2, ?3, ?4, ?5)";
                    store.connection.execute(sql, (&handler.script, &handler.table, handler.insert, handler.update, handler.delete)).map_err(fault)?;
                }
                Ok(())
            })?;
        }
        self.handlers = handlers;
        Ok(())
    }

    fn stored_handlers(&self) -> Result<Vec<Handler>, Fault> {
        let mut statement = self.connection.prepare("SELECT script, tbl, on_insert, on_update, on_delete FROM gbvm_handlers ORDER BY rowid").map_err(fault)?;
        let handlers = statement.query_map([], |row| Ok(Handler { script: row.get(0)?, table: row.get(1)?, insert: row.get(2)?, update: row.get(3)?, delete: row.get(4)? }));
        handlers.and_then(Iterator::collect).map_err(fault)
    }

    /// The answer to a SELECT, each value as text, for tests and tools. Nothing can be changed through it.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn query(&mut self, select: &str) -> Result<Vec<Vec<String>>, Fault> {
        let mut statement = self.connection.prepare(select).map_err(fault)?;
        if !statement.readonly() {
            return Err(Fault::new("E_DATABASE", "only a SELECT can be asked here"));
        }
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let mut line = Vec::with_capacity(columns);
            for column in 0..columns {
                let value = row.get_ref(column).map_err(fault)?;
                line.push(gbvm_vm::coerce::text(&values::from_sql(value, None)).as_str().to_owned());
            }
            found.push(line);
        }
        Ok(found)
    }
}

/// The lock of a database, which one process holds at a time.
fn lock_beside(path: &Path) -> Result<File, Fault> {
    let beside = seal::beside(path, "lock");
    let cannot = |error: std::io::Error| Fault::new("E_DATABASE", format!("{}: {error}", beside.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&beside).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::new("E_DATABASE_LOCKED", format!("{}: another gbvm process serves this database; stop it, or use another file with --db", path.display()))),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// The one name by which every process knows a database, symbolic links followed: the names of its log, lock and key
/// are made from it. The file is there: SQLite makes it when it opens it.
///
/// # Errors
/// `E_DATABASE` where the file has a second name (a hard link). SQLite keeps a log of changes beside each name, so
/// that two processes with two names would damage the data, and a lock beside one name guards only that.
fn only_name_of(path: &Path) -> Result<PathBuf, Fault> {
    let cannot = |reason: String| Fault::new("E_DATABASE", format!("{}: {reason}", path.display()));
    let name = std::fs::canonicalize(path).map_err(|error| cannot(error.to_string()))?;
    match count_of_names(&name) {
        Ok(..=1) => Ok(name),
        Ok(count) => Err(cannot(format!("the file has {count} names (hard links), and used under several its data would be damaged; remove the others, or copy it to a file of its own"))),
        Err(error) => Err(cannot(error.to_string())),
    }
}

#[cfg(unix)]
fn count_of_names(path: &Path) -> std::io::Result<u64> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&std::fs::metadata(path)?))
}

#[cfg(not(unix))]
fn count_of_names(_path: &Path) -> std::io::Result<u64> {
    Ok(1)
}

/// What an error of SQLite means to a script's author.
fn fault(error: rusqlite::Error) -> Fault {
    let rusqlite::Error::SqliteFailure(code, message) = &error else {
        return Fault::new("E_DATABASE", error.to_string());
    };
    let message = message.clone().unwrap_or_else(|| code.to_string());
    match code.code {
        ErrorCode::ConstraintViolation => match message.strip_prefix("UNIQUE constraint failed: ") {
            Some(columns) => Fault::new("E_UNIQUE", format!("a row with the same {} is there already", columns.replace('.', " "))),
            None if message.starts_with("FOREIGN KEY") => Fault::new("E_REFERENCE", "a row that it refers to is not there, or rows that refer to it still are"),
            None => match message.strip_prefix("CHECK constraint failed: ").or_else(|| message.strip_prefix("NOT NULL constraint failed: ")) {
                Some(rule) if rule.contains(" must be ") => Fault::new("E_CONSTRAINT", rule.to_owned()),
                Some(column) if message.starts_with("NOT NULL") => Fault::new("E_CONSTRAINT", format!("{} needs a value", column.replace('.', " "))),
                Some(_) | None => Fault::new("E_CONSTRAINT", format!("the table does not allow it: {message}")),
            },
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::new("E_DATABASE_BUSY", "another process is writing to the database for too long"),
        ErrorCode::OperationInterrupted => Fault::new(TOO_LONG, "the database took too long for this"),
        ErrorCode::DiskFull => Fault::new("E_DATABASE_FULL", "the disk is full"),
        ErrorCode::NotADatabase => Fault::new("E_DATABASE", "the file is not an SQLite database"),
        ErrorCode::DatabaseCorrupt => Fault::new("E_DATABASE", "the database file is damaged"),
        ErrorCode::CannotOpen => Fault::new("E_DATABASE", "the file cannot be opened; is the path right, and is the folder writable?"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Fault::new("E_DATABASE", "the file may not be written"),
        _ => Fault::new("E_DATABASE", message),
    }
}
