//! From a text to a bound plan: parsed behind the guard, lowered to DataFusion's form on the tree, bound
//! against the catalog. The plan is the *unoptimized* one, on which a proof can rest.

mod clauses;
mod coarse;
pub mod context;
pub(crate) mod counts;
mod fractions;
mod functions;
mod growth;
mod lower;
pub mod odd_columns;
mod opaque;
mod operands;
mod ordering;
pub mod origin;
mod places;
mod refusal;
mod refused;
mod relations;
mod subqueries;
mod tables;
pub(crate) mod texts;
pub mod types;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dialects::null_order;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::Statement;
use lower::Lowered;
use sqm_domain::Dialect;
use sqm_sql::guard;
use sqm_sql::parse::{MendKind, ParsedStatement, Script, Tree};
use sqm_sql::text::{Position, Span};

pub use context::Tables;
pub(crate) use functions::{NEAREST_INTEGER, NEAREST_OR_EVEN, WHOLE_AVERAGE};
pub(crate) use lower::{Placeholder, TRUTH, single_name};
pub use ordering::{Keyed, Ordering, Trait, Traits};
pub use refusal::Refusal;
pub use tables::SwapTable;

/// Longest statement that is verified, in bytes: planning takes time that grows faster than the text.
pub const MOST_BYTES: usize = 64 * 1024;

/// Most relations that a query may read, those of its common table expressions counted wherever they are
/// used: planning takes time that grows with their square.
pub const MOST_RELATIONS: usize = 64;

/// Why a query cannot be verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// The text is no single query.
    #[error("{}", .0.reason)]
    Statement(Refusal),
    /// It does not parse.
    #[error("{0}")]
    Parse(sqm_sql::parse::ParseError),
    /// It is longer than [`MOST_BYTES`].
    #[error("the query has {0} bytes; at most {most} are verified", most = MOST_BYTES)]
    TooLong(usize),
    /// It reads more relations than [`MOST_RELATIONS`].
    #[error(
        "the query reads {0} relations, those of WITH counted at each use; at most {most} are verified",
        most = MOST_RELATIONS
    )]
    TooManyRelations(usize),
    /// Its expressions grow by more than is taken when the names in them are written out.
    #[error(
        "an expression of the query grows by {0} terms when the names in it are written out; at most {most} are verified",
        most = growth::MOST_GROWTH
    )]
    TooLarge(usize),
    /// Something in it is not verified.
    #[error("{}", .0.reason)]
    Unsupported(Refusal),
    /// A name or a type does not resolve.
    #[error("{message}")]
    Unresolved {
        /// Which, and what there would be instead.
        message: String,
        /// Where, when it is known.
        position: Option<Position>,
    },
    /// The guard refused it.
    #[error(transparent)]
    Guard(#[from] guard::GuardError),
}

/// A query bound to the catalog.
#[derive(Debug, Clone)]
pub struct Bound {
    /// DataFusion's plan before any optimization: names resolved, types known, coercions not yet made.
    pub plan: LogicalPlan,
    /// The dialect it is written in.
    pub dialect: Dialect,
    /// Names and types of its outputs.
    pub schema: SchemaRef,
    /// The top-level ORDER BY.
    pub ordering: Ordering,
    /// The plan with the keys of that behind the outputs, where some of them are no output.
    pub keyed: Option<Box<Keyed>>,
    /// What makes a result hard to compare.
    pub traits: Traits,
    /// What its reading rests on, in words.
    pub assumptions: BTreeSet<&'static str>,
    /// Whether it asks for an approximation.
    pub approximates: bool,
    /// The values that are given later, in the order of the text.
    pub placeholders: Vec<Placeholder>,
    /// What in it no engine here executes, and where it stands.
    pub unexecuted: Option<String>,
    /// The query in SQLite's forms; `None` where it has none.
    pub sqlite: Option<String>,
    /// The query as written, where SQLite is its own database.
    pub native: Option<String>,
}

/// Binds the one query of a text.
///
/// Both queries of a pair go through the same `tables`, so that they read the same rows.
///
/// # Errors
/// Why it cannot be verified, and where.
pub fn bind(sql: &str, dialect: Dialect, tables: &Tables<'_>) -> Result<Bound, BindError> {
    if sql.len() > MOST_BYTES {
        return Err(BindError::TooLong(sql.len()));
    }
    guard::with_script(sql, dialect, |script| bind_script(script, dialect, tables, &[]))?
}

/// The error with its place, where one is known.
pub fn describe(error: &BindError) -> String {
    let position = match error {
        BindError::Unresolved { position, .. } => *position,
        BindError::Statement(refusal) | BindError::Unsupported(refusal) => refusal.position,
        _ => None,
    };
    match position {
        Some(position) => format!("{error}, at {position}"),
        None => error.to_string(),
    }
}

