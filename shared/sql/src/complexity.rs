//! How much there is to a query: a number by which lists can be sorted by what deserves attention.
//!
//! It counts what a reader has to keep in mind, and knows nothing of data or plans: a short query may be slow.

use std::collections::HashSet;

use serde::Serialize;
use sqlparser::ast::{BinaryOperator, CaseWhen, Distinct, Expr, JoinOperator, Query, Select, Statement};
use sqm_domain::Dialect;

use crate::catalog::Catalog;
use crate::guard::{self, GuardError};
use crate::ids::IdMap;
use crate::lint::Node;
use crate::lint::shape::{function_name, is_aggregate, is_comparison, is_distinct};
use crate::lint::walk::{Role, walk};
use crate::parse::Tree;
use crate::scope::{Scopes, resolve};

/// What a text was found to have, and the score that it amounts to.
///
/// The score is the sum of the parts, each with its weight. That a subquery costs one more for each one that it
/// stands in follows Cognitive Complexity (G. A. Campbell, SonarSource, 2018), which improves on McCabe's cyclomatic
/// number (1976) in that way; that functions count once however often they are called follows the vocabulary of
/// Halstead (1977), the number of different operators. That Halstead's counts can be taken of SQL is due to Vashistha
/// and Jain, *Measuring Query Complexity in SQLShare Workload*; of the formula that they fit to the queries of one
/// service nothing is used here. Which parts are counted, and their weights, are ours: nobody has measured them for
/// dialects as many as these.
///
/// | part | weight | why |
/// |---|---|---|
/// | `blocks` | 1 | each SELECT, and each statement that changes something, is read by itself |
/// | `joins` | 1 | one more relation, and how its rows meet the others |
/// | `outer_joins` | 1 more | rows without a partner |
/// | `subqueries` | 2, and 1 for each subquery that it stands in | the reader goes down and has to come back |
/// | `correlated` | 3 more | it cannot be read, nor run, by itself |
/// | `ctes` | 1 | a name to remember; it is read from top to bottom |
/// | `set_operations` | 2 | columns that meet by position |
/// | `windows` | 2 | a second order and grouping beside that of the rows |
/// | `aggregates` | 1 | |
/// | `predicates` | 1 | a comparison or test |
/// | `alternatives` | 1 | an OR, a path more |
/// | `branches` | 1, and 1 for each CASE around it | a WHEN, a path more |
/// | `distincts` | 1 | rows that are not there |
/// | `functions` | 1 | a name to know; each counts once |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Complexity {
    /// The sum.
    pub score: u32,
    /// SELECTs, and statements that are none.
    pub blocks: u32,
    /// Relations beyond the first of their FROM.
    pub joins: u32,
    /// Those of them that are outer joins.
    pub outer_joins: u32,
    /// Queries in brackets, in FROM or in expressions.
    pub subqueries: u32,
    /// Those of them that refer to a query around them.
    pub correlated: u32,
    /// The most subqueries within each other.
    pub depth: u32,
    /// Common table expressions.
    pub ctes: u32,
    /// UNION, INTERSECT and EXCEPT.
    pub set_operations: u32,
    /// Calls with OVER.
    pub windows: u32,
    /// Calls of aggregates.
    pub aggregates: u32,
    /// Comparisons and tests.
    pub predicates: u32,
    /// ORs.
    pub alternatives: u32,
    /// WHENs.
    pub branches: u32,
    /// DISTINCTs.
    pub distincts: u32,
    /// Different functions.
    pub functions: u32,
}

/// The complexity of a text; `None` where no statement of it can be read. The same for the same input, in the time
/// of its length.
///
/// # Errors
/// A text over the limits.
pub fn of(sql: &str, dialect: Dialect, catalog: &Catalog) -> Result<Option<Complexity>, GuardError> {
    guard::with_script(sql, dialect, |script| {
        let mut counted = Counted::default();
        let trees = script.statements.iter().filter_map(|statement| statement.tree.as_ref().ok());
        let mut is_read = false;
        for tree in trees {
            is_read = true;
            match tree {
                Tree::Sql(tree) => counted.statement(tree, &resolve(tree, dialect, catalog)),
                Tree::Command(_) => counted.add(|it| &mut it.blocks, 1),
            }
        }
        is_read.then_some(counted.found)
    })
}

