//! A script: statement after statement, then from end to end.
//!
//! What a statement reads of a table that the script wrote before is replaced by what was written. So a
//! definition is always in terms of what the script did not make, and one step of replacing suffices.

use super::budget::{Budget, MOST_INFLUENCES};
use super::edges::{Flow, Labels, name_of_nameless};
use super::model::{Failure, Finding, Lineage, Severity, StatementLineage};
use super::touched::Touching;
use super::whole::Whole;
use super::{NamedColumns, Options, Views};
use crate::catalog::Catalog;
use crate::parse::{MendKind, ParsedStatement, Script, Tree};
use crate::scope::{
    Action, Doubt, DoubtKind, Outcome, Output, Resolver, Scopes, TableId, has_two_levels, room,
};
use crate::text::{Position, Span};

/// The scopes of a script before its first statement.
fn scopes_of<'c>(script: &Script<'_>, catalog: &'c Catalog, options: &Options) -> Scopes<'c> {
    let mut scopes = Scopes::new(script.dialect, catalog);
    scopes.follow_views = options.views == Views::Follow;
    scopes.tables.default_db = options.default_db.as_deref().map(|name| scopes.names.fold(name));
    scopes.tables.default_schema = options.default_schema.as_deref().map(|name| scopes.names.fold(name));
    // Where there are no schemas a database is what completes a name.
    scopes.tables.completes_bare = options.default_schema.is_none() && has_two_levels(script.dialect);
    scopes.is_procedural = script.is_procedural;
    for name in &script.variables {
        let name = scopes.names.fold(name);
        scopes.variables.insert(scopes.names.key(name));
    }
    scopes
}

/// What the only statement calls its columns.
pub(super) fn named_columns(
    script: &Script<'_>,
    catalog: &Catalog,
    options: &Options,
) -> Option<NamedColumns> {
    let [ParsedStatement { tree: Ok(Tree::Sql(statement)), mends, .. }] = &script.statements[..] else {
        return None;
    };
    // A few mends come with what the tree does not say.
    if mends.iter().any(|mend| !mend.kind.is_in_tree()) {
        return None;
    }
    let mut scopes = scopes_of(script, catalog, options);
    let mut outcomes = Vec::new();
    Resolver::new(&mut scopes).statement(statement, &mut outcomes);
    let mut relations = Vec::new();
    for (relation, _) in scopes.all().flat_map(|(scope, _)| scopes.relations(scope)) {
        if let (Some(_), Some(names), None) =
            (scopes.alias(relation), scopes.column_names(relation), scopes.table_name(relation))
        {
            relations.push(names.into_iter().map(str::to_owned).collect());
        }
    }
    let gives = outcomes.last()?.gives;
    let outputs = gives.map_or(&[][..], |rows| &scopes.shape(rows.shape).columns);
    let nameless = outputs.iter().filter(|output| output.name.is_none()).count();
    let name = |(at, output): (usize, &Output)| match output.name {
        _ if output.star => None,
        Some(name) => Some(scopes.names.text(name).to_owned()),
        None => Some(name_of_nameless(at, nameless)),
    };
    let outputs: Option<Vec<String>> = outputs.iter().enumerate().map(name).collect();
    Some(NamedColumns { outputs: gives.and(outputs), relations })
}

pub(super) fn trace(script: &Script<'_>, catalog: &Catalog, options: &Options) -> Lineage {
    let mut scopes = scopes_of(script, catalog, options);
    let mut whole = Whole::default();
    let mut touching = Touching::default();
    let (mut budget, mut whole_budget) = (Budget::new(), Budget::new());
    let mut labels = Labels::default();
    let mut too_wide = None;
    let mut statements = Vec::with_capacity(script.statements.len());
    for parsed in &script.statements {
        let tree = match &parsed.tree {
            Ok(tree) => tree,
            Err(error) => {
                statements.push(failed(parsed, Failure::new(error.message.clone(), Some(error.position))));
                continue;
            }
        };
        let first = scopes.values.len();
        scopes.begin();
        let mut outcomes = Vec::new();
        let mut resolver = Resolver::new(&mut scopes);
        for mend in &parsed.mends {
            match &mend.kind {
                MendKind::InsertByName => resolver.inserts_by_name = true,
                MendKind::SetByName { side, columns } => resolver.set_sides.push((*side, columns.clone())),
                MendKind::NamedExpression { name } => resolver.named_expressions.push(name.clone()),
                MendKind::OutputColumns { columns } => resolver.output_columns.clone_from(columns),
                MendKind::Spelled | MendKind::Rephrased | MendKind::ConstraintLeftOut { .. } => {}
            }
        }
        match tree {
            Tree::Sql(statement) => resolver.statement(statement, &mut outcomes),
            Tree::Command(command) => resolver.command(command, &mut outcomes),
        }
        // In a branch or a loop, what a statement replaces may be there still.
        let is_certain = !script.is_procedural && outcomes.len() == 1;
        for outcome in outcomes {
            let at = parsed.span.start;
            let mut flow = Flow::of(&mut scopes, &outcome, first, &mut budget, at);
            if scopes.tables.has_records() {
                whole.look_through_records(&mut scopes, &mut flow);
            }
            statements.push(StatementLineage {
                kind: outcome.kind.to_string(),
                span: parsed.span,
                tables_in: labels.list(&scopes, reads(&outcome)),
                tables_out: labels.list(&scopes, writes(&outcome)),
                columns: labels.edges(&scopes, &flow),
                error: None,
            });
            touching.add(&outcome);
            whole.is_certain = is_certain;
            whole.add(&mut scopes, &outcome, flow, &mut whole_budget, at);
            apply(&mut scopes, &outcome);
        }
        if scopes.room.is_exceeded() {
            too_wide.get_or_insert(parsed.span.start);
        }
    }
    let (flow, tables_in, tables_out) = whole.finish(&scopes);
    let ok = statements.is_empty() || statements.iter().any(|statement| statement.error.is_none());
    let error = if ok { None } else { statements.iter().find_map(|statement| statement.error.clone()) };
    Lineage {
        ok,
        error,
        tables_in: labels.list(&scopes, tables_in.into_iter()),
        tables_out: labels.list(&scopes, tables_out.into_iter()),
        columns: labels.edges(&scopes, &flow),
        findings: findings(script, &scopes, [&budget, &whole_budget], too_wide),
        touched: touching.finish(&scopes, &mut labels),
        statements,
    }
}

