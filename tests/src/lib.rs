//! The specification documents and scenario tests, and what runs them.
