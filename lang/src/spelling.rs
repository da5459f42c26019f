//! How near two words are, for "did you mean".

/// The longest word that is compared with others.
const LETTERS_MAX: usize = 64;

/// The number of letters to insert, drop, change or swap with their neighbour to make one word of the other.
pub fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before = vec![0; right.len() + 1];
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut current = vec![i; right.len() + 1];
        for j in 1..=right.len() {
            let changed = previous[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            current[j] = changed.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                current[j] = current[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

/// The candidate that is nearest to a word, if one is near enough to have been meant: one slip in words of up to four
/// letters, two in longer ones.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A slip changes the length by one at most, and a very long word is no misspelling.
    let letters = word.chars().count();
    if !(2..=LETTERS_MAX).contains(&letters) {
        return None;
    }
    let most = if letters <= 4 { 1 } else { 2 };
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(letters) <= most)
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|&(slips, _)| slips > 0 && slips <= most)
        .min_by_key(|&(slips, _)| slips)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_is_one_slip() {
        assert_eq!(distance("wnd", "wdn"), 1);
        assert_eq!(nearest("WHLIE", ["FOR", "WHILE"]), Some("WHILE"));
        assert_eq!(nearest("total", ["FOR", "WHILE"]), None);
    }
}
