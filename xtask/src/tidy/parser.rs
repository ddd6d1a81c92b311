//! SQL is hostile: the grammar is called in one folder, whose callers stand behind `sqm_sql::guard`. Tests
//! and measurements call it on texts of their own.

use super::files::Files;

/// Who may call it.
const CALLERS: &[&str] = &[
    "shared/sql/src/parse/",
    "shared/sql/src/guard.rs",
    "shared/sql/examples/",
    "shared/sql/benches/",
    "shared/sql/tests/",
];

/// Ways to call it.
const CALLS: &[&str] = &["sqlparser::parser", "Parser::new(", "Parser::parse_sql(", "Tokenizer::new("];

/// What is wrong.
pub fn check(files: &Files) -> Vec<String> {
    let mut wrong = Vec::new();
    let others = files.rust().filter(|file| !CALLERS.iter().any(|caller| file.path.starts_with(caller)));
    // This rule has to name what it looks for.
    for file in others.filter(|file| !file.path.starts_with("xtask/")) {
        let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if !line.trim_start().starts_with("//") && CALLS.iter().any(|call| line.contains(call)) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_from_elsewhere_are_told() {
        let call = "use sqlparser::parser::Parser;\n// Parser::new(x)\nParser::new(&dialect);\n";
        assert_eq!(check(&Files::of(&[("shared/sql/src/parse/mod.rs", call)])), [""; 0]);
        let found = check(&Files::of(&[("functions/queries/src/main.rs", call)]));
        assert_eq!(found.len(), 2);
        assert!(found[1].starts_with("functions/queries/src/main.rs:3: "));
        let test = format!("#[cfg(test)]\nmod tests {{\n{call}}}\n");
        assert_eq!(check(&Files::of(&[("functions/queries/src/main.rs", &test)])), [""; 0]);
    }
}
