//! What a text is before anybody looks at what it says: one query, with these outputs, that calls these
//! functions. For comparing a text of unknown origin with the one that it claims to be.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor};
use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::{self, GuardError};
use crate::lineage::{Options, named_columns};
use crate::parse::{Script, Tree};
use crate::read_only::is_harmless;

/// One query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The functions that it calls, in lower case, with the parts of their names joined by dots.
    pub functions: BTreeSet<String>,
}

/// Why a text is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuery {
    /// Too long, or the look at it broke off.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// None, or several.
    #[error("it holds {0} statements, and one is wanted")]
    NotOne(usize),
    /// It does not parse as it is written.
    #[error("it does not parse as it is written")]
    NotParsed,
    /// A statement of another kind.
    #[error("it is no query")]
    Other,
    /// A clause that does more than read.
    #[error("{0} does more than read")]
    Clause(&'static str),
}

/// The shape of a text.
///
/// # Errors
/// It is not exactly one query that reads.
pub fn of(sql: &str, dialect: Dialect) -> Result<Shape, NotAQuery> {
    guard::with_script(sql, dialect, of_script)?
}

fn of_script(script: &Script<'_>) -> Result<Shape, NotAQuery> {
    let [statement] = script.statements.as_slice() else {
        return Err(NotAQuery::NotOne(script.statements.len()));
    };
    if script.is_procedural || !statement.mends.is_empty() {
        return Err(NotAQuery::NotParsed);
    }
    let tree = match &statement.tree {
        Ok(Tree::Sql(tree)) => tree,
        Ok(Tree::Command(_)) => return Err(NotAQuery::Other),
        Err(_) => return Err(NotAQuery::NotParsed),
    };
    let mut walk = Walk::default();
    match tree.visit(&mut walk) {
        ControlFlow::Continue(()) => Ok(Shape { functions: walk.0 }),
        ControlFlow::Break(why) => Err(why),
    }
}

/// The names of the outputs of the only statement of a text, in order; `None` where they are not known.
pub fn outputs(sql: &str, dialect: Dialect, catalog: &Catalog) -> Option<Vec<String>> {
    named_columns(sql, dialect, catalog, &Options::default())?.outputs
}

/// Whether a function (its name as in [`Shape::functions`]) is known in some dialect and gives the same for the
/// same arguments, at any time.
pub fn is_steady(name: &str) -> bool {
    !OF_THE_MOMENT.contains(&name) && (is_harmless(name) || ELSEWHERE.contains(&name))
}

/// What depends on when it is asked.
const OF_THE_MOMENT: &[&str] = &[
    "age",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "now",
    "session_user",
    "statement_timestamp",
    "transaction_timestamp",
    "user",
];

/// Functions of other databases than PostgreSQL that compute and do nothing else.
const ELSEWHERE: &[&str] = &[
    "charindex",
    "countif",
    "date",
    "date_add",
    "date_diff",
    "date_format",
    "date_sub",
    "dateadd",
    "datediff",
    "datepart",
    "day",
    "decode",
    "eomonth",
    "greatest",
    "group_concat",
    "hour",
    "iff",
    "ifnull",
    "iif",
    "instr",
    "isnull",
    "json_extract",
    "json_value",
    "last_day",
    "least",
    "len",
    "listagg",
    "locate",
    "minute",
    "month",
    "nvl",
    "nvl2",
    "quarter",
    "regexp_like",
    "safe_divide",
    "second",
    "str_to_date",
    "strftime",
    "substr",
    "timestampdiff",
    "to_varchar",
    "trunc",
    "truncate",
    "try_cast",
    "unnest",
    "year",
    "zeroifnull",
];

#[derive(Default)]
struct Walk(BTreeSet<String>);

type Step = ControlFlow<NotAQuery>;

impl Walk {
    fn call(&mut self, name: &ObjectName) -> Step {
        let parts: Vec<String> = name.0.iter().map(|part| part.to_string().to_lowercase()).collect();
        self.0.insert(parts.join("."));
        ControlFlow::Continue(())
    }
}

impl Visitor for Walk {
    type Break = NotAQuery;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Step {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(NotAQuery::Other),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        if !query.locks.is_empty() {
            return ControlFlow::Break(NotAQuery::Clause("FOR UPDATE or FOR SHARE"));
        }
        if query.format_clause.is_some() || query.settings.is_some() || query.for_clause.is_some() {
            return ControlFlow::Break(NotAQuery::Clause("a clause of the database's own"));
        }
        match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                ControlFlow::Break(NotAQuery::Other)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        match select.into {
            Some(_) => ControlFlow::Break(NotAQuery::Clause("SELECT INTO")),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                self.call(name)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        match expr {
            Expr::Function(function) => self.call(&function.name),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_query_that_reads() {
        let of = |sql: &str| {
            of(sql, Dialect::Postgres).map(|shape| shape.functions.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(
            of("SELECT Upper(a), (SELECT max(b) FROM u) FROM pg_ls_dir('/') x"),
            Ok(vec!["max".to_owned(), "pg_ls_dir".to_owned(), "upper".to_owned()])
        );
        assert_eq!(of("SELECT 1; DROP TABLE t"), Err(NotAQuery::NotOne(2)));
        assert_eq!(of("DELETE FROM t"), Err(NotAQuery::Other));
        assert_eq!(of("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x"), Err(NotAQuery::Other));
        assert_eq!(of("SELECT a INTO u FROM t"), Err(NotAQuery::Clause("SELECT INTO")));
        assert_eq!(of("SELECT a FROM t FOR UPDATE"), Err(NotAQuery::Clause("FOR UPDATE or FOR SHARE")));
        assert_eq!(of("SELECT ((("), Err(NotAQuery::NotParsed));
        assert_eq!(of(""), Err(NotAQuery::NotOne(0)));
    }

    #[test]
    fn functions_that_are_steady() {
        assert!(is_steady("coalesce") && is_steady("ifnull"));
        for other in ["random", "now", "pg_sleep", "dblink", "secret.f", "nextval"] {
            assert!(!is_steady(other), "{other}");
        }
    }
}
