//! How near two words are, for "did you mean".

use std::cell::Cell;

use rustc_hash::FxHashMap;

/// The longest word that is compared with others.
const LETTERS_MAX: usize = 64;
/// How many letters all comparisons of one [`Names`] may look at: a text with thousands of wrong names is told of all of
/// them, but not of a better one for each.
const LOOKS_MAX: usize = 20_000_000;

/// The number of letters to insert, drop, change or swap with their neighbour to make one word of the other.
pub fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    between(&left, &right)
}

fn between(left: &[char], right: &[char]) -> usize {
    let mut before = vec![0; right.len() + 1];
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    let mut current = previous.clone();
    for i in 1..=left.len() {
        current[0] = i;
        for j in 1..=right.len() {
            let changed = previous[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            current[j] = changed.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                current[j] = current[j].min(before[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before, &mut previous);
        std::mem::swap(&mut previous, &mut current);
    }
    previous[right.len()]
}

/// The candidate that is nearest to a word, if one is near enough to have been meant: one slip in words of up to four
/// letters, two in longer ones. Of several the first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    Names::new(candidates).nearest(word)
}

/// Names among which a misspelt one may be sought, often.
#[derive(Debug)]
pub struct Names<'a> {
    /// By their numbers of letters, each with its place in the order.
    by_length: FxHashMap<usize, Vec<Candidate<'a>>>,
    /// How many letters may still be looked at.
    looks: Cell<usize>,
}

#[derive(Debug)]
struct Candidate<'a> {
    name: &'a str,
    place: usize,
    letters: u64,
}

/// A word whose nearest name is sought.
struct Word {
    /// In lower case.
    folded: Vec<char>,
    letters: u64,
    /// The most slips that it may be away.
    most: usize,
}

impl<'a> Names<'a> {
    /// Names in their order.
    pub fn new(names: impl IntoIterator<Item = &'a str>) -> Names<'a> {
        let mut by_length: FxHashMap<usize, Vec<Candidate>> = FxHashMap::default();
        for (place, name) in names.into_iter().enumerate() {
            let length = name.chars().count();
            if length <= LETTERS_MAX + 2 {
                by_length.entry(length).or_default().push(Candidate { name, place, letters: letters(name.chars().flat_map(char::to_lowercase)) });
            }
        }
        Names { by_length, looks: Cell::new(LOOKS_MAX) }
    }

    /// The name that is nearest to a word, as [`nearest`]; none where too many were sought already.
    pub fn nearest(&self, word: &str) -> Option<&'a str> {
        // A slip changes the length by one at most, and a very long word is no misspelling.
        let length = word.chars().count();
        if !(2..=LETTERS_MAX).contains(&length) {
            return None;
        }
        let folded: Vec<char> = word.to_lowercase().chars().collect();
        let word = Word { letters: letters(folded.iter().copied()), folded, most: if length <= 4 { 1 } else { 2 } };
        let near = (length - word.most..=length + word.most).filter_map(|length| self.by_length.get(&length));
        near.flatten().filter_map(|candidate| Some((self.slips(&word, candidate)?, candidate))).min_by_key(|(slips, candidate)| (*slips, candidate.place)).map(|(_, candidate)| candidate.name)
    }

    /// How many slips away a candidate is, if there are some and not too many.
    fn slips(&self, word: &Word, candidate: &Candidate) -> Option<usize> {
        // Each slip brings at most one letter that the other word lacks.
        let lacks = |left: u64, right: u64| (left & !right).count_ones() as usize > word.most;
        self.looks.set(self.looks.get().checked_sub(1)?);
        if lacks(word.letters, candidate.letters) || lacks(candidate.letters, word.letters) {
            return None;
        }
        self.looks.set(self.looks.get().checked_sub(word.folded.len() * word.folded.len())?);
        let folded: Vec<char> = candidate.name.to_lowercase().chars().collect();
        let slips = between(&word.folded, &folded);
        (slips > 0 && slips <= word.most).then_some(slips)
    }
}

/// Which letters there are, as bits that several may share.
fn letters(chars: impl Iterator<Item = char>) -> u64 {
    chars.fold(0, |bits, letter| bits | 1 << (letter as u32 % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_is_one_slip() {
        assert_eq!(distance("wnd", "wdn"), 1);
        assert_eq!(nearest("WHLIE", ["FOR", "WHILE"]), Some("WHILE"));
        assert_eq!(nearest("total", ["FOR", "WHILE"]), None);
        assert_eq!(distance("ab", ""), 2);
    }

    #[test]
    fn the_first_of_the_nearest_is_meant() {
        let names = Names::new(["orders2", "order", "orders", "orderz"]);
        assert_eq!(names.nearest("orderss"), Some("orders2"));
        assert_eq!(names.nearest("ORDERT"), Some("order"));
        assert_eq!(names.nearest("order"), Some("orders"));
    }
}
