use std::collections::BTreeSet;

use super::block::{Block, Role};
use super::context::Context;
use super::correlated_aggregate::{self, Site, Ties, expand_wildcards, sites};
use super::edit::Edits;
use super::expression;
use super::same;
use super::source::Tokens;
use super::{Draft, Rewrite};

/// ## What it does
/// Subqueries that each look up a column of the same row of another table, by its key, become one LEFT JOIN.
///
/// ## Why
/// Each subquery is run for each row, and once more for each column that is looked up. A join finds all rows
/// at once, and each of them once.
///
/// ## When it is the same
/// The equalities fix a key of the table, so a row meets at most one other: the subquery never fails for two
/// rows, and the join adds none. Where there is none the subquery is NULL, and so is what LEFT JOIN fills up.
///
/// ## Source
/// Galindo-Legaria and Joshi, *Orthogonal optimization of subqueries and aggregation* (SIGMOD 2001), scalar
/// subqueries that give at most one row.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40), city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id,
///        (SELECT c.name FROM customer c WHERE c.id = s.customer_id) AS name,
///        (SELECT c.city FROM customer c WHERE c.id = s.customer_id) AS city
/// FROM sale s
/// WHERE s.amount > 3
/// ```
/// ## Good
/// ```sql
/// SELECT s.id,
///        c.name AS name,
///        c.city AS city
/// FROM sale s
/// LEFT JOIN customer c ON c.id = s.customer_id
/// WHERE s.amount > 3
/// ```
///
/// ## Bad
/// ```sql
/// select sale.id, (select city from customer where customer.id = customer_id and name <> '') from sale
/// ```
/// ## Good
/// ```sql
/// select sale.id, customer.city from sale left join customer on customer.id = customer_id and customer.name <> ''
/// ```
///
/// ## Kept
/// A customer may have several sales, and a subquery of two rows is an error.
/// ```sql
/// SELECT c.id, (SELECT s.amount FROM sale s WHERE s.customer_id = c.id) FROM customer c
/// ```
/// What is looked up is not NULL where there is no row.
/// ```sql
/// SELECT s.id, (SELECT COALESCE(c.city, '') FROM customer c WHERE c.id = s.customer_id) FROM sale s
/// ```
/// The name without a qualifier would mean either.
/// ```sql
/// SELECT id, (SELECT c.city FROM customer c WHERE c.id = s.customer_id) FROM sale s
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "lookup-to-join",
    title: "Join the row that subqueries look up",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (outer_id, outer) in cx.each() {
        if !outer.is_plain() || outer.clauses.from.is_empty() {
            continue;
        }
        let found: Vec<Lookup<'_>> =
            sites(cx, outer).iter().filter_map(|site| find(cx, outer_id, site)).collect();
        let mut done: Vec<&String> = Vec::new();
        for first in &found {
            if !done.contains(&&first.text) {
                done.push(&first.text);
                let alike: Vec<&Lookup<'_>> = found.iter().filter(|other| other.text == first.text).collect();
                out.extend(rewrite(cx, outer_id, outer, &alike));
            }
        }
    }
}

/// A subquery that gives a column of at most one row.
struct Lookup<'a> {
    inner_id: usize,
    inner: &'a Block<'a>,
    /// It, without its parentheses.
    subquery: Tokens,
    /// The column that it gives.
    value: Tokens,
    ties: Ties<'a>,
    /// The row that it looks up: what is the same of two of them leads to the same row.
    text: String,
}

fn find<'a>(cx: &Context<'a>, outer_id: usize, site: &Site<'a>) -> Option<Lookup<'a>> {
    let inner_id = cx.blocks.body(site.query)?;
    let inner = &cx.blocks.list[inner_id];
    let subquery = cx.subquery(inner)?;
    let [relation] = inner.relations.as_slice() else { return None };
    let table = relation.table?;
    let bare = inner.parent == Some(outer_id)
        && inner.role == Role::Expression
        && inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && inner.select.projection.len() == 1
        && !cx.source.has_comment(&subquery)
        && cx.is_resolved(&subquery);
    if !bare {
        return None;
    }
    let (value, tokens) = cx.item(inner, 0)?;
    cx.target(expression::bare(value)).filter(|target| target.block == inner_id)?;
    let ties = correlated_aggregate::ties(cx, inner_id, inner, outer_id)?;
    let mut fixed = BTreeSet::new();
    for key in &ties.keys {
        let target = cx.target(expression::bare(key.inner.expr))?;
        fixed.insert(table.column(&target.column)?);
    }
    table.keys().find(|key| key.iter().all(|&column| fixed.contains(&(column as usize))))?;
    let selection = inner.clauses.selection.as_ref()?;
    let own = |name: &super::block::Reference| {
        name.target.as_ref().is_some_and(|target| target.block == inner_id || target.block == outer_id)
    };
    if !cx.names(selection).iter().all(own) {
        return None;
    }
    let text = format!(
        "{} {}",
        cx.text(&cx.relation_tokens(inner, relation)?),
        same::canonical(cx, selection, |target| {
            let side = if target.block == inner_id { "in" } else { "out" };
            Some(format!("{side}.{}.{}", target.relation, target.column.to_lowercase()))
        })?
    );
    Some(Lookup { inner_id, inner, subquery, value: tokens, ties, text })
}