#[derive(Default)]
struct Counted {
    found: Complexity,
    functions: HashSet<String>,
    /// How many subqueries a query stands in.
    depths: IdMap<usize, u32>,
    /// How many CASEs a CASE stands in, where it stands in any.
    nested: IdMap<usize, u32>,
}

fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

impl Counted {
    fn add(&mut self, part: impl FnOnce(&mut Complexity) -> &mut u32, weight: u32) {
        let part = part(&mut self.found);
        *part = part.saturating_add(1);
        self.found.score = self.found.score.saturating_add(weight);
    }

    fn statement(&mut self, tree: &Statement, scopes: &Scopes<'_>) {
        // Trees of different statements may lie at the same address, one after the other.
        self.depths.clear();
        self.nested.clear();
        walk(tree, &mut |node, site| match node {
            Node::Statement(Statement::Query(_)) => {}
            Node::Statement(_) => self.add(|it| &mut it.blocks, 1),
            Node::Query(query) => self.query(query, site.query, site.role, scopes),
            Node::SetOperation(_) => self.add(|it| &mut it.set_operations, 2),
            Node::Select(select) => self.select(select),
            Node::Relation(_) => {}
            Node::Join(join) => {
                self.add(|it| &mut it.joins, 1);
                let is_outer = matches!(
                    join.join_operator,
                    JoinOperator::Left(_)
                        | JoinOperator::LeftOuter(_)
                        | JoinOperator::Right(_)
                        | JoinOperator::RightOuter(_)
                        | JoinOperator::FullOuter(_)
                        | JoinOperator::OuterApply
                );
                if is_outer {
                    self.add(|it| &mut it.outer_joins, 1);
                }
            }
            Node::Expr(expr) => self.expr(expr, site.parent),
        });
    }

