//! `cargo xtask new-rule`: the file of a rule with everything that has to be filled in, the next free
//! code of its group, and its line in the list.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::checkout::Checkout;
use crate::terminal::say;

/// Where the rules lie.
const FOLDER: &str = "shared/sql/src/rules";

/// What `new-rule` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Its name, such as `select-star`.
    name: String,
    /// Its group.
    #[arg(long, value_enum)]
    group: Group,
}

/// The groups of rules; the first digit of a code is the place in this list.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Group {
    Correctness,
    Performance,
    Safety,
    Cost,
    Clarity,
    Design,
}

/// Begins a rule.
pub fn run(checkout: &Checkout, arguments: &Arguments) -> Result<()> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    ensure!(
        arguments.name.starts_with(|c: char| c.is_ascii_lowercase()) && arguments.name.chars().all(valid),
        "a rule is named in lower case with hyphens, such as select-star"
    );
    let folder = checkout.root.join(FOLDER);
    let module = arguments.name.replace('-', "_");
    let path = folder.join(format!("{module}.rs"));
    ensure!(!path.exists(), "{} is there already", path.display());
    let codes = codes(&folder)?;
    let code = next_code(&codes, arguments.group as u32);
    let list = folder.join("mod.rs");
    let text = std::fs::read_to_string(&list)?;
    let line = format!("    {module}::{},\n", kind(&arguments.name));
    let text = listed(&text, &line, &codes, &code).context("the list of rules is not as expected")?;
    std::fs::write(&path, source(&code, &arguments.name, arguments.group))?;
    std::fs::write(&list, text)?;
    say(&format!("{code} {} begins in {FOLDER}/{module}.rs", arguments.name));
    say("Fill it in; its examples are its test. Then: cargo xtask docs");
    Ok(())
}

/// The codes in use, in order, each with its module.
fn codes(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut codes = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let module = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((_, rest)) = text.split_once("code: \"SQM")
            && let Some((digits, _)) = rest.split_once('"')
        {
            codes.push((format!("SQM{digits}"), module));
        }
    }
    codes.sort();
    Ok(codes)
}

/// The code after the last one of the group.
fn next_code(codes: &[(String, String)], group: u32) -> String {
    let start = format!("SQM{group}");
    let used = codes.iter().filter(|(code, _)| code.starts_with(&start));
    let last = used.filter_map(|(code, _)| code[3..].parse::<u32>().ok()).max();
    format!("SQM{:03}", last.unwrap_or(group * 100) + 1)
}

/// The list with the line put behind the rule whose code comes before.
fn listed(text: &str, line: &str, codes: &[(String, String)], code: &str) -> Option<String> {
    let (_, module) = codes.iter().rev().find(|(other, _)| other.as_str() < code)?;
    let start = text.find(&format!("    {module}::"))?;
    let end = start + text[start..].find('\n')? + 1;
    Some(format!("{}{line}{}", &text[..end], &text[end..]))
}

/// `select-star` as a type.
fn kind(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    name.split('-').map(word).collect()
}

fn source(code: &str, name: &str, group: Group) -> String {
    let kind = kind(name);
    format!(
        r#"//! {code} {name}

use crate::lint::{{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity}};

/// ## What it does
/// Finds
///
/// ## Why
///
///
/// ## Bad
/// ```sql expects {code}
/// SELECT 1
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT 1
/// ```
///
/// ## Limits
/// None known.
pub struct {kind};

impl Rule for {kind} {{
    const META: Meta = Meta {{
        code: "{code}",
        name: "{name}",
        group: Group::{group:?},
        severity: Severity::Warning,
        on: On::SELECT,
    }};

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {{
        let Node::Select(select) = cx.node else {{ return }};
        let _ = (select, out);
    }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<(String, String)> {
        let pair = |code: &str, module: &str| (code.to_owned(), module.to_owned());
        vec![pair("SQM001", "a"), pair("SQM101", "b"), pair("SQM105", "c"), pair("SQM201", "d")]
    }

    #[test]
    fn the_next_code_comes_after_the_last_of_its_group() {
        assert_eq!(next_code(&known(), 1), "SQM106");
        assert_eq!(next_code(&known(), 5), "SQM501");
    }

    #[test]
    fn the_list_stays_in_the_order_of_codes() {
        let text = "rules! {\n    a::A,\n    b::B,\n    c::C,\n    d::D,\n}\n";
        let listed = listed(text, "    x::X,\n", &known(), "SQM106").unwrap();
        assert_eq!(listed, "rules! {\n    a::A,\n    b::B,\n    c::C,\n    x::X,\n    d::D,\n}\n");
    }

    #[test]
    fn a_type_is_named_like_the_rule() {
        assert_eq!(kind("select-star"), "SelectStar");
    }
}
