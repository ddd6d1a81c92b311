use sqlparser::ast::TableFactor;
use sqm_domain::Dialect;

use super::block::Role;
use super::context::Context;
use super::edit::Edits;
use super::same;
use super::source::Tokens;
use super::{Draft, Rewrite};

/// ## What it does
/// A derived table that stands in the statement twice becomes a common table expression.
///
/// ## Why
/// Each copy is computed by itself, as no engine looks for equal subqueries; a CTE that is read twice is
/// kept and computed once in PostgreSQL, Oracle, BigQuery and others. And it is read once by people.
///
/// ## When it is the same
/// The copies say the same word for word, name nothing of the query around them, and call no function
/// whose value differs from call to call.
///
/// ## Source
/// TPC-DS query 2; Zhou et al., *Efficient exploitation of similar subexpressions for query processing*
/// (SIGMOD 2007).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (id INT PRIMARY KEY, shop INT, week INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT a.shop, a.total, b.total AS earlier
/// FROM (SELECT shop, week, SUM(amount) AS total FROM sale GROUP BY shop, week) a
/// JOIN (SELECT shop, week, SUM(amount) AS total FROM sale GROUP BY shop, week) b ON b.shop = a.shop
/// WHERE a.week = b.week + 1
/// ```
/// ## Good
/// ```sql
/// WITH a_rows AS (SELECT shop, week, SUM(amount) AS total FROM sale GROUP BY shop, week)
/// SELECT a.shop, a.total, b.total AS earlier
/// FROM a_rows a
/// JOIN a_rows b ON b.shop = a.shop
/// WHERE a.week = b.week + 1
/// ```
///
/// ## Kept
/// They differ.
/// ```sql
/// SELECT a.shop FROM (SELECT shop, MAX(week) AS w FROM sale GROUP BY shop) a JOIN (SELECT shop, MIN(week) AS w FROM sale GROUP BY shop) b ON b.shop = a.shop
/// ```
/// Nothing is computed: a table is read twice either way.
/// ```sql
/// SELECT a.shop FROM (SELECT shop FROM sale) a JOIN (SELECT shop FROM sale) b ON b.shop = a.shop
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "share-derived-table",
    title: "Compute a repeated derived table once",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    let mut known: Vec<(String, Vec<Tokens>, String)> = Vec::new();
    for (id, block) in cx.each() {
        for relation in &block.relations {
            let TableFactor::Derived { subquery, lateral: false, .. } = relation.factor else { continue };
            let Some(inner_id) = cx.blocks.body(subquery) else { continue };
            let inner = &cx.blocks.list[inner_id];
            let Some(tokens) = cx.subquery(inner) else { continue };
            let own = cx
                .names(&tokens)
                .iter()
                .all(|name| name.target.as_ref().is_some_and(|t| cx.blocks.is_inside(t.block, inner_id)));
            let computes = inner.relations.len() > 1
                || inner.group_by().is_none_or(|groups| !groups.is_empty())
                || super::aggregate::selects_aggregate(inner);
            if !own
                || !computes
                || inner.role != Role::Derived
                || super::expression::any_volatile(cx, &tokens)
            {
                continue;
            }
            let Some(text) = same::canonical(cx, &tokens, |target| {
                Some(same::in_block(inner_id, target.block >= id, target))
            }) else {
                continue;
            };
            match known.iter_mut().find(|(other, ..)| *other == text) {
                Some((_, places, _)) => places.push(tokens),
                None => known.push((text, vec![tokens], relation.name.clone())),
            }
        }
    }
    for (_, places, name) in known.iter().filter(|(_, places, _)| places.len() > 1) {
        cx.forget_names();
        out.extend(rewrite(cx, places, name));
    }
}

fn rewrite(cx: &Context<'_>, places: &[Tokens], name: &str) -> Option<Draft> {
    let query = cx.query?;
    let hides_ctes =
        query.with.is_some() || cx.each().any(|(_, block)| block.query.is_some_and(|q| q.with.is_some()));
    if hides_ctes || matches!(cx.dialect, Dialect::Drill) {
        return None;
    }
    let first = places.first()?;
    let start = cx.blocks.list.first()?.clauses.select.start;
    if start != 0 {
        return None; // In parentheses, WITH would reach no further than these.
    }
    let name = cx.fresh(&format!("{name}_rows"));
    let mut edits = Edits::default();
    let body = cx.text(&(first.start - 1..first.end + 1));
    let line = if cx.source.text.contains('\n') { "\n" } else { " " };
    edits.insert_before(
        cx.source,
        start,
        format!("{} {name} {} {body}{line}", cx.word("with"), cx.word("as")),
    );
    for tokens in places {
        edits.replace(cx.source, &(tokens.start - 1..tokens.end + 1), name.clone());
    }
    Some(Draft {
        edits,
        explanation: format!(
            "{} derived tables are the same. A common table expression is computed once.",
            places.len()
        ),
        conditions: vec!["they say the same word for word and name nothing around them".to_owned()],
        tokens: first.clone(),
    })
}
