//! A segment: one transaction of a run, opened at its first database access.
//!
//! The store is held from the first access to the end and never while a call waits for its answer. The transaction may
//! be one that other runs share: what the segment writes stands behind a savepoint in it.

use std::cell::RefCell;

use gbvm_stdlib::base::Origin;
use gbvm_stdlib::upsert::Merged;
use gbvm_stdlib::services::{Aggregate, Filter, Mail, Request, Storage};
use gbvm_vm::fault::Fault;
use gbvm_vm::machine::StatementKey;
use gbvm_vm::object::Object;
use gbvm_vm::value::Value;

use crate::engine::World;
use crate::storage::group::Receipt;
use crate::storage::late::StoreGuard;
use crate::storage::savepoint::Savepoint;
use crate::storage::{RunIdentity, Store};

/// The numbers of the points before statements begin here: above all others that may be open.
const STATEMENTS: usize = 1_000;
/// The number of the point before a call.
const CALL: usize = 2_000;
/// The number of the point before all that the segment writes.
const SEGMENT: usize = 3_000;

/// The present segment of a run.
pub struct Segment<'a> {
    world: &'a World,
    identity: RunIdentity,
    may_write: bool,
    /// How long one query may take, in milliseconds.
    query_ms: Option<u64>,
    /// Told before it waits for the store.
    waits: Option<&'a dyn Fn()>,
    /// The row that the run updated or saved last, while the segment does not hold the store.
    last_row: RefCell<Option<String>>,
    state: RefCell<State<'a>>,
}

#[derive(Default)]
struct State<'a> {
    open: Option<StoreGuard<'a>>,
    has_written: bool,
    /// The point before all that it wrote, if it wrote anything.
    begin: Option<Savepoint>,
    call: Guard,
    /// The statements at hand of which nothing may stay if they fail, outermost first.
    at_hand: Vec<StatementKey>,
    /// Those that have written something, or that stand around such a one, with the points before them.
    begun: Vec<Begun>,
    /// Why mails were refused while they were queued: dead letters once this is committed.
    dead: Vec<Fault>,
    /// The script's own transactions, innermost last, and how many mails were refused before each.
    transactions: Vec<(Savepoint, usize)>,
}

/// A statement that can be undone.
struct Begun {
    key: StatementKey,
    before: Savepoint,
    /// How many mails were refused before it.
    refused: usize,
}

/// What is known of the call at hand.
#[derive(Default)]
enum Guard {
    /// Where it fails, the run fails, and everything is undone.
    #[default]
    Plain,
    /// The script goes on where it fails; it has written nothing yet.
    Guarded,
    /// It has written, and the segment can go back to the point before it, when so many mails were refused.
    Written { before: Savepoint, refused: usize },
}