fn failed(parsed: &ParsedStatement, error: Failure) -> StatementLineage {
    StatementLineage {
        kind: "UNREADABLE".to_owned(),
        span: parsed.span,
        tables_in: Vec::new(),
        tables_out: Vec::new(),
        columns: Vec::new(),
        error: Some(error),
    }
}

fn reads(outcome: &Outcome) -> impl Iterator<Item = (TableId, Span)> + '_ {
    let renamed = outcome.effects.iter().filter_map(|effect| match effect.action {
        Action::Rename(from) => Some((from, effect.span)),
        Action::Swap(other) => Some((other, effect.span)),
        _ => None,
    });
    let swapped =
        outcome.effects.iter().filter(|e| matches!(e.action, Action::Swap(_))).map(|e| (e.table, e.span));
    outcome.reads.iter().copied().chain(swapped).chain(renamed)
}

fn writes(outcome: &Outcome) -> impl Iterator<Item = (TableId, Span)> + '_ {
    let swapped = outcome.effects.iter().filter_map(|effect| match effect.action {
        Action::Swap(other) => Some((other, effect.span)),
        _ => None,
    });
    outcome.effects.iter().map(|effect| (effect.table, effect.span)).chain(swapped)
}

/// What tables are from now on.
fn apply(scopes: &mut Scopes<'_>, outcome: &Outcome) {
    for effect in &outcome.effects {
        match (&effect.defines, effect.action) {
            (Some(columns), _) => scopes.tables.define(effect.table, columns, &scopes.names),
            (None, Action::Create | Action::CreateMissing | Action::Drop) => {
                scopes.tables.forget(effect.table)
            }
            (None, _) => {}
        }
        if let Action::Rename(from) = effect.action {
            scopes.tables.forget(from);
        }
        if let Action::Swap(other) = effect.action {
            let names = |table: TableId| -> Option<Vec<_>> {
                let known = scopes.tables.known_columns(table)?;
                Some(known.iter().map(|&column| scopes.tables.column(column).name).collect())
            };
            for (table, columns) in [(effect.table, names(other)), (other, names(effect.table))] {
                match columns {
                    Some(columns) => scopes.tables.define(table, &columns, &scopes.names),
                    None => scopes.tables.forget(table),
                }
            }
        }
    }
}

fn findings(
    script: &Script<'_>,
    scopes: &Scopes<'_>,
    budgets: [&Budget; 2],
    too_wide: Option<Position>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::with_capacity(scopes.doubts().len() + 1);
    if !script.grammar.is_own(script.dialect) {
        findings.push(Finding {
            code: "dialect",
            severity: Severity::Info,
            message: format!("{} is read with the grammar of {}", script.dialect, script.grammar.name()),
            line: 1,
            column: 1,
            candidates: Vec::new(),
        });
    }
    let edges = budgets.into_iter().filter_map(Budget::exceeded).min();
    let bounds = [
        ("too_many_edges", edges, format!("{MOST_INFLUENCES} edges")),
        ("too_many_columns", too_wide, room::limits()),
    ];
    for (code, at, most) in bounds {
        let Some(Position { line, column }) = at else { continue };
        let message = format!("more than {most}: the edges of columns are incomplete from this statement on");
        let severity = Severity::Warning;
        findings.push(Finding { code, severity, message, line, column, candidates: Vec::new() });
    }
    for doubt in scopes.doubts() {
        findings.push(finding(doubt));
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.dedup();
    findings
}

fn finding(doubt: &Doubt) -> Finding {
    let Doubt { kind, name, candidates, span } = doubt;
    let (code, severity, message) = match kind {
        DoubtKind::AmbiguousColumn => (
            "ambiguous_column",
            Severity::Warning,
            format!("{name} could be a column of {}", candidates.join(", ")),
        ),
        DoubtKind::UnknownColumn if candidates.is_empty() => (
            "unknown_column",
            Severity::Warning,
            format!("no relation here is known to have a column {name}"),
        ),
        DoubtKind::UnknownColumn => (
            "unknown_column",
            Severity::Warning,
            format!("{} is not known to have a column {name}", candidates.join(", ")),
        ),
        DoubtKind::UnknownRelation => {
            ("unknown_relation", Severity::Warning, format!("no relation here is called {name}"))
        }
        DoubtKind::OpenStar => (
            "open_star",
            Severity::Info,
            format!("a catalog would tell which columns * stands for in {}", candidates.join(", ")),
        ),
        DoubtKind::Variable => {
            ("opaque", Severity::Info, format!("what {name} holds is not in the text, or is not followed"))
        }
        DoubtKind::Opaque => ("opaque", Severity::Info, format!("what {name} does is not in the text")),
        DoubtKind::Mismatch => (
            "mismatch",
            Severity::Warning,
            format!("the columns of {name} and what goes into them differ in number"),
        ),
    };
    Finding {
        code,
        severity,
        message,
        line: span.start.line,
        column: span.start.column,
        candidates: candidates.clone(),
    }
}
