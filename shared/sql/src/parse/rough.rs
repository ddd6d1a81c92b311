//! A text cut at its semicolons without tokenizing it, to find a statement that is too long to look at,
//! and to recover where tokenizing fails.

/// The pieces of the text, each with the semicolon that ends it; together they are the text.
///
/// Quotes (single, double, back, dollar) and comments are skipped; brackets and bodies are not known here.
pub fn rough_pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(piece_end(rest));
        rest = after;
        Some(piece)
    })
}

/// Where the first piece ends: after its semicolon, or at the end.
fn piece_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        at += match rest[0] {
            b';' => return at + 1,
            quote @ (b'\'' | b'"' | b'`') => 1 + find(&rest[1..], &[quote]),
            b'-' if rest.starts_with(b"--") => find(rest, b"\n"),
            b'/' if rest.starts_with(b"/*") => 2 + find(&rest[2..], b"*/"),
            b'$' => match dollar_tag(rest) {
                Some(tag) => tag.len() + find(&rest[tag.len()..], tag),
                None => 1,
            },
            _ => 1,
        };
    }
    bytes.len()
}

/// Where the text after the first occurrence of the pattern starts; the end if there is none.
fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
        .map_or(bytes.len(), |at| at + pattern.len())
}

/// `$$` or `$tag$` at the start.
fn dollar_tag(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().skip(1).position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))? + 1;
    (bytes[end] == b'$').then(|| &bytes[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(rough_pieces(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn only_bare_semicolons_cut() {
        check("", &[]);
        check("a;b", &["a;", "b"]);
        check("';' \";\" `;`;b", &["';' \";\" `;`;", "b"]);
        check("-- ;\n/* ; */;b", &["-- ;\n/* ; */;", "b"]);
        check("$$ ; $$; $x$ ; $$ $x$; $1;", &["$$ ; $$;", " $x$ ; $$ $x$;", " $1;"]);
        check("'never; closed", &["'never; closed"]);
    }
}
