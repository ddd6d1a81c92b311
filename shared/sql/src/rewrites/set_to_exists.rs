use sqlparser::ast::{SetOperator, SetQuantifier};

use super::block::{Block, Set};
use super::context::Context;
use super::determined;
use super::edit::Edits;
use super::expression;
use super::{Draft, Rewrite};

/// ## What it does
/// EXCEPT and INTERSECT of two SELECTs become one SELECT that asks with NOT EXISTS or EXISTS.
///
/// ## Why
/// A set operation makes, sorts or hashes all rows of both sides. A semi-join or anti-join reads the
/// second side by an index, and the first may have one for its conditions.
///
/// ## When it is the same
/// Set operations hold two NULLs for equal and `=` does not, so each pair of columns must be NOT NULL on at
/// least one side. What comes out has no copies: DISTINCT sees to that unless a key is selected.
///
/// ## Source
/// Paulley and Larson, *Exploiting uniqueness in query optimization* (ICDE 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city INT NOT NULL, boss INT);
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id FROM customer WHERE city = 3 EXCEPT SELECT customer_id FROM sale WHERE amount > 5
/// ```
/// ## Good
/// ```sql
/// SELECT id FROM customer WHERE city = 3 AND NOT EXISTS (SELECT 1 FROM sale WHERE amount > 5 AND customer_id = customer.id)
/// ```
///
/// ## Bad
/// ```sql
/// select c.city from customer c intersect select s.amount from sale s order by 1
/// ```
/// ## Good
/// ```sql
/// select distinct c.city from customer c where exists (select 1 from sale s where s.amount = c.city) order by 1
/// ```
///
/// ## Kept
/// Both may be NULL, and a set operation holds that for equal.
/// ```sql
/// SELECT boss FROM customer EXCEPT SELECT customer_id FROM sale
/// ```
/// ALL counts copies.
/// ```sql
/// SELECT city FROM customer EXCEPT ALL SELECT customer_id FROM sale
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "set-operation-to-exists",
    title: "Ask with EXISTS instead of a set operation",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for set in &cx.blocks.sets {
        out.extend(rewrite(cx, set));
    }
}

fn rewrite(cx: &Context<'_>, set: &Set<'_>) -> Option<Draft> {
    let word = match set.operator {
        SetOperator::Except | SetOperator::Minus => "not exists",
        SetOperator::Intersect => "exists",
        SetOperator::Union => return None,
    };
    let [one, two] = set.arms.as_slice() else { return None };
    let (first, second) = (cx.blocks.list.get(*one)?, cx.blocks.list.get(*two)?);
    let plain = |block: &Block<'_>| {
        block.is_plain()
            && matches!(block.group_by(), Some([]))
            && block.select.having.is_none()
            && !block.clauses.from.is_empty()
            && !super::aggregate::selects_aggregate(block)
            && !matches!(block.select.distinct, Some(sqlparser::ast::Distinct::On(_)))
            && !cx.source.has_comment(&block.clauses.select)
    };
    let sound = matches!(set.quantifier, SetQuantifier::None | SetQuantifier::Distinct)
        && plain(first)
        && plain(second)
        && first.select.projection.len() == second.select.projection.len()
        && second
            .relations
            .iter()
            .all(|r| !first.relations.iter().any(|o| o.name.eq_ignore_ascii_case(&r.name)));
    if !sound {
        return None;
    }
    let mut ties = Vec::new();
    for index in 0..first.select.projection.len() {
        let ((left, left_tokens), (right, right_tokens)) = (cx.item(first, index)?, cx.item(second, index)?);
        let (a, b) = (cx.target(expression::bare(left))?, cx.target(expression::bare(right))?);
        if !cx.blocks.is_not_null(a) && !cx.blocks.is_not_null(b) {
            return None;
        }
        let qualified = if cx.names(&left_tokens).first()?.qualified {
            cx.flat(&left_tokens)
        } else {
            let relation = first.relations.get(a.relation)?;
            format!("{}.{}", cx.qualifier(first, relation)?, cx.flat(&left_tokens))
        };
        ties.push(format!("{} = {qualified}", cx.flat(&right_tokens)));
    }
    let mut lines = vec![cx.word("select 1")];
    let from = second.clauses.from.first()?.tokens.start..second.clauses.from.last()?.tokens.end;
    lines.push(format!("{} {}", cx.word("from"), cx.flat(&from)));
    let mut asked = Vec::new();
    for operand in cx.conjuncts(second)? {
        let or = matches!(
            operand.expr,
            sqlparser::ast::Expr::BinaryOp { op: sqlparser::ast::BinaryOperator::Or, .. }
        );
        let text = cx.flat(&operand.tokens);
        asked.push(if or { format!("({text})") } else { text });
    }
    asked.extend(ties);
    lines.extend(cx.where_lines(&asked));
    let mut edits = Edits::default();
    let mut conditions = super::conditions::Conditions::default();
    conditions.add(format!("{} {}", cx.word(word), cx.in_parentheses(first, &lines)));
    conditions.write(cx, first, &cx.conjuncts(first)?, &mut edits);
    edits.remove(cx.source, &(first.clauses.scope.end..second.clauses.select.end));
    let keys = determined::one_row(cx, *one, first, determined::selected(cx, *one, first));
    match (&keys, first.clauses.distinct) {
        (None, None) => {
            edits.insert_after(cx.source, first.clauses.select.start, format!(" {}", cx.word("distinct")));
        }
        (Some(_), Some(at)) => edits.remove(cx.source, &(at..at + 1)),
        _ => {}
    }
    let mut rests_on = vec!["of each pair of columns one is NOT NULL".to_owned()];
    rests_on.extend(keys.unwrap_or_else(|| vec!["DISTINCT removes the copies".to_owned()]));
    Some(Draft {
        edits,
        explanation:
            "The set operation makes all rows of both sides. EXISTS looks up a match for each row of one."
                .to_owned(),
        conditions: rests_on,
        tokens: first.clauses.scope.start..second.clauses.select.end,
    })
}
