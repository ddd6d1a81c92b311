//! How many relations a query reads once its common table expressions are written out, which is what
//! planning costs: thirty of them, each joining the one before with itself, are a billion.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ObjectName, Query, Statement, Visit, Visitor};

/// How large a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The relations, counted where they are read.
    pub relations: usize,
    /// How deep queries stand in each other.
    pub depth: usize,
}

/// The size of a statement.
pub fn size(statement: &Statement) -> Size {
    let mut counter = Counter::default();
    let _ = statement.visit(&mut counter);
    Size { relations: counter.outside, depth: counter.deepest }
}

#[derive(Default)]
struct Counter {
    /// One for each query that is open.
    open: Vec<Level>,
    /// What was read outside of any query.
    outside: usize,
    /// Most queries that were open at once.
    deepest: usize,
}

#[derive(Default)]
struct Level {
    relations: usize,
    /// The queries of its common table expressions by their address, which are yet to be visited.
    expected: BTreeMap<usize, String>,
    /// How many relations each of them reads.
    named: BTreeMap<String, usize>,
}

fn address(query: &Query) -> usize {
    std::ptr::from_ref(query) as usize
}

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        let expected = tables.map(|cte| (address(&cte.query), cte.alias.name.value.to_lowercase())).collect();
        self.open.push(Level { expected, ..Level::default() });
        self.deepest = self.deepest.max(self.open.len());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let relations = self.open.pop().map_or(0, |level| level.relations);
        match self.open.last_mut() {
            Some(around) => match around.expected.remove(&address(query)) {
                Some(name) => {
                    around.named.insert(name, relations);
                }
                None => around.relations = around.relations.saturating_add(relations),
            },
            None => self.outside = self.outside.saturating_add(relations),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        let named = match name.0.as_slice() {
            [part] => part.as_ident().map(|ident| ident.value.to_lowercase()),
            _ => None,
        };
        let meant = named.and_then(|name| self.open.iter().rev().find_map(|level| level.named.get(&name)));
        // A common table expression of constants alone is planned as well.
        let relations = meant.copied().map_or(1, |relations| relations.max(1));
        match self.open.last_mut() {
            Some(level) => level.relations = level.relations.saturating_add(relations),
            None => self.outside = self.outside.saturating_add(relations),
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn counted(sql: &str) -> usize {
        size(&Parser::parse_sql(&GenericDialect {}, sql).unwrap()[0]).relations
    }

    #[test]
    fn relations_count_where_they_are_read() {
        assert_eq!(counted("SELECT 1"), 0);
        assert_eq!(counted("SELECT * FROM a, b JOIN c ON true"), 3);
        assert_eq!(counted("SELECT * FROM a WHERE x IN (SELECT y FROM b) UNION SELECT 1 FROM c"), 3);
        assert_eq!(counted("WITH a AS (SELECT * FROM b, c) SELECT * FROM a, A AS again, s.a"), 5);
        assert_eq!(counted("WITH a AS (SELECT 1) SELECT * FROM a, a"), 2);
        assert_eq!(counted("SELECT * FROM (WITH a AS (SELECT * FROM b, c) SELECT * FROM a) AS d, a"), 3);
    }

    #[test]
    fn queries_stand_in_each_other() {
        let depth = |sql: &str| size(&Parser::parse_sql(&GenericDialect {}, sql).unwrap()[0]).depth;
        assert_eq!(depth("SELECT 1 UNION SELECT 2"), 1);
        assert_eq!(depth("SELECT * FROM (SELECT 1 WHERE EXISTS (SELECT 2)) a WHERE a IN (SELECT 3)"), 3);
    }

    #[test]
    fn doublings_are_counted_without_being_written_out() {
        let mut sql = "WITH a0 AS (SELECT * FROM t)".to_owned();
        for n in 1..100 {
            sql += &format!(", a{n} AS (SELECT * FROM a{m}, a{m} AS b)", m = n - 1);
        }
        assert_eq!(counted(&format!("{sql} SELECT * FROM a99")), usize::MAX);
    }
}
