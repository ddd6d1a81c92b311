use sqlparser::ast::{BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::aggregate;
use super::block::Role;
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression;
use super::predicate::{self, Predicate};
use super::{Draft, Rewrite};

/// ## What it does
/// A subquery that counts rows only to see whether there are any becomes EXISTS or NOT EXISTS.
///
/// ## Why
/// A count has to read every matching row; EXISTS stops at the first one, and optimizers know it as a
/// semi-join.
///
/// ## When it is the same
/// COUNT is never NULL, and is above 0 exactly if a row is counted: `> 0`, `>= 1`, `<> 0` ask for one,
/// `= 0`, `< 1`, `<= 0` for none. COUNT of an expression counts the rows where it is not NULL, which
/// becomes a condition unless the catalog says so already. The subquery has neither GROUP BY nor LIMIT.
///
/// ## Source
/// Galindo-Legaria and Joshi, *Orthogonal optimization of subqueries and aggregation* (SIGMOD 2001).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, voucher INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM customer c
/// WHERE (SELECT COUNT(*) FROM sale s WHERE s.customer_id = c.id) > 0
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM customer c
/// WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id)
/// ```
///
/// ## Bad
/// ```sql bigquery
/// select id from customer c where 1 > (select count(s.voucher) from sale s where s.customer_id = c.id or s.id = 7)
/// ```
/// ## Good
/// ```sql bigquery
/// select id from customer c where not exists (select 1 from sale s where (s.customer_id = c.id or s.id = 7) and s.voucher is not null)
/// ```
///
/// ## Bad
/// ```sql snowflake
/// SELECT CASE WHEN (SELECT COUNT(id) FROM sale) = 0 THEN 'none' ELSE 'some' END
/// ```
/// ## Good
/// ```sql snowflake
/// SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM sale) THEN 'none' ELSE 'some' END
/// ```
///
/// ## Kept
/// The number matters.
/// ```sql
/// SELECT id FROM customer c WHERE (SELECT COUNT(*) FROM sale s WHERE s.customer_id = c.id) > 1
/// ```
/// Without groups there is no row, and a comparison with no row is NULL.
/// ```sql
/// SELECT id FROM customer c WHERE (SELECT COUNT(*) FROM sale s WHERE s.customer_id = c.id GROUP BY s.voucher) = 0
/// ```
/// A sum may be 0 or NULL over rows.
/// ```sql
/// SELECT id FROM customer c WHERE (SELECT SUM(voucher) FROM sale s WHERE s.customer_id = c.id) > 0
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "count-to-exists",
    title: "Ask whether there is a row instead of counting them",
    combines: true,
    merges: true,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (_, block) in cx.each() {
        for found in predicate::predicates(cx, block) {
            out.extend(rewrite(cx, &found));
        }
    }
}

fn rewrite(cx: &Context<'_>, found: &Predicate<'_>) -> Option<Draft> {
    let (left, op, right) = expression::comparison(found.expr)?;
    let (query, op, number) = match (expression::bare(left), expression::bare(right)) {
        (Expr::Subquery(query), number) => (query, op.clone(), expression::integer(number)?),
        (number, Expr::Subquery(query)) => (query, expression::mirrored(op)?, expression::integer(number)?),
        _ => return None,
    };
    let exists = match (op, number) {
        (BinaryOperator::Gt | BinaryOperator::NotEq, 0) | (BinaryOperator::GtEq, 1) => true,
        (BinaryOperator::Eq | BinaryOperator::LtEq, 0) | (BinaryOperator::Lt, 1) => false,
        _ => return None,
    };
    let inner = cx.blocks.list.get(cx.blocks.body(query)?)?;
    let subquery = cx.subquery(inner)?;
    let bare = inner.role == Role::Expression
        && inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && inner.select.projection.len() == 1
        && !inner.clauses.from.is_empty();
    if !bare {
        return None;
    }
    let (value, _) = cx.item(inner, 0)?;
    let count = aggregate::read(cx, expression::bare(value)).filter(|aggregate| aggregate.counts)?;
    let FunctionArguments::List(list) = &count.function.args else { return None };
    let [FunctionArg::Unnamed(argument)] = list.args.as_slice() else { return None };
    let mut edits = Edits::default();
    let mut conditions = vec!["COUNT is never NULL, and above 0 exactly if a row is counted".to_owned()];
    if let FunctionArgExpr::Expr(expr) = argument
        && (!expression::is_literal(expr) || expression::is_null(expr))
    {
        let never_null = cx.target(expr).is_some_and(|target| cx.blocks.is_not_null(target));
        let inside = count.tokens.start + 2..count.tokens.end - 1;
        let start = inside.start + usize::from(cx.source.is_any(inside.start, &["DISTINCT", "ALL"]));
        let text = cx.flat(&(start..inside.end));
        if never_null {
            conditions.push(format!("`{text}` is NOT NULL"));
        } else {
            let plain =
                expression::column(expr).is_some() || matches!(expr, Expr::Function(_) | Expr::Nested(_));
            let text = if plain { text } else { format!("({text})") };
            let mut added = Conditions::default();
            added.add(format!("{text} {}", cx.word("is not null")));
            added.write(cx, inner, &cx.conjuncts(inner)?, &mut edits);
            conditions.push(format!("only rows where `{text}` is not NULL are counted"));
        }
    }
    edits.replace(cx.source, inner.clauses.projection.first()?, "1");
    let body = edits.within(cx.source, &(subquery.start - 1..subquery.end + 1))?;
    let word = cx.word(if exists { "exists" } else { "not exists" });
    let mut whole = Edits::default();
    whole.replace(cx.source, &found.tokens, format!("{word} {body}"));
    Some(Draft {
        edits: whole,
        explanation:
            "The subquery counts all matching rows, yet the query only asks whether there is one. EXISTS \
                      stops at the first."
                .to_owned(),
        conditions,
        tokens: found.tokens.clone(),
    })
}
