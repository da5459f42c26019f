//! Places as editors count them: lines from 0, and units of UTF-16 in them.

use lsp_types::{Position, Range};

/// The byte of a position; the nearest one before where it lies outside of its line or inside of a character.
pub fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or("");
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut units = 0;
    for (at, c) in line.char_indices() {
        units += c.len_utf16() as u32;
        if units > position.character {
            return start + at;
        }
    }
    start + line.len()
}

/// The position of a byte.
pub fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
    Position { line, character: before[start..].encode_utf16().count() as u32 }
}

/// The range between two bytes.
pub fn range(text: &str, start: u32, end: u32) -> Range {
    Range { start: position(text, start as usize), end: position(text, end.max(start) as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_utf_16() {
        let text = "a\u{1f600}b\r\n\u{e9}x\n";
        for (at, line, character) in [(0, 0, 0), (1, 0, 1), (5, 0, 3), (6, 0, 4), (8, 1, 0), (10, 1, 1), (12, 2, 0)] {
            assert_eq!(position(text, at), Position { line, character }, "{at}");
            assert_eq!(offset(text, Position { line, character }), at, "{line}:{character}");
        }
        assert_eq!(offset(text, Position { line: 0, character: 2 }), 1, "the middle of a character is its start");
        assert_eq!(offset(text, Position { line: 0, character: 99 }), 6, "past the line is its end");
        assert_eq!(offset(text, Position { line: 99, character: 0 }), text.len());
        assert_eq!(position(text, 999), Position { line: 2, character: 0 });
    }
}
