//! temp
#![allow(missing_docs)]
use std::collections::{BTreeMap,BTreeSet};
#[derive(Clone, Debug, Default)]
pub struct TableNeeds { pub columns: BTreeSet<String>, pub indexed: BTreeSet<String> }
#[derive(Clone, Debug, Default)]
pub struct SchemaNeeds { pub tables: BTreeMap<String, TableNeeds>, pub names: BTreeSet<String> }
impl SchemaNeeds { pub fn of(schema: &gbvm_lang::Schema) -> SchemaNeeds { todo!() } }
