//! temp
#![allow(missing_docs, unused_variables)]
pub mod schema;
use std::path::Path;
use gbvm_vm::fault::Fault; use gbvm_vm::instant::Instant; use gbvm_vm::limits::Limits; use gbvm_vm::object::Object; use gbvm_vm::value::Value;
use gbvm_stdlib::services::{Aggregate, Filter, Mail, Request, Storage};
pub struct Store { }
#[derive(Clone, Debug, Default)]
pub struct RunIdentity { pub run_id: String, pub script: String, pub cause: Option<String>, pub depth: u32 }
#[derive(Clone, Debug)]
pub struct Handler { pub script: String, pub table: String, pub insert: bool, pub update: bool, pub delete: bool }
#[derive(Clone, Copy, Debug)]
pub enum RunState { Queued, Running, Waiting, Done, Failed, Dead }
#[derive(Clone, Debug)]
pub struct RunRecord { pub id: String, pub script: String, pub program_hash: u64, pub event: String, pub state: RunState, pub attempt: u32, pub cause: Option<String>, pub started_at: Instant, pub duration_ms: u64, pub error: Option<String> }
pub struct Job { pub id: i64, pub run_id: String, pub script: String, pub table: String, pub row_id: String, pub operation: String, pub new: Option<String>, pub old: Option<String>, pub depth: u32, pub attempt: u32 }
pub enum DeliveryKind { Call(Request), Mail(Mail, String) }
pub struct Delivery { pub id: i64, pub idempotency_key: String, pub what: DeliveryKind, pub attempt: u32, pub run_id: String, pub script: String }
pub struct Unfinished { pub run_id: String, pub script: String, pub program_hash: u64, pub event: String, pub cause: Option<String>, pub depth: u32, pub attempt: u32, pub job: Option<i64>, pub checkpoint: Vec<u8> }
impl Store {
  pub fn open(path: Option<&Path>, limits: &Limits) -> Result<Store, Fault> { todo!() }
  pub fn lock(&mut self) -> Result<(), Fault> { todo!() }
  pub fn close(&mut self) -> Result<(), Fault> { todo!() }
  pub fn prepare_schema(&mut self, needs: &schema::SchemaNeeds) -> Result<(), Fault> { todo!() }
  pub fn set_handlers(&mut self, handlers: Vec<Handler>) -> Result<(), Fault> { todo!() }
  pub fn begin(&mut self, run: &RunIdentity, write: bool) -> Result<(), Fault> { todo!() }
  pub fn commit(&mut self) -> Result<(), Fault> { todo!() }
  pub fn rollback(&mut self) { todo!() }
  pub fn record_run(&mut self, record: &RunRecord) -> Result<(), Fault> { todo!() }
  pub fn save_checkpoint(&mut self, identity: &RunIdentity, script: &str, hash: u64, event: &str, job: Option<i64>, bytes: &[u8]) -> Result<(), Fault> { todo!() }
  pub fn load_checkpoint(&mut self, run_id: &str) -> Result<Option<Vec<u8>>, Fault> { todo!() }
  pub fn unfinished_runs(&mut self) -> Result<Vec<Unfinished>, Fault> { todo!() }
  pub fn bury_run(&mut self, run_id: &str, error: &str) -> Result<(), Fault> { todo!() }
  pub fn next_jobs(&mut self, now: Instant, most: usize) -> Result<Vec<Job>, Fault> { todo!() }
  pub fn finish_job(&mut self, id: i64) -> Result<(), Fault> { todo!() }
  pub fn retry_job(&mut self, id: i64, at: Instant, error: &str) -> Result<(), Fault> { todo!() }
  pub fn bury_job(&mut self, id: i64, error: &str) -> Result<(), Fault> { todo!() }
  pub fn next_calls(&mut self, now: Instant, most: usize, secrets: &std::collections::BTreeMap<String,String>) -> Result<Vec<Delivery>, Fault> { todo!() }
  pub fn finish_call(&mut self, id: i64, status: u16) -> Result<(), Fault> { todo!() }
  pub fn retry_call(&mut self, id: i64, at: Instant, error: &str) -> Result<(), Fault> { todo!() }
  pub fn bury_call(&mut self, id: i64, error: &str) -> Result<(), Fault> { todo!() }
  pub fn waiting_deliveries(&mut self) -> Result<u64, Fault> { todo!() }
  pub fn last_slot(&mut self, name: &str) -> Result<Option<Instant>, Fault> { todo!() }
  pub fn slot_done(&mut self, name: &str, slot: Instant) -> Result<(), Fault> { todo!() }
  pub fn memory_list(&mut self) -> Result<Vec<(String, Value)>, Fault> { todo!() }
  pub fn memory_unset(&mut self, key: &str) -> Result<bool, Fault> { todo!() }
  pub fn seal(&self, plain: &[u8]) -> Vec<u8> { todo!() }
  pub fn open_sealed(&self, sealed: &[u8]) -> Option<Vec<u8>> { todo!() }
  pub fn query(&mut self, select: &str) -> Result<Vec<Vec<String>>, Fault> { todo!() }
}
impl Storage for Store {
  fn has_table(&mut self, table: &str) -> Result<bool, Fault> { todo!() }
  fn find(&mut self, table: &str, filter: Filter<'_>, most: Option<u64>) -> Result<Vec<Object>, Fault> { todo!() }
  fn insert(&mut self, table: &str, row: &Object) -> Result<Object, Fault> { todo!() }
  fn update(&mut self, table: &str, filter: Filter<'_>, changes: &Object) -> Result<u64, Fault> { todo!() }
  fn save(&mut self, table: &str, id: &Value, row: &Object) -> Result<Object, Fault> { todo!() }
  fn delete(&mut self, table: &str, filter: Filter<'_>) -> Result<u64, Fault> { todo!() }
  fn aggregate(&mut self, function: Aggregate, table: &str, field: &str, filter: Filter<'_>) -> Result<Value, Fault> { todo!() }
  fn memory(&mut self, key: &str) -> Result<Option<Value>, Fault> { todo!() }
  fn set_memory(&mut self, key: &str, value: &Value) -> Result<(), Fault> { todo!() }
  fn queue_call(&mut self, request: &Request) -> Result<(), Fault> { todo!() }
  fn queue_mail(&mut self, mail: &Mail) -> Result<(), Fault> { todo!() }
}
