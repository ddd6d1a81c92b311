//! What is wrong with a query, and what to do about it: one rule a file, its documentation on it.
//!
//! A new rule is a file here and a line in the list below. Codes are never used again. The rules see
//! one walk over each statement; they know no engine and no statistics.

use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::with_script;
use crate::lint::docs::Doc;
use crate::lint::{Entry, run};
use crate::parse::Script;
use crate::text::{Position, Span};

pub use crate::lint::{
    Config, Edit, Finding, Findings, Fix, Group, Level, Meta, NOT_CHECKED, Rule, RuleContext, Severity,
};

/// Declares each rule's module, and makes the registry of them.
macro_rules! rules {
    ($($module:ident :: $rule:ident,)*) => {
        $(mod $module;)*

        static RULES: &[Entry] = &[
            $(Entry {
                meta: &<$module::$rule as Rule>::META,
                check: |cx, out| $module::$rule.check(cx, out),
            },)*
        ];

        /// Apart from the registry, so that a binary that prints no documentation doesn't carry it.
        static SOURCES: &[(&Meta, &str)] = &[
            $((&<$module::$rule as Rule>::META, include_str!(concat!(stringify!($module), ".rs"))),)*
        ];
    };
}

rules! {
    equals_null::EqualsNull,
}

/// Everything that the rules have to say about a text, by place.
///
/// Total and deterministic: what cannot be read is reported as [`NOT_CHECKED`].
pub fn lint(sql: &str, dialect: Dialect, catalog: &Catalog, config: &Config) -> Vec<Finding> {
    with_script(sql, dialect, |script| lint_script(script, catalog, config)).unwrap_or_else(|error| {
        let start = error.position().unwrap_or(Position::START);
        vec![Finding {
            code: NOT_CHECKED.code,
            name: NOT_CHECKED.name,
            severity: NOT_CHECKED.severity,
            message: format!("this text was not checked: {error}"),
            span: Span { start, end: start },
            fix: None,
        }]
    })
}

/// The same for a script that is parsed already.
pub fn lint_script(script: &Script<'_>, catalog: &Catalog, config: &Config) -> Vec<Finding> {
    run(RULES, script, catalog, config)
}

/// What is fixed about every rule, by code.
pub fn all() -> impl Iterator<Item = &'static Meta> {
    RULES.iter().map(|entry| entry.meta)
}

/// The documentation of every rule, by code.
pub fn docs() -> impl Iterator<Item = Doc> {
    SOURCES.iter().map(|(meta, source)| Doc::of_source(meta, source))
}

/// The pages of the documentation: file names and contents, the list of rules (`README.md`) first.
pub fn pages() -> Vec<(String, String)> {
    let mut list = String::from(
        "<!-- Made from the documentation on the rules; don't edit. -->\n# Rules\n\n\
         | code | name | group | severity | what it finds |\n|---|---|---|---|---|\n",
    );
    let mut pages = vec![("README.md".to_owned(), String::new())];
    for doc in docs() {
        let Meta { code, name, group, severity, .. } = doc.meta;
        let severity = format!("{severity:?}").to_lowercase();
        let summary = doc.summary().replace('\n', " ").replace('|', "\\|");
        list.push_str(&format!(
            "| [{code}]({code}.md) | {name} | {} | {severity} | {summary} |\n",
            group.name()
        ));
        pages.push((format!("{code}.md"), doc.page()));
    }
    pages[0].1 = list;
    pages
}

#[cfg(test)]
mod tests;
