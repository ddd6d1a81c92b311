//! Whether the text of an expression or a condition, as the catalog keeps it, may speak of a column.

/// Whether the name occurs, in any case: as a word, or, where it is more than a word, anywhere. A literal or a function
/// of the name counts as well, so that what may be about the column is never taken for something else.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    match name.chars().all(is_of_word) {
        true => text.split(|c: char| !is_of_word(c)).any(|word| word == name),
        false => text.contains(&name),
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_and_not_a_part_of_one() {
        assert!(
            mentions("A > 0 AND b < 1", "a") && mentions("t.a IS NULL", "A") && mentions("\"a\" > 0", "a")
        );
        assert!(mentions("lower(\"my col\") > 0", "my col"));
        assert!(!mentions("state IN ('x', 'y')", "a") && !mentions("a1 > _a", "a"));
    }
}