fn rewrite(cx: &Context<'_>, outer_id: usize, outer: &Block<'_>, found: &[&Lookup<'_>]) -> Option<Draft> {
    let first = found.first()?;
    let relation = first.inner.relations.first()?;
    let table = relation.table?;
    let inside = |at: usize| found.iter().any(|one| one.subquery.contains(&at));
    // Its name must mean no other relation, and no name without a qualifier must come to mean two columns.
    let is_named = cx.each().any(|(id, block)| {
        let others = id != first.inner_id && !found.iter().any(|one| one.inner_id == id);
        others && block.relations.iter().any(|other| other.name.eq_ignore_ascii_case(&relation.name))
    });
    let ambiguous = cx.names(&outer.clauses.scope).iter().any(|name| {
        !name.qualified && !inside(name.tokens.start) && has_column(table, cx.text(&name.tokens))
    });
    let outer_names = first.ties.keys.iter().flat_map(|key| cx.names(&key.outer.tokens));
    let hidden = outer_names.into_iter().any(|name| !name.qualified && has_column(table, cx.text(&name.tokens)));
    if is_named || ambiguous || hidden {
        return None;
    }
    let qualifier = cx.qualifier(first.inner, relation)?;
    let qualified = |tokens: &Tokens| {
        same::renamed(cx, tokens, |name, target| {
            (target.block == first.inner_id && !name.qualified)
                .then(|| format!("{qualifier}.{}", cx.text(&name.tokens)))
        })
    };
    let mut edits = Edits::default();
    for one in found {
        let column = same::column_text(cx, cx.names(&one.value).first()?);
        edits.replace(
            cx.source,
            &(one.subquery.start - 1..one.subquery.end + 1),
            format!("{qualifier}.{column}"),
        );
    }
    let mut holders = BTreeSet::new();
    for key in &first.ties.keys {
        for relation in cx.relations_in(&key.outer.tokens, outer_id)? {
            holders.insert(outer.relations.get(relation)?.item);
        }
    }
    let [holder] = holders.into_iter().collect::<Vec<_>>()[..] else { return None };
    let on: Vec<String> = cx
        .conjuncts(first.inner)?
        .iter()
        .map(|operand| {
            let or = matches!(operand.expr, sqlparser::ast::Expr::BinaryOp { op: sqlparser::ast::BinaryOperator::Or, .. });
            let text = qualified(&operand.tokens)?;
            Some(if or { format!("({text})") } else { text })
        })
        .collect::<Option<_>>()?;
    expand_wildcards(cx, outer, &mut edits)?;
    edits.insert_after(
        cx.source,
        outer.clauses.from.get(holder)?.tokens.end - 1,
        format!(
            "{}{} {} {} {}",
            cx.join_break(outer)?,
            cx.word("left join"),
            cx.flat(&cx.relation_tokens(first.inner, relation)?),
            cx.word("on"),
            on.join(&format!(" {} ", cx.word("and")))
        ),
    );
    Some(Draft {
        edits,
        explanation: format!(
            "`{}` is searched for each row and each column that is looked up. A join finds all rows at once.",
            relation.name
        ),
        conditions: vec![format!("the equalities fix a key of `{}`: at most one row matches", relation.name)],
        tokens: first.subquery.start - 1..first.subquery.end + 1,
    })
}

fn has_column(table: &crate::catalog::Table, written: &str) -> bool {
    table.column(written.trim_matches(['"', '`', '[', ']'])).is_some()
}
