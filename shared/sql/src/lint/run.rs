//! One run of the rules over a script.

use std::cell::OnceCell;
use std::collections::HashSet;

use sqlparser::ast::Statement;

use super::config::Config;
use super::finding::{Finding, Severity};
use super::place::Places;
use super::rule::{Findings, Group, Meta, On, RuleContext};
use super::shape::last_part;
use super::suppress::Suppressions;
use super::walk::walk;
use crate::catalog::Catalog;
use crate::parse::{ParsedStatement, Script, Tree};
use crate::text::Span;

/// A rule as the registry keeps it.
pub(crate) struct Entry {
    pub(crate) meta: &'static Meta,
    pub(crate) check: fn(&RuleContext<'_>, &mut Findings),
}

/// What is reported about a text or statement that no rule has looked at. It is no rule, and says nothing
/// about the quality of the text.
pub const NOT_CHECKED: Meta = Meta {
    code: "SQM000",
    name: "not-checked",
    group: Group::Correctness,
    severity: Severity::Info,
    on: On::STATEMENT,
};

/// Runs the rules over every statement of the script. Sorted by place; the same for the same input.
pub(crate) fn run(
    rules: &'static [Entry],
    script: &Script<'_>,
    catalog: &Catalog,
    config: &Config,
) -> Vec<Finding> {
    let places = Places::new(script);
    let made = made(script);
    let active = Active::new(rules, config);
    let mut out = Findings {
        all: Vec::new(),
        rule: (&NOT_CHECKED, Severity::Info),
        is_fixed: false,
        of_rule: Vec::new(),
    };
    for statement in &script.statements {
        places.set_statement(statement.span);
        let ctes = OnceCell::new();
        match &statement.tree {
            Ok(Tree::Sql(tree)) => walk(tree, &mut |node, site| {
                let Some(kind) = On::kind(node) else { return };
                let cx = RuleContext {
                    node,
                    site,
                    dialect: script.dialect,
                    catalog,
                    places: &places,
                    made: &made,
                    walked: tree,
                    ctes: &ctes,
                };
                for (entry, severity, is_fixed) in &active.of_kind[kind] {
                    if out.is_full(entry.meta) {
                        continue;
                    }
                    (out.rule, out.is_fixed) = ((entry.meta, *severity), *is_fixed);
                    (entry.check)(&cx, &mut out);
                }
            }),
            Ok(Tree::Command(_)) => {}
            Err(_) => not_checked(statement, config, &mut out),
        }
    }
    let mut all = out.all;
    if Suppressions::may_occur(script.text) {
        let suppressions = Suppressions::read(&script.tokens());
        all.retain(|finding| !suppressions.silence(finding));
    }
    all.sort_by(|a, b| a.order().cmp(&b.order()));
    all.dedup();
    all
}

/// The tables that the script makes: the last parts of their names, in lower case.
fn made(script: &Script<'_>) -> HashSet<String> {
    let tables = script.statements.iter().filter_map(|statement| match &statement.tree {
        Ok(Tree::Sql(tree)) => match &**tree {
            Statement::CreateTable(table) => last_part(&table.name),
            _ => None,
        },
        _ => None,
    });
    tables.map(|name| name.value.to_lowercase()).collect()
}

/// The rules that are run, by the kind of node on which they are called.
struct Active {
    of_kind: [Vec<(&'static Entry, Severity, bool)>; On::COUNT],
}

impl Active {
    fn new(rules: &'static [Entry], config: &Config) -> Self {
        let mut of_kind: [Vec<_>; On::COUNT] = Default::default();
        for entry in rules {
            let own = entry.meta.severity;
            let Some(severity) = config.severity(entry.meta.code, entry.meta.name, own) else { continue };
            let is_fixed = config.has_level(entry.meta.code, entry.meta.name);
            for (kind, of_kind) in of_kind.iter_mut().enumerate() {
                if entry.meta.on.has(kind) {
                    of_kind.push((entry, severity, is_fixed));
                }
            }
        }
        Self { of_kind }
    }
}

fn not_checked(statement: &ParsedStatement, config: &Config, out: &mut Findings) {
    let Err(error) = &statement.tree else { return };
    let meta = &NOT_CHECKED;
    let Some(severity) = config.severity(meta.code, meta.name, meta.severity) else { return };
    (out.rule, out.is_fixed) = ((meta, severity), false);
    let start = error.position;
    let span = Span { start, end: statement.span.end.max(start) };
    out.add(span, format!("this statement was not checked, since it could not be read: {}", error.message));
}
