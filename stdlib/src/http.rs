//! GET, POST and their kin, and the headers they send.

use gbvm_vm::text::Text;

/// A header set by SET HEADER.
#[derive(Clone, Debug, PartialEq)]
pub struct OutgoingHeader {
    /// The procedure call that set it, by serial number: it ends with that call.
    pub frame: u64,
    /// The name as written.
    pub name: String,
    /// The value.
    pub value: Text,
    /// The origin it is bound to, once it was sent and where it is a credential.
    pub origin: Option<String>,
}
