use std::collections::BTreeSet;

use sqlparser::ast::{DuplicateTreatment, Expr, FunctionArguments, SelectItem};

use super::aggregate::{self, Aggregate};
use super::block::Block;
use super::conditions::Conditions;
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::source::Tokens;
use super::windowed;
use super::{Draft, Rewrite, types};

/// ## What it does
/// Rows are aggregated by the key of the join before they are joined, where they were joined first and
/// grouped afterwards.
///
/// ## Why
/// Each row of the large table is joined only to be added up; aggregated first, as many rows are joined
/// as there are keys.
///
/// ## When it is the same
/// Two tables are joined by equalities on a key of the one, all aggregates are over the other, and the
/// groups are the rows of the one: its key is among the columns grouped by. So each row of the one meets
/// one sum, and the grouping goes. With a LEFT JOIN, a row without a match has the count 0, or 1 for
/// `COUNT(*)`, which counts the row that is made up; all else is NULL.
///
/// ## Source
/// Yan and Larson, *Eager aggregation and lazy aggregation* (VLDB 1995).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40), city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount DECIMAL(12, 2), state VARCHAR(10));
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id, c.name, SUM(s.amount) AS total, COUNT(*)
/// FROM customer c
/// JOIN sale s ON s.customer_id = c.id
/// WHERE s.state = 'paid'
///   AND c.city = 'Bern'
/// GROUP BY c.id, c.name
/// HAVING SUM(s.amount) > 100
/// ORDER BY total
/// ```
/// ## Good
/// ```sql
/// SELECT c.id, c.name, s.sum_amount AS total, s.row_count
/// FROM customer c
/// JOIN (
///     SELECT s.customer_id, SUM(s.amount) AS sum_amount, COUNT(*) AS row_count
///     FROM sale s
///     WHERE s.state = 'paid'
///     GROUP BY s.customer_id
/// ) AS s ON s.customer_id = c.id
/// WHERE c.city = 'Bern'
///   AND s.sum_amount > 100
/// ORDER BY total
/// ```
///
/// ## Bad
/// ```sql
/// select c.id, count(s.id) as n from customer c left join sale s on s.customer_id = c.id group by c.id
/// ```
/// ## Good
/// ```sql
/// select c.id, coalesce(s.count_id, 0) as n from customer c left join (select s.customer_id, count(s.id) as count_id from sale s group by s.customer_id) as s on s.customer_id = c.id
/// ```
///
/// ## Kept
/// Several customers make one group.
/// ```sql
/// SELECT c.city, SUM(s.amount) FROM customer c JOIN sale s ON s.customer_id = c.id GROUP BY c.city
/// ```
/// The aggregate is over both tables.
/// ```sql
/// SELECT c.id, SUM(s.amount * c.id) FROM customer c JOIN sale s ON s.customer_id = c.id GROUP BY c.id
/// ```
/// A condition ties a sale to more than the key.
/// ```sql
/// SELECT c.id, SUM(s.amount) FROM customer c JOIN sale s ON s.customer_id = c.id AND s.state <> c.city GROUP BY c.id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "eager-aggregation",
    title: "Aggregate before the join",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        let sound = block.is_plain()
            && block.relations.len() == 2
            && block.select.distinct.is_none()
            && block.select.from.len() == 1;
        if sound {
            cx.forget_names();
            out.extend((0..2).find_map(|many| rewrite(cx, id, block, 1 - many, many)));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, one: usize, many: usize) -> Option<Draft> {
    let (own, other) = (block.relations.get(one)?, block.relations.get(many)?);
    let (table, facts) = (own.table?, other.table?);
    let join = &block.select.from.first()?.joins.first()?.join_operator;
    let left = context::is_left(join);
    if left && many != 1 || !left && !context::is_inner(join) {
        return None;
    }
    let groups = block.group_by().filter(|groups| !groups.is_empty())?;
    let of_one = |expr: &Expr| determined::column(cx, id, expr).filter(|column| column.0 == one).map(|c| c.1);
    let grouped: BTreeSet<usize> = groups.iter().map(of_one).collect::<Option<_>>()?;

    // The conditions: what ties the two, what asks of either alone.
    let on = cx.on_conjuncts(block, 0, 0)?;
    let conjuncts = cx.conjuncts(block)?;
    let mut keys: Vec<(usize, Tokens)> = Vec::new();
    let mut local: Vec<Tokens> = Vec::new();
    let mut changes = Conditions::default();
    let mut added = Vec::new();
    let all = on.iter().map(|operand| (operand, None));
    for (operand, at) in all.chain(conjuncts.iter().enumerate().map(|(at, operand)| (operand, Some(at)))) {
        if expression::is_volatile(operand.expr) || expression::has_subquery(operand.expr) {
            return None;
        }
        let relations = cx.relations_in(&operand.tokens, id)?;
        match relations.into_iter().collect::<Vec<_>>().as_slice() {
            [only] if *only == many && (!left || at.is_none()) => {
                local.push(operand.tokens.clone());
                if let Some(at) = at {
                    changes.remove(at);
                }
            }
            [only] if *only == one && (!left || at.is_some()) => {
                if at.is_none() {
                    added.push(cx.flat(&operand.tokens));
                }
            }
            [_, _] if at.is_none() || !left => {
                let (left_side, right_side) = determined::equality(operand.expr)?;
                let (_, inner) = cx.source.open(operand.expr, &operand.tokens);
                let (left_tokens, right_tokens) = cx.source.sides(&inner)?;
                let (a, b) =
                    (determined::column(cx, id, left_side)?, determined::column(cx, id, right_side)?);
                let (key, fact, tokens) = if a.0 == one { (a, b, right_tokens) } else { (b, a, left_tokens) };
                let data_type = |table: &crate::catalog::Table, column: usize| {
                    table.columns.get(column).and_then(|column| column.data_type.clone())
                };
                if !types::agree(&data_type(table, key.1)?, &data_type(facts, fact.1)?) {
                    return None;
                }
                keys.push((key.1, tokens));
            }
            _ => return None,
        }
    }
    // Each group is one row of the one table.
    let is_key = |columns: &BTreeSet<usize>| {
        table.keys().any(|key| {
            key.iter()
                .all(|&column| columns.contains(&(column as usize)) && table.is_not_null(column as usize))
        })
    };
    if keys.is_empty() || !is_key(&grouped) {
        return None;
    }

    let qualifier = cx.qualifier(block, other)?;
    let mut aggregates: Vec<(Aggregate<'_>, String)> = Vec::new();
    let mut selected: Vec<Tokens> = Vec::new();
    for (index, item) in block.select.projection.iter().enumerate() {
        let (SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }) = item else { return None };
        selected.push(cx.item(block, index)?.1);
        let (expr, _) = cx.item(block, index)?;
        collect(cx, id, many, expr, &mut aggregates)?;
    }
    if let Some(having) = &block.select.having {
        collect(cx, id, many, having, &mut aggregates)?;
    }
    if let Some(order) = block.query.and_then(|query| query.order_by.as_ref())
        && let sqlparser::ast::OrderByKind::Expressions(list) = &order.kind
    {
        for order in list {
            collect(cx, id, many, &order.expr, &mut aggregates)?;
        }
    }
    if aggregates.is_empty() {
        return None;
    }

    let mut edits = Edits::default();
    let mut items: Vec<(String, String)> = Vec::new();
    let mut replaced: Vec<(Tokens, String)> = Vec::new();
    for (found, text) in &aggregates {
        let name = match items.iter().find(|(known, _)| known == text) {
            Some((_, name)) => name.clone(),
            None => {
                let name = cx.fresh(&found.column_name());
                items.push((text.clone(), name.clone()));
                name
            }
        };
        let value = if left && found.counts {
            let nothing = if counts_rows(found) { 1 } else { 0 };
            format!("{}({qualifier}.{name}, {nothing})", cx.word("coalesce"))
        } else {
            format!("{qualifier}.{name}")
        };
        replaced.push((found.tokens.clone(), value));
    }
    let key_texts: Vec<String> = keys.iter().map(|(_, tokens)| cx.flat(tokens)).collect();
    let mut lines = vec![
        format!(
            "{} {}, {}",
            cx.word("select"),
            key_texts.join(", "),
            items
                .iter()
                .map(|(text, name)| format!("{text} {} {name}", cx.word("as")))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        format!("{} {}", cx.word("from"), cx.flat(&cx.relation_tokens(block, other)?)),
    ];
    let conditions: Vec<String> = local.iter().map(|tokens| cx.flat(tokens)).collect();
    lines.extend(cx.where_lines(&conditions));
    lines.push(format!("{} {}", cx.word("group by"), key_texts.join(", ")));
    let from = block.clauses.from.first()?;
    let place = cx.relation_tokens(block, other)?;
    let start = from.joins.first()?.tokens.start;
    let text = windowed::block_text(
        cx,
        block,
        if cx.source.indent(place.start).0 { place.start } else { start },
        &lines,
    );
    edits.replace(cx.source, &place, format!("{text} {}{qualifier}", cx.alias_word()));
    // What the join asks of one side alone stands inside or in WHERE now.
    let ties: Vec<String> = on
        .iter()
        .filter(|operand| cx.relations_in(&operand.tokens, id).is_some_and(|r| r.len() == 2))
        .map(|operand| cx.text(&operand.tokens).to_owned())
        .collect();
    if !on.is_empty() && ties.len() < on.len() {
        let tokens = from.joins.first()?.on.clone().filter(|_| !ties.is_empty())?;
        edits.replace(cx.source, &tokens, ties.join(&format!(" {} ", cx.word("and"))));
    }
    let written = |tokens: &Tokens| {
        let mut inner = Edits::default();
        replaced
            .iter()
            .filter(|(place, _)| place.start >= tokens.start && place.end <= tokens.end)
            .for_each(|(place, text)| inner.replace(cx.source, place, text.clone()));
        inner.within(cx.source, tokens)
    };
    added.into_iter().for_each(|text| changes.add(text));
    if let Some(having) = &block.clauses.having {
        changes.add(super::source::flattened(&written(having)?));
        edits.remove(cx.source, &(having.start - 1..having.end));
    }
    let group = block.clauses.group_by.first()?.start - 2..block.clauses.group_by.last()?.end;
    edits.remove(cx.source, &group);
    for (place, text) in &replaced {
        let inside = |tokens: &Tokens| place.start >= tokens.start && place.end <= tokens.end;
        if selected.iter().any(inside) || inside(&block.clauses.tail) {
            edits.replace(cx.source, place, text.clone());
        }
    }
    changes.write(cx, block, &conjuncts, &mut edits);
    Some(Draft {
        edits,
        explanation: format!(
            "`{}` is added up for each `{}` first, so that as many rows are joined as there are of those.",
            other.name,
            key_texts.join(", ")
        ),
        conditions: vec![
            format!("each group is one row of `{}`, whose key is grouped by", own.name),
            format!("all aggregates are over `{}` alone", other.name),
        ],
        tokens: block.clauses.group_by.first()?.start..group.end,
    })
}

/// Finds the aggregates of an expression. `None` where one is not over this relation alone, or the
/// relation is named outside of them.
fn collect<'a>(
    cx: &Context<'_>,
    id: usize,
    many: usize,
    expr: &'a Expr,
    found: &mut Vec<(Aggregate<'a>, String)>,
) -> Option<()> {
    let mut todo = vec![expr];
    while let Some(node) = todo.pop() {
        if aggregate::is_aggregate(node) {
            let read = aggregate::read(cx, node)?;
            let FunctionArguments::List(list) = &read.function.args else { return None };
            let own = cx.relations_in(&read.tokens, id)?.into_iter().all(|relation| relation == many);
            if !own || list.duplicate_treatment == Some(DuplicateTreatment::Distinct) && list.args.len() > 1 {
                return None;
            }
            let text = cx.flat(&read.tokens);
            found.push((read, text));
            continue;
        }
        if determined::is_window(node) {
            return None;
        }
        if expression::column(node).is_some() {
            // A name that is not resolved is an alias of the SELECT list.
            if cx.target(node).is_some_and(|t| t.block != id || t.relation == many) {
                return None;
            }
            continue;
        }
        for part in expression::parts(node) {
            match part {
                expression::Part::Expr(inner) => todo.push(inner),
                expression::Part::Query(_) => return None,
            }
        }
    }
    Some(())
}

/// Whether it counts rows, and not the values of an expression.
fn counts_rows(found: &Aggregate<'_>) -> bool {
    found.argument().is_none_or(|arg| expression::is_literal(arg) && !expression::is_null(arg))
}
