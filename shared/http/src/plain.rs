//! What serde and the standard library say of a wrong value, in the words of a caller, who knows nothing of
//! our types.

/// The message without the names of Rust's types.
pub(crate) fn plain(message: &str) -> String {
    if let Some((before, _)) = message.split_once("expected struct ") {
        return format!("{before}expected an object");
    }
    if message.contains("expected a nonzero u") {
        return before_expected(message, "a whole number of at least 1");
    }
    let unsigned = ["expected u8", "expected u16", "expected u32", "expected u64", "expected usize"];
    if unsigned.iter().any(|words| message.ends_with(words)) {
        return before_expected(message, "a whole number of at least 0");
    }
    match message {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => {
            "expected a whole number that is not too large".to_owned()
        }
        "number would be zero for non-zero type" => "expected a whole number of at least 1".to_owned(),
        _ => message.to_owned(),
    }
}

fn before_expected(message: &str, expected: &str) -> String {
    let before = message.split_once("expected ").map_or("", |(before, _)| before);
    format!("{before}expected {expected}")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Inner {}

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)] // Only read.
    struct Outer {
        inner: Option<Inner>,
        count: Option<NonZeroU32>,
        size: Option<u64>,
    }

    #[test]
    fn no_type_of_ours_is_named() {
        for (given, expected) in [
            ("7", "invalid type: integer `7`, expected an object"),
            (r#"{"inner": "x"}"#, "invalid type: string \"x\", expected an object"),
            (r#"{"count": 0}"#, "invalid value: integer `0`, expected a whole number of at least 1"),
            (r#"{"size": -1}"#, "invalid value: integer `-1`, expected a whole number of at least 0"),
        ] {
            let error = serde_json::from_str::<Outer>(given).unwrap_err().to_string();
            let message = error.split(" at line ").next().unwrap();
            assert_eq!(plain(message), expected, "{given}: {error}");
        }
        let error = "x".parse::<u32>().unwrap_err().to_string();
        assert_eq!(plain(&error), "expected a whole number that is not too large");
    }
}
