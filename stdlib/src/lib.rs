//! The keywords and functions of the language, over service traits.