/// The one query of a script.
fn query_of<'s>(script: &'s Script<'_>) -> Result<(&'s ParsedStatement, &'s Statement), BindError> {
    let refuse = |reason: String, position| Err(BindError::Statement(Refusal { reason, position }));
    let statement = match script.statements.as_slice() {
        [] => return refuse("there is no query".into(), None),
        [statement] => statement,
        [_, second, ..] => {
            let n = script.statements.len();
            let reason = format!(
                "there are {n} statements; one query is verified at a time, and the second begins here"
            );
            return refuse(reason, Some(second.span.start));
        }
    };
    let tree = match &statement.tree {
        Err(error) => return Err(BindError::Parse(error.clone())),
        Ok(Tree::Command(_)) => {
            return refuse("only queries are verified".into(), Some(statement.span.start));
        }
        Ok(Tree::Sql(tree)) => tree.as_ref(),
    };
    if !matches!(tree, Statement::Query(_)) {
        let keyword = script.text_of(statement).split_whitespace().next().unwrap_or("").to_uppercase();
        let reason = format!("only queries are verified, and this is a {keyword} statement");
        return refuse(reason, Some(statement.span.start));
    }
    Ok((statement, tree))
}

/// Where a BETWEEN says SYMMETRIC, which the tree does not.
fn symmetric(script: &Script<'_>, statement: &ParsedStatement) -> Result<Vec<Position>, BindError> {
    let mut places = Vec::new();
    for mend in statement.mends.iter().filter(|mend| mend.kind != MendKind::Spelled) {
        let start = mend.position;
        let rest = script.lines.slice(Span { start, end: statement.span.end });
        match rest.split_whitespace().next() {
            Some(word) if word.eq_ignore_ascii_case("SYMMETRIC") => places.push(start),
            Some(word) if word.eq_ignore_ascii_case("ASYMMETRIC") => {}
            _ => {
                // The tree has the same tables and columns, which is all that lineage asks, and possibly less
                // besides.
                let reason = "what stands here is not part of the grammar".to_owned();
                return Err(BindError::Unsupported(Refusal { reason, position: Some(start) }));
            }
        }
    }
    Ok(places)
}

/// Binds the one query of a script. `open` are the views around it.
fn bind_script(
    script: &Script<'_>,
    dialect: Dialect,
    tables: &Tables<'_>,
    open: &[usize],
) -> Result<Bound, BindError> {
    let (statement, tree) = query_of(script)?;
    let relations = relations::size(tree).relations;
    if relations > MOST_RELATIONS {
        return Err(BindError::TooManyRelations(relations));
    }
    let symmetric = symmetric(script, statement)?;
    clauses::known(tree).map_err(BindError::Unsupported)?;
    refused::text(script.text_of(statement)).map_err(|why| {
        BindError::Unsupported(Refusal { reason: why.into(), position: Some(statement.span.start) })
    })?;
    let text = tree.to_string();
    let mut tree = tree.clone();
    let reads_views = views::expand(&mut tree, dialect, tables, open)?;
    let depth = relations::size(&tree).depth;
    if depth > MOST_NESTED {
        let reason = format!(
            "queries, those of views among them, stand in each other {depth} deep, and more than {MOST_NESTED} are not verified: name some in WITH"
        );
        return Err(BindError::Unsupported(Refusal { reason, position: Some(statement.span.start) }));
    }
    let provider = context::Provider::new(tables, dialect);
    let lowered = lower::lower(&mut tree, &text, dialect, &provider, &symmetric);
    let mut lowered = lowered.map_err(BindError::Unsupported)?;
    if reads_views {
        lowered.assumptions.insert(views::UP_TO_DATE);
    }
    let sqlite = crate::sqlite::translate(&tree, null_order(dialect), &provider);
    let (plan, tree) = plan(tree, dialect, &provider, &mut lowered)?;
    let unresolved = |error: DataFusionError| unresolved(&error, &tree);
    refused::defaults(&plan, dialect).map_err(unresolved)?;
    let plan = subqueries::move_out(plan).map_err(unresolved)?;
    lowered.assumptions.extend(refused::plan(&plan, tables, dialect).map_err(unresolved)?);
    let growth = growth::of(&plan).map_err(unresolved)?;
    if growth > growth::MOST_GROWTH {
        return Err(BindError::TooLarge(growth));
    }
    let keyed = Keyed::of(&plan).map_err(unresolved)?;
    let traits = Traits::of(&plan).map_err(unresolved)?;
    let has_values = lowered.placeholders.is_empty();
    let is_said = has_values && !provider.operands.differ_from_tree();
    let native = (dialect == Dialect::Sqlite && has_values).then(|| script.text_of(statement).to_owned());
    Ok(Bound {
        dialect,
        schema: named(plan.schema().inner(), &lowered.renamed),
        ordering: Ordering::of(&plan),
        keyed: keyed.map(Box::new),
        traits,
        unexecuted: unexecuted(&lowered),
        assumptions: lowered.assumptions,
        approximates: lowered.approximates,
        placeholders: lowered.placeholders,
        sqlite: sqlite.filter(|_| is_said),
        native,
        plan,
    })
}

