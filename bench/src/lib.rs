//! Benchmarks of the compiler, the machine and the keywords.
