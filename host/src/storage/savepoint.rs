//! Points inside a transaction to which it can go back.

use gbvm_vm::fault::Fault;

use super::Store;

/// What is kept of a point besides the database.
#[derive(Debug)]
pub struct Savepoint {
    /// How many points were open before it.
    depth: usize,
    last_row: Option<String>,
}

impl Store {
    /// Sets a point, of which some are open already.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn set_savepoint(&mut self, depth: usize) -> Result<Savepoint, Fault> {
        self.execute(&format!("SAVEPOINT gbvm_{depth}"))?;
        Ok(Savepoint { depth, last_row: self.last_row.clone() })
    }

    /// Keeps what was done since a point.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn release(&mut self, savepoint: &Savepoint) -> Result<(), Fault> {
        self.execute(&format!("RELEASE gbvm_{}", savepoint.depth))
    }

    /// Undoes what was done since a point, which is gone then.
    ///
    /// # Errors
    /// `E_DATABASE`.
    pub fn go_back(&mut self, savepoint: Savepoint) -> Result<(), Fault> {
        let Savepoint { depth, last_row } = savepoint;
        self.execute(&format!("ROLLBACK TO gbvm_{depth}"))?;
        self.execute(&format!("RELEASE gbvm_{depth}"))?;
        self.last_row = last_row;
        // Tables and columns that were made since are gone too.
        self.catalogue.forget();
        Ok(())
    }
}
