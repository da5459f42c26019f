//! What stands between two tokens of a script: line breaks, comments, `_`, `:`.

/// One thing between two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The end of a physical line.
    LineBreak,
    /// A comment up to the end of its line, without blanks behind it.
    Comment(&'a str),
    /// `_` that joins the next line, with the comment behind it if there is one; its line break is part of it.
    Continuation(&'a str),
    /// `:` between statements.
    Separator,
}

/// The pieces of a text that holds no token, each with its first byte.
pub fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        match c {
            '\r' if rest.starts_with("\r\n") => {
                found.push((at, Piece::LineBreak));
                at += 2;
            }
            '\n' | '\r' => {
                found.push((at, Piece::LineBreak));
                at += 1;
            }
            ':' => {
                found.push((at, Piece::Separator));
                at += 1;
            }
            '_' => {
                let line = until_line_end(rest);
                found.push((at, Piece::Continuation(line[1..].trim())));
                let behind = &rest[line.len()..];
                let line_break = if behind.starts_with("\r\n") { 2 } else { behind.len().min(1) };
                at += line.len() + line_break;
            }
            c if c.is_whitespace() || c == '\u{feff}' => at += c.len_utf8(),
            _ => {
                let comment = until_line_end(rest);
                found.push((at, Piece::Comment(comment.trim_end())));
                at += comment.len();
            }
        }
    }
    found
}

fn until_line_end(text: &str) -> &str {
    text.find(['\n', '\r']).map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_found() {
        let found: Vec<Piece> = pieces(" _ ' why\n: ' a \r\n\tREM b\n\n// c").into_iter().map(|(_, piece)| piece).collect();
        let wanted = [
            Piece::Continuation("' why"),
            Piece::Separator,
            Piece::Comment("' a"),
            Piece::LineBreak,
            Piece::Comment("REM b"),
            Piece::LineBreak,
            Piece::LineBreak,
            Piece::Comment("// c"),
        ];
        assert_eq!(found, wanted);
    }
}
