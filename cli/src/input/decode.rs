//! From bytes to text: UTF-8, or UTF-16 where a byte order mark says so; the mark itself is left out.

/// The text, or why there is none.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match String::from_utf8(bytes) {
            Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
            Err(error) => Err(not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())),
        },
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err("it starts as UTF-16 and is not; save it as UTF-8".to_owned()),
    }
}

fn not_utf8(bytes: &[u8], at: usize) -> String {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    format!(
        "not UTF-8: byte 0x{byte:02x} at line {line}, column {column}; \
         convert it first, as with `iconv -f latin1 -t utf-8`"
    )
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn marks_are_read_and_left_out() {
        let text = |bytes: &[u8]| decode(bytes.to_vec());
        assert_eq!(text(b"\xef\xbb\xbfSELECT 1"), Ok("SELECT 1".into()));
        assert_eq!(text(b"\xff\xfeS\0\xe4\0"), Ok("Sä".into()));
        assert_eq!(text(b"\xfe\xff\0S\0\xe4"), Ok("Sä".into()));
        assert!(text(b"\xff\xfeS").is_err());
    }

    #[test]
    fn what_is_no_text_is_named_with_its_place() {
        let why = decode(b"SELECT\n 'gr\xfc\xdfe'".to_vec()).unwrap_err();
        assert!(why.starts_with("not UTF-8: byte 0xfc at line 2, column 5;"), "{why}");
    }
}
