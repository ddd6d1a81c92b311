//! SQM111 unused-join

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint, JoinOperator, SelectItem};

use crate::lint::known::{known, relation_of, sources};
use crate::lint::shape::{bare, column, conjuncts};
use crate::lint::walk::{constraint, walk_query};

use crate::lint::{Findings, Group, Meta, Node, On, Rule, RuleContext, Severity};

/// ## What it does
/// Finds a LEFT JOIN with a table of which nothing is used, and which matches at most one row.
///
/// ## Why
/// It neither adds nor drops a row; each row is looked up for nothing. Queries grow by copying, and joins stay long after
/// their columns have gone.
///
/// ## Bad
/// ```sql schema
/// CREATE TABLE customer (id INT PRIMARY KEY, name TEXT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
/// ```sql expects SQM111
/// SELECT s.id, s.amount FROM sale s LEFT JOIN customer c ON c.id = s.customer_id
/// ```
///
/// ## Good
/// ```sql expects none
/// SELECT s.id, c.name FROM sale s LEFT JOIN customer c ON c.id = s.customer_id
/// ```
///
/// ## Limits
/// Needs a catalog with keys, and qualified columns throughout.
pub struct UnusedJoin;

impl Rule for UnusedJoin {
    const META: Meta = Meta {
        code: "SQM111",
        name: "unused-join",
        group: Group::Performance,
        severity: Severity::Info,
        on: On::SELECT,
    };

    fn check(&self, cx: &RuleContext<'_>, out: &mut Findings) {
        let Node::Select(select) = cx.node else { return };
        let Some(query) = cx.site.query.filter(|_| !cx.catalog.is_empty()) else { return };
        let stars = select
            .projection
            .iter()
            .any(|item| !matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }));
        let outer =
            |operator: &JoinOperator| matches!(operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_));
        let has_outer =
            select.from.iter().flat_map(|from| &from.joins).any(|join| outer(&join.join_operator));
        if stars || !has_outer {
            return;
        }
        let sources = sources(cx, select);
        // How often each relation is named, and whether anything is named without a qualifier.
        let mut uses = vec![0_usize; sources.len()];
        let mut unsure = false;
        walk_query(query, cx.site, &mut |node, _| {
            if let Node::Expr(expr) = node
                && let Some(name) = column(expr)
            {
                match relation_of(&sources, &name) {
                    Some(relation) => uses[relation] += 1,
                    None => unsure |= name.qualifier.is_none(),
                }
            }
        });
        for join in select.from.iter().flat_map(|from| &from.joins).filter(|join| outer(&join.join_operator))
        {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else { continue };
            let Some(at) =
                sources.iter().position(|source| std::ptr::eq(source.factor, &raw const join.relation))
            else {
                continue;
            };
            let tests = conjuncts(condition);
            let [Expr::BinaryOp { left, op: BinaryOperator::Eq, right }] = &tests[..] else { continue };
            let by_key = [left, right].iter().any(|side| {
                column(bare(side))
                    .and_then(|name| known(&sources, &name))
                    .is_some_and(|known| known.source == at && known.is_unique())
            });
            if by_key && uses[at] == 1 && !unsure {
                let place = cx.places().of_relation(sources[at].factor);
                out.add(
                    place,
                    format!("nothing of {} is used, and the join adds and drops no row", sources[at].name),
                );
            }
        }
    }
}
