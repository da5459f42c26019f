//! What the two programs of this folder share: `limit`, the service written by hand, and `load`, which measures services.
//!
//! [`work`] is the stream of changes that a CRM sends, [`http`] the requests that carry them and their answers,
//! [`process`] what a server's processor time is, and [`check`] what the database must hold at the end.

pub mod check;
pub mod http;
pub mod process;
pub mod work;
