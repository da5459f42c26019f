//! `gbvm lsp`: serves an editor over standard input and output.

use std::path::Path;

use super::{Exit, Failure, world};
use crate::lsp;

/// Serves until the editor says goodbye.
pub fn lsp() -> Result<Exit, Failure> {
    lsp::serve(Path::new(world::DEFAULT_DATABASE)).map(|()| Exit::Ok).map_err(|message| Failure::new(Exit::Usage, format!("gbvm: {message}")))
}