/// What keeps a query from being executed, in words.
fn unexecuted(lowered: &Lowered) -> Option<String> {
    let place = |position: Option<Position>| position.map(|place| format!(" at {place}")).unwrap_or_default();
    if let Some(Placeholder { written, position }) = lowered.placeholders.first() {
        return Some(format!(
            "the placeholder {written}{} has no value: what is not proved for every value is not tried with one; write one in its place",
            place(*position)
        ));
    }
    lowered.opaque.as_ref().map(|(name, position)| {
        format!("{name}{} is not executed here, so that only a proof could tell", place(*position))
    })
}

/// The outputs by the names that they have in the text.
fn named(schema: &SchemaRef, renamed: &BTreeMap<String, String>) -> SchemaRef {
    if renamed.is_empty() {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(|field| match renamed.get(field.name()) {
        Some(name) => Arc::new(field.as_ref().clone().with_name(name)),
        None => Arc::clone(field),
    });
    Arc::new(datafusion::arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()))
}

/// Most queries that stand in each other: what each of them asks of the others is tried in all of them.
const MOST_NESTED: usize = 16;

/// Second thoughts about one query: each may bring another refusal to light.
const MOST_MENDS: usize = 3;

/// Binds a tree, in another form where DataFusion refuses the one that it has.
fn plan(
    mut tree: Statement,
    dialect: Dialect,
    provider: &context::Provider<'_>,
    lowered: &mut Lowered,
) -> Result<(LogicalPlan, Statement), BindError> {
    let planned = |tree: &Statement| {
        SqlToRel::new_with_options(provider, options(dialect)).sql_statement_to_plan(tree.clone())
    };
    let mut first = None;
    for _ in 0..=MOST_MENDS {
        match planned(&tree) {
            Ok(plan) => return Ok((plan, tree)),
            Err(error) => {
                let refusal = error.strip_backtrace();
                // Where that does not help either, what was wrong at first says more.
                first.get_or_insert_with(|| unresolved(&error, &tree));
                if !lower::mend(&mut tree, &refusal, provider, lowered) {
                    break;
                }
            }
        }
    }
    Err(first.unwrap_or(BindError::Unresolved { message: "the query is not planned".into(), position: None }))
}

fn options(dialect: Dialect) -> ParserOptions {
    ParserOptions::new()
        .with_parse_float_as_decimal(true)
        .with_enable_ident_normalization(false)
        .with_map_string_types_to_utf8view(false)
        .with_collect_spans(true)
        .with_default_null_ordering(null_order(dialect))
}

/// A message with its remedy, where it has none.
fn reworded(message: String) -> String {
    if let Some(rest) = message.strip_prefix("Cannot create filter with non-boolean predicate ") {
        let condition = rest.rsplit_once(" returning ").map_or(rest, |(condition, _)| condition);
        return format!("{condition} is no condition: compare it with something");
    }
    if let Some(name) = message.strip_prefix("Invalid function '").and_then(|rest| rest.split('\'').next()) {
        return format!("the function {name} is not known here, and what it gives neither");
    }
    if message.starts_with("No field named") && message.contains(lower::AGAIN) {
        let name = message.split(['.', '\n']).next().unwrap_or_default();
        return format!("{name}: several outputs of the subquery are called so; give them different names");
    }
    message
}

/// DataFusion's message without its own prefixes, with the place that its diagnostic names, or that of the first
/// name that its message does.
fn unresolved(error: &DataFusionError, tree: &Statement) -> BindError {
    let position = error.diagnostic().and_then(|diagnostic| diagnostic.span).map(|span| Position {
        line: u32::try_from(span.start.line).unwrap_or(u32::MAX),
        column: u32::try_from(span.start.column).unwrap_or(u32::MAX),
    });
    let message = error.find_root().strip_backtrace();
    let message = ["Schema error: ", "Error during planning: ", "This feature is not implemented: "]
        .iter()
        .fold(message.as_str(), |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    // What follows is for whoever maintains the engine.
    let message = message.split("\nThis issue was likely").next().unwrap_or(message);
    let message = match message.split_once("Unsupported ast node in sqltorel: ") {
        Some((_, node)) => {
            let node = node.split([' ', '(', '{']).next().unwrap_or("an expression");
            format!("{node} is not verified")
        }
        None => message.to_owned(),
    };
    let position = position.or_else(|| places::of_message(&message, tree));
    let message = reworded(message);
    BindError::Unresolved { message, position }
}