impl<'a> Segment<'a> {
    /// A segment that is not open yet.
    pub fn new(world: &'a World, identity: RunIdentity, may_write: bool, query_ms: Option<u64>) -> Segment<'a> {
        Segment { world, identity, may_write, query_ms, waits: None, last_row: RefCell::default(), state: RefCell::default() }
    }

    /// The same segment, which tells this before it waits for the store.
    pub fn telling(mut self, waits: &'a dyn Fn()) -> Segment<'a> {
        self.waits = Some(waits);
        self
    }

    /// Whether something was written since it opened.
    pub fn has_written(&self) -> bool {
        self.state.borrow().has_written
    }

    /// The row that the run updated or saved last.
    pub fn last_row(&self) -> Option<String> {
        match &mut self.state.borrow_mut().open {
            Some(store) => store.last_row().clone(),
            None => self.last_row.borrow().clone(),
        }
    }

    /// Sets that row, for a run that goes on from its checkpoint.
    pub fn set_last_row(&self, row: Option<String>) {
        self.last_row.replace(row);
    }

    /// Whether it holds the store.
    pub fn is_open(&self) -> bool {
        self.state.borrow().open.is_some()
    }

    /// Does something in the transaction, which opens if it must.
    ///
    /// # Errors
    /// Those of opening, and of what is done.
    pub fn within<T>(&self, is_write: bool, act: impl FnOnce(&mut Store) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut state = self.state.borrow_mut();
        if state.open.is_none() {
            if let Some(waits) = self.waits.filter(|_| !self.world.is_store_free()) {
                waits();
            }
            let mut store = self.world.join(&self.identity, self.may_write || is_write)?;
            *store.last_row() = self.last_row.take();
            state.open = Some(store);
        }
        state.has_written |= is_write;
        let State { open, begin, call, at_hand, begun, dead, .. } = &mut *state;
        let store = open.as_mut().expect("the segment was opened above");
        if is_write {
            if begin.is_none() {
                *begin = Some(store.set_savepoint(SEGMENT)?);
            }
            for key in &at_hand[begun.len()..] {
                let before = store.set_savepoint(STATEMENTS + begun.len())?;
                begun.push(Begun { key: *key, before, refused: dead.len() });
            }
            if matches!(call, Guard::Guarded) {
                let before = store.set_savepoint(CALL)?;
                *call = Guard::Written { before, refused: dead.len() };
            }
        }
        store.patiently(self.query_ms, act)
    }

    /// Notes which statements are at hand of which nothing may stay if they fail. Those that are not any more are over.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_statements(&self, at_hand: Vec<StatementKey>) -> Result<(), Fault> {
        let mut state = self.state.borrow_mut();
        let go_on = state.begun.iter().zip(&at_hand).take_while(|(begun, key)| begun.key == **key).count();
        let State { open, begun, .. } = &mut *state;
        let over = begun.drain(go_on..).next();
        if let (Some(over), Some(store)) = (over, open) {
            store.release(&over.before).map_err(Fault::and_ends)?;
        }
        state.at_hand = at_hand;
        Ok(())
    }

    /// Undoes what a statement wrote that has failed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn undo(&self, key: StatementKey) -> Result<(), Fault> {
        let mut state = self.state.borrow_mut();
        let Some(at) = state.begun.iter().position(|begun| begun.key == key) else { return Ok(()) };
        let State { open, begun, dead, .. } = &mut *state;
        if let (Some(failed), Some(store)) = (begun.drain(at..).next(), open) {
            dead.truncate(failed.refused);
            store.go_back(failed.before).map_err(Fault::and_ends)?;
        }
        Ok(())
    }

    /// Makes the call at hand one that can be undone alone, should it fail.
    pub fn guard_call(&self) {
        self.state.borrow_mut().call = Guard::Guarded;
    }

    /// Ends the call at hand: what a guarded one wrote stays if it succeeded and is undone if not.
    ///
    /// # Errors
    /// Those of the database, and `E_DATABASE` where the failure has undone the whole transaction: the script cannot go
    /// on without what it wrote before.
    pub fn end_call(&self, has_succeeded: bool) -> Result<(), Fault> {
        let mut state = self.state.borrow_mut();
        let call = std::mem::take(&mut state.call);
        let State { open: Some(store), dead, .. } = &mut *state else { return Ok(()) };
        match call {
            Guard::Plain => Ok(()),
            Guard::Guarded | Guard::Written { .. } if !store.in_transaction() => {
                Err(Fault::ending("E_DATABASE", "the database undid everything that this run had written, so the run cannot go on"))
            }
            Guard::Guarded => Ok(()),
            Guard::Written { before, .. } if has_succeeded => store.release(&before).map_err(Fault::and_ends),
            Guard::Written { before, refused } => {
                dead.truncate(refused);
                store.go_back(before).map_err(Fault::and_ends)
            }
        }
    }

    /// A memory entry; secrets of the configuration come before stored ones.
    ///
    /// # Errors
    /// Those of the database.
    pub fn memory(&self, key: &str) -> Result<Option<Value>, Fault> {
        match self.world.configured_secret(key) {
            Some(secret) => Ok(Some(Value::text(secret))),
            None => self.within(false, |store| store.memory(key)),
        }
    }

    /// Commits, so that what was written is on disk, and gives the store free. Without a transaction it does nothing.
    ///
    /// # Errors
    /// Those of the database; then everything of the segment is undone.
    pub fn commit(&self) -> Result<(), Fault> {
        match self.finish(false)? {
            Some(receipt) => receipt.wait(),
            None => Ok(()),
        }
    }

    /// Gives the store free. What was written is on disk once the receipt says so, which nobody may be told before; the
    /// caller may promise to commit later what several segments wrote. Without a transaction it does nothing.
    ///
    /// # Errors
    /// Those of the database; then everything of the segment is undone.
    pub fn finish(&self, commits_later: bool) -> Result<Option<Receipt>, Fault> {
        let mut state = self.state.borrow_mut();
        let State { open, begin, dead, .. } = std::mem::take(&mut *state);
        let Some(mut store) = open else { return Ok(None) };
        if let Some(begin) = begin
            && let Err(fault) = store.release(&begin)
        {
            undo(&mut store, begin);
            return Err(fault);
        }
        for fault in dead {
            tracing::error!("a mail is dead: {fault}");
        }
        self.last_row.replace(store.last_row().take());
        Ok(store.leave(commits_later))
    }

