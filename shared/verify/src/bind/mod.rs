//! From a text to a bound plan: parsed behind the guard, lowered to DataFusion's form on the tree, bound
//! against the catalog. The plan is the *unoptimized* one, on which a proof can rest.

mod clauses;
pub mod context;
mod functions;
mod growth;
mod lower;
pub mod odd_columns;
mod ordering;
pub mod origin;
mod refused;
mod relations;
mod subqueries;
mod tables;
pub(crate) mod texts;
pub mod types;

use std::collections::BTreeSet;

use crate::dialects::null_order;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::Statement;
use sqm_domain::Dialect;
use sqm_sql::guard;
use sqm_sql::parse::{MendKind, Script, Tree};
use sqm_sql::text::Position;

pub use context::Tables;
pub(crate) use functions::{NEAREST_INTEGER, NEAREST_OR_EVEN, WHOLE_AVERAGE};
pub(crate) use lower::single_name;
pub use ordering::{Keyed, Ordering, Trait, Traits};
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
    #[error("{0}")]
    Statement(String),
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
    #[error("{0}")]
    Unsupported(String),
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
    guard::with_script(sql, dialect, |script| bind_script(script, dialect, tables))?
}

fn bind_script(script: &Script<'_>, dialect: Dialect, tables: &Tables<'_>) -> Result<Bound, BindError> {
    let statement = match script.statements.as_slice() {
        [] => return Err(BindError::Statement("there is no query".into())),
        [statement] => statement,
        several => {
            let message = format!("there are {} statements; one query is verified at a time", several.len());
            return Err(BindError::Statement(message));
        }
    };
    let tree = match &statement.tree {
        Err(error) => return Err(BindError::Parse(error.clone())),
        Ok(Tree::Command(_)) => return Err(BindError::Statement("only queries are verified".into())),
        Ok(Tree::Sql(tree)) => tree.as_ref(),
    };
    if !matches!(tree, Statement::Query(_)) {
        let keyword = script.text_of(statement).split_whitespace().next().unwrap_or("").to_uppercase();
        return Err(BindError::Statement(format!(
            "only queries are verified, and this is a {keyword} statement"
        )));
    }
    let relations = relations::count(tree);
    if relations > MOST_RELATIONS {
        return Err(BindError::TooManyRelations(relations));
    }
    if let Some(mend) = statement.mends.iter().find(|mend| mend.kind != MendKind::Spelled) {
        // The tree has the same tables and columns, which is all that lineage asks, and possibly less besides.
        let Position { line, column } = mend.position;
        let what = format!("what stands at line {line}, column {column}, is not part of the grammar");
        return Err(BindError::Unsupported(what));
    }
    clauses::known(tree).map_err(BindError::Unsupported)?;
    refused::text(script.text_of(statement)).map_err(|why| BindError::Unsupported(why.into()))?;
    let text = tree.to_string();
    let mut tree = tree.clone();
    let provider = context::Provider { session: context::session(), tables };
    let lowered = lower::lower(&mut tree, &text, dialect, &provider);
    let mut lowered = lowered.map_err(BindError::Unsupported)?;
    let sqlite = crate::sqlite::translate(&tree, null_order(dialect), &provider);
    let planned = |tree| SqlToRel::new_with_options(&provider, options(dialect)).sql_statement_to_plan(tree);
    let plan = match planned(tree.clone()) {
        Ok(plan) => plan,
        Err(error) => match lower::mend(&mut tree, &error.strip_backtrace(), &provider) {
            Some(assumption) => {
                lowered.assumptions.insert(assumption);
                // Where that does not help either, what was wrong at first says more.
                planned(tree).map_err(|_| unresolved(&error))?
            }
            None => return Err(unresolved(&error)),
        },
    };
    refused::defaults(&plan, dialect).map_err(|error| unresolved(&error))?;
    let plan = subqueries::move_out(plan).map_err(|error| unresolved(&error))?;
    lowered.assumptions.extend(refused::plan(&plan, dialect).map_err(|error| unresolved(&error))?);
    let growth = growth::of(&plan).map_err(|error| unresolved(&error))?;
    if growth > growth::MOST_GROWTH {
        return Err(BindError::TooLarge(growth));
    }
    let keyed = Keyed::of(&plan).map_err(|error| unresolved(&error))?;
    let traits = Traits::of(&plan).map_err(|error| unresolved(&error))?;
    Ok(Bound {
        dialect,
        schema: std::sync::Arc::clone(plan.schema().inner()),
        ordering: Ordering::of(&plan),
        keyed: keyed.map(Box::new),
        traits,
        assumptions: lowered.assumptions,
        approximates: lowered.approximates,
        sqlite,
        native: (dialect == Dialect::Sqlite).then(|| script.text_of(statement).to_owned()),
        plan,
    })
}

fn options(dialect: Dialect) -> ParserOptions {
    ParserOptions::new()
        .with_parse_float_as_decimal(true)
        .with_enable_ident_normalization(false)
        .with_map_string_types_to_utf8view(false)
        .with_collect_spans(true)
        .with_default_null_ordering(null_order(dialect))
}

/// DataFusion's message without its own prefixes, with the place that its diagnostic names.
fn unresolved(error: &DataFusionError) -> BindError {
    let position = error.diagnostic().and_then(|diagnostic| diagnostic.span).map(|span| Position {
        line: u32::try_from(span.start.line).unwrap_or(u32::MAX),
        column: u32::try_from(span.start.column).unwrap_or(u32::MAX),
    });
    let message = error.find_root().strip_backtrace();
    let message = ["Schema error: ", "Error during planning: ", "This feature is not implemented: "]
        .iter()
        .fold(message.as_str(), |text, prefix| text.strip_prefix(prefix).unwrap_or(text))
        .to_owned();
    BindError::Unresolved { message, position }
}
