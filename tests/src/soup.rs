//! Texts that nobody wrote: random bytes, words in no order, real scripts damaged. The same number gives the same text.

/// A generator of random numbers that is the same everywhere (SplitMix64).
pub struct Random(u64);

impl Random {
    /// Begins at a number.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Signs and pieces that a script is made of, words aside.
const PIECES: &[&str] = &[
    "\n", "\n", "\n", " ", " ", ":", ",", "(", ")", "[", "]", "{", "}", "#{", "=", "==", "<>", "<", ">=", "+", "-", "*", "/", "\\", "%", "^", "&", "&&", "||",
    "!", "?", "??", "?.", ".", "+=", "-=", "\"", "'", "${", "\"a${x}b\"", "\"text\"", "'q'", "0", "1", "42", "1.5", "0xFF", "1e3", "9223372036854775807", "x", "y$",
    "n%", "row", "data.name", ".field", "a[0]", "_\n", "REM ", "//", "\t", "\r\n", "\u{e9}", "\u{1f600}", "\u{feff}", "\"id=\" + x", "label:\n", "\\u{41}", "\0", "“",
];

/// The text with a number. `words` are the words of the language, `scripts` those that it may damage.
pub fn text(number: u64, words: &[&str], scripts: &[String]) -> String {
    let mut random = Random::new(number);
    match number % 4 {
        0 => bytes(&mut random),
        1 => soup(&mut random, words),
        _ => damaged(&mut random, words, scripts),
    }
}

fn bytes(random: &mut Random) -> String {
    let length = random.below(400);
    let bytes: Vec<u8> = (0..length).map(|_| if random.below(8) == 0 { random.below(256) as u8 } else { 10 + random.below(117) as u8 }).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn soup(random: &mut Random, words: &[&str]) -> String {
    let mut text = String::new();
    for _ in 0..random.below(200) {
        let piece = if random.below(2) == 0 { random.pick(words) } else { random.pick(PIECES) };
        text.push_str(piece);
        if random.below(3) > 0 {
            text.push(' ');
        }
    }
    text
}

fn damaged(random: &mut Random, words: &[&str], scripts: &[String]) -> String {
    let mut lines: Vec<String> = random.pick(scripts).split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..1 + random.below(4) {
        if lines.is_empty() {
            lines.push("PRINT 1\n".into());
        }
        let at = random.below(lines.len());
        match random.below(7) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[random.below(lines.len())].clone()),
            2 => {
                let other = random.below(lines.len());
                lines.swap(at, other);
            }
            3 => lines.extend(random.pick(scripts).split_inclusive('\n').map(str::to_owned)),
            4 => {
                // A word or a sign in the middle of a line.
                let piece = if random.below(2) == 0 { random.pick(words) } else { random.pick(PIECES) };
                let place = boundary(&lines[at], random);
                lines[at].insert_str(place, piece);
            }
            5 => {
                let (from, to) = (boundary(&lines[at], random), boundary(&lines[at], random));
                lines[at].replace_range(from.min(to)..from.max(to), "");
            }
            _ => {
                let many = random.pick(&["(", "[", "{a: ", "-", "NOT ", "IF x THEN\n", "\"${"]).repeat(random.below(300));
                lines.insert(at, format!("x = {many}"));
            }
        }
    }
    lines.concat()
}

/// A place between two characters of a line.
fn boundary(line: &str, random: &mut Random) -> usize {
    let places: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
    *random.pick(&places)
}