    /// Whether the script has begun a transaction of its own.
    pub fn has_transaction(&self) -> bool {
        !self.state.borrow().transactions.is_empty()
    }

    /// Makes the statements at hand ones that cannot be undone: a transaction of the script begins or ends in them, and
    /// the points before them do not nest with it.
    fn settle_statements(&self) -> Result<(), Fault> {
        let mut state = self.state.borrow_mut();
        let State { open, at_hand, begun, .. } = &mut *state;
        at_hand.clear();
        if let (Some(outermost), Some(store)) = (begun.drain(..).next(), open) {
            store.release(&outermost.before).map_err(Fault::and_ends)?;
        }
        Ok(())
    }

    fn begin_transaction(&self) -> Result<(), Fault> {
        self.settle_statements()?;
        let depth = self.state.borrow().transactions.len();
        let most = self.world.limits().transactions;
        if depth >= most {
            return Err(Fault::new("E_TRANSACTION_DEPTH", format!("{most} transactions are open already; does a loop begin one each time and end none?")));
        }
        let savepoint = self.within(true, |store| store.set_savepoint(depth))?;
        let mut state = self.state.borrow_mut();
        let dead = state.dead.len();
        state.transactions.push((savepoint, dead));
        Ok(())
    }

    /// Keeps or undoes what the innermost transaction of the script wrote; false where there is none. Where the database
    /// does not follow, nobody knows any more what was written, so that the script cannot go on.
    fn end_transaction(&self, is_kept: bool) -> Result<bool, Fault> {
        self.settle_statements()?;
        let Some((savepoint, dead)) = self.state.borrow_mut().transactions.pop() else { return Ok(false) };
        if is_kept {
            self.within(true, |store| store.release(&savepoint)).map_err(Fault::and_ends)?;
        } else {
            self.within(true, |store| store.go_back(savepoint)).map_err(Fault::and_ends)?;
            self.state.borrow_mut().dead.truncate(dead);
        }
        Ok(true)
    }

    /// Undoes everything since the segment opened.
    pub fn rollback(&self) {
        self.withdraw(false);
    }

    /// Undoes everything since the segment opened. What it has read may be of other runs, and is on disk once the receipt
    /// says so.
    pub fn withdraw(&self, commits_later: bool) -> Option<Receipt> {
        let State { open, begin, .. } = self.state.take();
        let mut store = open?;
        if let Some(begin) = begin {
            undo(&mut store, begin);
        }
        store.leave(commits_later)
    }
}

/// Goes back to the point before a segment, or before the whole transaction where that point is lost.
fn undo(store: &mut Store, begin: Savepoint) {
    if !store.in_transaction() || store.go_back(begin).is_err() {
        store.rollback();
    }
}

impl Drop for Segment<'_> {
    fn drop(&mut self) {
        self.rollback();
    }
}

/// The segment as keywords see it.
pub struct SegmentStorage<'s, 'a>(pub &'s Segment<'a>);

impl Storage for SegmentStorage<'_, '_> {
    fn has_table(&mut self, table: &str) -> Result<bool, Fault> {
        self.0.within(false, |store| store.has_table(table))
    }

    fn find(&mut self, table: &str, filter: Filter<'_>, most: Option<u64>) -> Result<Vec<Object>, Fault> {
        self.0.within(false, |store| store.find(table, filter, most))
    }

    fn find_pages(&mut self, table: &str, filter: Filter<'_>) -> Result<Vec<String>, Fault> {
        self.0.within(false, |store| store.find_pages(table, filter))
    }

    fn find_page(&mut self, page: &str) -> Result<Vec<Object>, Fault> {
        self.0.within(false, |store| store.find_page(page))
    }

    fn insert(&mut self, table: &str, row: &Object) -> Result<Object, Fault> {
        self.0.within(true, |store| store.insert(table, row))
    }

    fn update(&mut self, table: &str, filter: Filter<'_>, changes: &Object) -> Result<u64, Fault> {
        self.0.within(true, |store| store.update(table, filter, changes))
    }

