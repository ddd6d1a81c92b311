use sqlparser::ast::Expr;

use super::block::Block;
use super::conditions::Conditions;
use super::context::Context;
use super::correlated_aggregate::expand_wildcards;
use super::edit::Edits;
use super::expression;
use super::same;
use super::source::Operand;
use super::windowed;
use super::{Draft, Rewrite};

/// ## What it does
/// NOT EXISTS over one table becomes a LEFT JOIN of which only the rows without a match are kept.
///
/// ## Why
/// Engines that run NOT EXISTS row by row join by hash or by merge.
///
/// ## When it is the same
/// A row without a match comes once, filled up with NULLs, and every match has a value in a column that is
/// NOT NULL; so asking for NULL there keeps exactly the rows without a match.
///
/// ## Source
/// Kim, *On optimizing an SQL-like nested query* (TODS 1982); Ganski and Wong (SIGMOD 1987).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (number INT PRIMARY KEY, customer_id INT, amount INT);
/// CREATE TABLE note (customer_id INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id FROM customer c WHERE c.city = 'Bern' AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND s.amount > 3)
/// ```
/// ## Good
/// ```sql
/// SELECT c.id FROM customer c LEFT JOIN sale s ON s.customer_id = c.id AND s.amount > 3 WHERE c.city = 'Bern' AND s.number IS NULL
/// ```
///
/// ## Kept
/// No column of the table is never NULL.
/// ```sql
/// SELECT c.id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM note n WHERE n.customer_id = c.id)
/// ```
/// Matches would multiply the rows.
/// ```sql
/// SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id)
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "not-exists-to-left-join",
    title: "Join and keep the rows without a match",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.is_plain() && block.clauses.from.len() == 1 {
            for (at, operand) in cx.conjuncts(block).unwrap_or_default().iter().enumerate() {
                out.extend(rewrite(cx, id, block, at, operand));
            }
        }
    }
}

fn rewrite(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    at: usize,
    operand: &Operand<'_>,
) -> Option<Draft> {
    let (expr, tokens) = cx.source.open(operand.expr, &operand.tokens);
    let Expr::Exists { subquery, negated: true } = expr else { return None };
    let inner_id = cx.blocks.body(subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let sound = windowed::reads_one_table(cx, id, inner)
        && inner.is_bare()
        && !super::aggregate::selects_aggregate(inner)
        && !cx.source.has_comment(&tokens);
    if !sound {
        return None;
    }
    let relation = inner.relations.first()?;
    let table = relation.table?;
    let shown = (0..table.columns.len()).find(|&column| table.is_not_null(column))?;
    let clash = block.relations.iter().any(|other| other.name.eq_ignore_ascii_case(&relation.name));
    let ambiguous = cx.names(&block.clauses.scope).iter().any(|name| {
        let inside = inner.clauses.scope.contains(&name.tokens.start);
        !inside && !name.qualified && table.column(cx.text(&name.tokens).trim_matches(['"', '`'])).is_some()
    });
    if clash || ambiguous {
        return None;
    }
    let qualifier = cx.qualifier(inner, relation)?;
    let mut on = Vec::new();
    let mut ties = false;
    for condition in cx.conjuncts(inner)? {
        if expression::is_volatile(condition.expr) || expression::has_subquery(condition.expr) {
            return None;
        }
        ties |= cx.names(&condition.tokens).iter().any(|n| n.target.as_ref().is_some_and(|t| t.block == id));
        on.push(same::renamed(cx, &condition.tokens, |name, target| {
            (!name.qualified && target.block == inner_id)
                .then(|| format!("{qualifier}.{}", cx.text(&name.tokens)))
        })?);
    }
    if !ties
        || cx.conjuncts(inner)?.len() == 1
            && matches!(
                expression::bare(cx.conjuncts(inner)?[0].expr),
                Expr::BinaryOp { op: sqlparser::ast::BinaryOperator::Or, .. }
            )
    {
        return None;
    }
    let mut edits = Edits::default();
    expand_wildcards(cx, block, &mut edits)?;
    let mut changes = Conditions::default();
    changes.replace(at, format!("{qualifier}.{} {}", table.columns.get(shown)?.name, cx.word("is null")));
    changes.write(cx, block, &cx.conjuncts(block)?, &mut edits);
    edits.insert_after(
        cx.source,
        block.clauses.from.first()?.tokens.end - 1,
        format!(
            "{}{} {} {} {}",
            cx.join_break(block)?,
            cx.word("left join"),
            cx.flat(&cx.relation_tokens(inner, relation)?),
            cx.word("on"),
            on.join(&format!(" {} ", cx.word("and"))),
        ),
    );
    Some(Draft {
        edits,
        explanation: format!("`{}` is joined once instead of being asked for each row.", relation.name),
        conditions: vec![format!(
            "`{}.{}` is NOT NULL in every match",
            relation.name, table.columns[shown].name
        )],
        tokens,
    })
}