    fn query(&mut self, query: &Query, around: Option<&Query>, role: Role, scopes: &Scopes<'_>) {
        let depth = around.and_then(|query| self.depths.get(&address(query))).copied().unwrap_or_default();
        for _ in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.add(|it| &mut it.ctes, 1);
        }
        let is_subquery = matches!(role, Role::Derived | Role::Scalar | Role::In | Role::Exists);
        let depth = depth + u32::from(is_subquery);
        self.depths.insert(address(query), depth);
        self.found.depth = self.found.depth.max(depth);
        if !is_subquery {
            return;
        }
        self.add(|it| &mut it.subqueries, 1 + depth);
        let scope = crate::lint::shape::block(query).and_then(|select| scopes.of_select(select));
        if scope.is_some_and(|scope| scopes.scope(scope).correlated) {
            self.add(|it| &mut it.correlated, 3);
        }
    }

    fn select(&mut self, select: &Select) {
        self.add(|it| &mut it.blocks, 1);
        for _ in select.from.iter().skip(1) {
            self.add(|it| &mut it.joins, 1);
        }
        if let Some(Distinct::Distinct | Distinct::On(_)) = &select.distinct {
            self.add(|it| &mut it.distincts, 1);
        }
    }

    fn expr(&mut self, expr: &Expr, parent: Option<&Expr>) {
        match expr {
            Expr::BinaryOp { op: BinaryOperator::Or, .. } => self.add(|it| &mut it.alternatives, 1),
            Expr::BinaryOp { op, .. } if is_comparison(op) => self.add(|it| &mut it.predicates, 1),
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::InUnnest { .. }
            | Expr::Exists { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::RLike { .. } => self.add(|it| &mut it.predicates, 1),
            Expr::Case { conditions, .. } => self.case(expr, conditions, parent),
            Expr::Function(function) => {
                if self.functions.insert(function_name(function).to_lowercase()) {
                    self.add(|it| &mut it.functions, 1);
                }
                if is_distinct(function) {
                    self.add(|it| &mut it.distincts, 1);
                }
                if function.over.is_some() {
                    self.add(|it| &mut it.windows, 2);
                } else if is_aggregate(function) {
                    self.add(|it| &mut it.aggregates, 1);
                }
            }
            _ => {}
        }
        self.inherit(expr, parent);
    }

    fn case(&mut self, expr: &Expr, conditions: &[CaseWhen], parent: Option<&Expr>) {
        let around = parent.and_then(|parent| self.nested.get(&address(parent))).copied().unwrap_or_default();
        for _ in conditions {
            self.add(|it| &mut it.branches, 1 + around);
        }
        self.nested.insert(address(expr), around + 1);
    }

    /// Hands the number of CASEs around an expression on to those below it.
    fn inherit(&mut self, expr: &Expr, parent: Option<&Expr>) {
        if self.nested.is_empty() || matches!(expr, Expr::Case { .. }) {
            return;
        }
        if let Some(&around) = parent.and_then(|parent| self.nested.get(&address(parent))) {
            self.nested.insert(address(expr), around);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sql: &str) -> Complexity {
        of(sql, Dialect::Postgres, &Catalog::default()).unwrap().unwrap()
    }

    fn check(sql: &str, expected: u32) {
        assert_eq!(found(sql).score, expected, "{sql}: {:?}", found(sql));
    }

    #[test]
    fn each_part_has_its_weight() {
        check("SELECT a FROM t", 1);
        check("SELECT a FROM t WHERE a = 1 AND b IS NULL", 3);
        check("SELECT a FROM t WHERE a = 1 OR b = 2", 4);
        check("SELECT a FROM t, u JOIN v ON true", 3);
        check("SELECT a FROM t LEFT JOIN u ON t.a = u.a", 4);
        check("SELECT a FROM t UNION SELECT a FROM u", 4);
        check("WITH x AS (SELECT a FROM t) SELECT a FROM x", 3);
        check("SELECT DISTINCT a FROM t", 2);
        // A function, an aggregate; then the same function again, and a window.
        check("SELECT sum(a) FROM t", 3);
        check("SELECT sum(a), sum(b) FROM t", 4);
        check("SELECT sum(a) OVER (ORDER BY b) FROM t", 4);
        check("SELECT count(DISTINCT a) FROM t", 4);
        check("SELECT CASE WHEN a THEN 1 WHEN b THEN 2 END FROM t", 3);
        check("SELECT CASE WHEN a THEN (CASE WHEN b THEN 2 END) END FROM t", 4);
        check("UPDATE t SET a = 1 WHERE b = 2", 2);
        check("SELECT 1; SELECT 2", 2);
    }

    #[test]
    fn what_is_nested_or_correlated_costs_more() {
        let flat = "SELECT a FROM (SELECT a FROM t) x WHERE a IN (SELECT a FROM u)";
        let deep = "SELECT a FROM (SELECT a FROM t WHERE a IN (SELECT a FROM u)) x";
        assert_eq!((found(flat).subqueries, found(flat).depth), (2, 1));
        assert_eq!((found(deep).subqueries, found(deep).depth), (2, 2));
        assert_eq!(found(deep).score, found(flat).score + 1);
        let plain = found("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = u.b)");
        let correlated = found("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)");
        assert_eq!((plain.correlated, correlated.correlated), (0, 1));
        assert_eq!(correlated.score, plain.score + 3);
    }

    #[test]
    fn what_cannot_be_read_has_none() {
        let of = |sql: &str| of(sql, Dialect::Postgres, &Catalog::default());
        assert_eq!(of("this is no SQL"), Ok(None));
        assert_eq!(of("SELECT FROM WHERE; SELECT 1").unwrap().unwrap().score, 1);
        assert!(of(&" ".repeat(20_000_000)).is_err());
    }

    #[test]
    fn long_texts_take_the_time_of_their_length() {
        let start = std::time::Instant::now();
        let nested = format!("SELECT {}1{} FROM t", "CASE WHEN a THEN ".repeat(40), " END".repeat(40));
        let chain = format!("SELECT a FROM t WHERE {}", vec!["a = 1"; 20_000].join(" OR "));
        let deep = format!("{}SELECT a FROM t{}", "SELECT a FROM (".repeat(30), ") x".repeat(30));
        for sql in [nested, chain, deep] {
            let found = of(&sql, Dialect::Postgres, &Catalog::default()).unwrap();
            assert!(found.is_some_and(|found| found.score > 100));
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
