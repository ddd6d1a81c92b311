use sqlparser::ast::Expr;

use super::aggregate;
use super::block::Block;
use super::context::{self, Context};
use super::edit::Edits;
use super::expression;
use super::{Draft, Rewrite};

/// ## What it does
/// A LEFT JOIN becomes an inner join where a condition drops the rows that it would fill up with NULLs.
///
/// ## Why
/// An inner join may start from either table, and conditions on both reach their tables first. And it
/// says what the query does.
///
/// ## When it is the same
/// A condition of WHERE, or of a later inner join, compares a column of the joined table in a way that is
/// never true of NULL.
///
/// ## Source
/// Galindo-Legaria and Rosenthal, *Outerjoin simplification and reordering* (TODS 1997).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT * FROM customer c LEFT OUTER JOIN sale s ON s.customer_id = c.id WHERE s.amount + 1 > 100
/// ```
/// ## Good
/// ```sql
/// SELECT * FROM customer c JOIN sale s ON s.customer_id = c.id WHERE s.amount + 1 > 100
/// ```
///
/// ## Kept
/// The condition is true of NULL.
/// ```sql
/// SELECT * FROM customer c LEFT JOIN sale s ON s.customer_id = c.id WHERE s.amount IS NULL
/// ```
/// One of two alternatives does not need the table.
/// ```sql
/// SELECT * FROM customer c LEFT JOIN sale s ON s.customer_id = c.id WHERE s.amount > 3 OR c.city = 'Bern'
/// ```
/// It is about the other table.
/// ```sql
/// SELECT * FROM customer c LEFT JOIN sale s ON s.customer_id = c.id AND s.amount > 3 WHERE c.city = 'Bern'
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "outer-to-inner",
    title: "Write an inner join where WHERE drops what LEFT JOIN adds",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        if block.unusual_joins {
            continue;
        }
        for relation in 0..block.relations.len() {
            out.extend(rewrite(cx, id, block, relation));
        }
    }
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>, index: usize) -> Option<Draft> {
    let relation = block.relations.get(index)?;
    let join = relation.join?;
    let joins = &block.select.from.get(relation.item)?.joins;
    if !context::is_left(&joins.get(join)?.join_operator) {
        return None;
    }
    let mut conditions = cx.conjuncts(block)?;
    for (later, other) in joins.iter().enumerate().skip(join + 1) {
        if context::is_inner(&other.join_operator) {
            conditions.extend(cx.on_conjuncts(block, relation.item, later)?);
        } else if !context::is_left(&other.join_operator) {
            return None;
        }
    }
    let refusing = conditions.iter().find(|operand| refuses_null(cx, id, index, operand.expr))?;
    let text = block.clauses.from.get(relation.item)?.joins.get(join)?;
    let words = text.tokens.start..text.keyword + 1;
    let mut edits = Edits::default();
    edits.replace(cx.source, &words, cx.word("join"));
    Some(Draft {
        edits,
        explanation: format!(
            "`{}` drops every row that the LEFT JOIN fills up with NULLs, so the join is an inner join in effect.",
            cx.flat(&refusing.tokens)
        ),
        conditions: vec![format!(
            "`{}` is never true where `{}` is NULL",
            cx.flat(&refusing.tokens),
            relation.name
        )],
        tokens: words,
    })
}

/// Whether a condition is not true where every column of the relation is NULL.
pub(super) fn refuses_null(cx: &Context<'_>, id: usize, relation: usize, expr: &Expr) -> bool {
    let strict = |expr: &Expr| passes_null(cx, id, relation, expr);
    match expression::bare(expr) {
        Expr::Between { expr, .. }
        | Expr::InList { expr, .. }
        | Expr::Like { expr, any: false, .. }
        | Expr::ILike { expr, any: false, .. }
        | Expr::IsNotNull(expr)
        | Expr::IsTrue(expr)
        | Expr::IsFalse(expr) => strict(expr),
        Expr::InSubquery { expr, negated: false, .. } | Expr::AnyOp { left: expr, .. } => strict(expr),
        other => match expression::comparison(other) {
            Some((left, _, right)) => strict(left) || strict(right),
            None => strict(other),
        },
    }
}

/// Whether an expression is NULL where every column of the relation is.
fn passes_null(cx: &Context<'_>, id: usize, relation: usize, expr: &Expr) -> bool {
    match expression::bare(expr) {
        column @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => {
            cx.target(column).is_some_and(|target| (target.block, target.relation) == (id, relation))
        }
        Expr::BinaryOp { left, op, right } if aggregate::is_arithmetic(op) => {
            passes_null(cx, id, relation, left) || passes_null(cx, id, relation, right)
        }
        Expr::Cast { expr, .. } | Expr::UnaryOp { expr, .. } | Expr::Extract { expr, .. } => {
            passes_null(cx, id, relation, expr)
        }
        _ => false,
    }
}