    fn save(&mut self, table: &str, id: &Value, row: &Object) -> Result<Object, Fault> {
        self.0.within(true, |store| store.save(table, id, row))
    }

    fn merge(&mut self, table: &str, rows: &[Object], keys: &[String]) -> Result<Merged, Fault> {
        self.0.within(true, |store| store.merge(table, rows, keys))
    }

    fn delete(&mut self, table: &str, filter: Filter<'_>) -> Result<u64, Fault> {
        self.0.within(true, |store| store.delete(table, filter))
    }

    fn sync_base(&mut self, table: &str, origin: &Origin) -> Result<Option<Object>, Fault> {
        self.0.within(false, |store| store.sync_base(table, origin))
    }

    fn aggregate(&mut self, function: Aggregate, table: &str, field: &str, filter: Filter<'_>) -> Result<Value, Fault> {
        self.0.within(false, |store| store.aggregate(function, table, field, filter))
    }

    fn begin_transaction(&mut self) -> Result<(), Fault> {
        self.0.begin_transaction()
    }

    fn commit_transaction(&mut self) -> Result<bool, Fault> {
        self.0.end_transaction(true)
    }

    fn rollback_transaction(&mut self) -> Result<bool, Fault> {
        self.0.end_transaction(false)
    }

    fn memory(&mut self, key: &str) -> Result<Option<Value>, Fault> {
        self.0.memory(key)
    }

    fn set_memory(&mut self, key: &str, value: &Value) -> Result<(), Fault> {
        self.0.within(true, |store| store.set_memory(key, value))
    }

    fn queue_call(&mut self, request: &Request) -> Result<(), Fault> {
        self.0.within(true, |store| store.queue_call(request))
    }

    fn queue_mail(&mut self, mail: &Mail) -> Result<(), Fault> {
        self.0.within(true, |store| store.queue_mail(mail))?;
        self.0.state.borrow_mut().dead.extend(mail.refused.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    /// A script that goes on past failures must not go on where nobody knows what the database holds.
    #[test]
    fn a_transaction_that_the_database_undid_ends_the_run() {
        for is_kept in [true, false] {
            let engine = Engine::builder().build().expect("an engine in memory can be built");
            let segment = Segment::new(engine.world(), RunIdentity { run_id: "r".into(), script: "test.bas".into(), ..RunIdentity::default() }, true, None);
            segment.begin_transaction().expect("it can begin");
            segment.within(false, |store| {
                store.rollback();
                Ok(())
            })
            .expect("it is undone");
            let fault = segment.end_transaction(is_kept).expect_err("there is no point to end at");
            assert!(fault.ends_run, "{fault}");
        }
    }

    /// What one run's failure takes with it, all of the group are told, and what is known of tables goes too.
    #[test]
    fn all_of_a_lost_group_are_told() {
        let engine = Engine::builder().build().expect("an engine in memory can be built");
        let needs = engine.compile("test.bas", "INSERT \"t\", {a: NOW()}\n").expect("it compiles");
        engine.prepare(&needs).expect("its table can be made");
        let segment = |id: &str| Segment::new(engine.world(), RunIdentity { run_id: id.into(), script: "test.bas".into(), ..RunIdentity::default() }, true, None);
        let row = || Object::of_fields([("a", Value::Date(gbvm_vm::instant::Instant(0)))]).expect("a row can be made");
        let insert = |segment: &Segment<'_>| segment.within(true, |store| store.insert("t", &row())).map(|_| ());
        let kinds = || engine.world().store().and_then(|mut store| store.query("SELECT count(*) FROM gbvm_columns WHERE col = 'a'")).expect("it can be asked");
        let first = segment("1");
        insert(&first).expect("it can be inserted");
        let receipt = first.finish(true).expect("it can end").expect("it took part");
        let second = segment("2");
        insert(&second).expect("it can be inserted");
        second
            .within(false, |store| {
                // As SQLite does by itself where the disk is full.
                store.rollback();
                Ok(())
            })
            .expect("it is undone");
        assert!(second.finish(false).is_err());
        assert!(receipt.wait().is_err(), "the first was in it too");
        assert_eq!(kinds(), [["0"]]);
        let third = segment("3");
        insert(&third).expect("the table is as it was");
        third.commit().expect("it can be committed");
        assert_eq!(kinds(), [["1"]], "the kind of the column is noted anew");
    }
}
