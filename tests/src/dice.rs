//! Numbers that look random and are the same everywhere.

/// A generator of them (xorshift, Marsaglia 2003). It must not begin at 0.
pub struct Dice(pub u64);

impl Dice {
    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }

    /// One of some values.
    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}
