use super::block::Block;
use super::conditions::Conditions;
use super::context::Context;
use super::correlated_aggregate::expand_wildcards;
use super::edit::Edits;
use super::expression;
use super::same;
use super::semi_join::Quantified;
use super::source::{Operand, Tokens};
use super::{Draft, Rewrite};

/// ## What it does
/// `IN (SELECT key …)` becomes a join with the table whose key it is.
///
/// ## Why
/// A join can start from either side: from the list where its conditions leave few rows, with an index
/// on the other table. Some engines run IN only the other way round.
///
/// ## When it is the same
/// The column is a key of the table, alone and NOT NULL, so a row meets at most one other and comes once,
/// as before; a row that meets none goes, and so does one whose value is NULL.
///
/// ## Source
/// Pirahesh, Hellerstein and Hasan, *Extensible/rule based query rewrite optimization in Starburst*
/// (SIGMOD 1992), existential to join.
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT, amount INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id
/// FROM sale s
/// WHERE s.amount > 3
///   AND s.customer_id IN (SELECT id FROM customer WHERE city = 'Bern')
/// ```
/// ## Good
/// ```sql
/// SELECT s.id
/// FROM sale s
/// JOIN customer ON customer.id = s.customer_id
/// WHERE s.amount > 3
///   AND customer.city = 'Bern'
/// ```
///
/// ## Bad
/// ```sql
/// select s.id from sale s where s.customer_id = any (select id from customer where city = 'Bern')
/// ```
/// ## Good
/// ```sql
/// select s.id from sale s join customer on customer.id = s.customer_id where customer.city = 'Bern'
/// ```
///
/// ## Kept
/// A customer may have many sales and would come as often.
/// ```sql
/// SELECT c.id FROM customer c WHERE c.id IN (SELECT customer_id FROM sale)
/// ```
/// The name without a qualifier would mean either.
/// ```sql
/// SELECT id FROM sale s WHERE s.customer_id IN (SELECT c.id FROM customer c WHERE c.city = 'Bern')
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "semi-join-to-join",
    title: "Join the table whose key is looked up",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        let joins = block.is_plain() && block.clauses.from.len() == 1;
        for (at, operand) in cx.conjuncts(block).unwrap_or_default().iter().enumerate() {
            if joins {
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
    let asked = Quantified::read(cx, expr, &tokens).filter(Quantified::is_in)?;
    let inner_id = cx.blocks.body(asked.subquery)?;
    let inner = cx.blocks.list.get(inner_id)?;
    let [relation] = inner.relations.as_slice() else { return None };
    let table = relation.table?;
    let bare = inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.projection.len() == 1
        && !cx.source.has_comment(&tokens)
        && cx.is_resolved(&tokens);
    if !bare {
        return None;
    }
    let (item, item_tokens) = cx.item(inner, 0)?;
    let target = cx.target(expression::bare(item)).filter(|target| target.block == inner_id)?;
    let column = table.column(&target.column)?;
    let is_key = table.keys().any(|key| matches!(key, [only] if *only as usize == column));
    let outer_target = cx.target(expression::bare(asked.outer)).filter(|target| target.block == id)?;
    let own =
        cx.names(&inner.clauses.scope).iter().all(|n| n.target.as_ref().is_some_and(|t| t.block == inner_id));
    if !is_key
        || !table.is_not_null(column)
        || !own
        || !sees_no_other(cx, id, block, inner_id, &relation.name)
    {
        return None;
    }
    // A name of the query around that the table has, too, would mean either.
    let ambiguous = cx.names(&block.clauses.scope).iter().any(|name| {
        let inside = inner.clauses.scope.contains(&name.tokens.start);
        !inside && !name.qualified && table.column(cx.text(&name.tokens).trim_matches(['"', '`'])).is_some()
    });
    if ambiguous {
        return None;
    }
    let qualifier = cx.qualifier(inner, relation)?;
    let qualified = |tokens: &Tokens| {
        same::renamed(cx, tokens, |name, _| {
            (!name.qualified).then(|| format!("{qualifier}.{}", cx.text(&name.tokens)))
        })
    };
    let outer_text = cx.flat(&asked.outer_tokens);
    let mut edits = Edits::default();
    expand_wildcards(cx, block, &mut edits)?;
    let conjuncts = cx.conjuncts(block)?;
    let mut changes = Conditions::default();
    let mut texts = Vec::new();
    for condition in cx.conjuncts(inner)? {
        if expression::is_volatile(condition.expr) || expression::has_subquery(condition.expr) {
            return None;
        }
        texts.push(qualified(&condition.tokens)?);
    }
    match texts.split_first() {
        Some((first, others)) => {
            changes.replace(at, first.clone());
            others.iter().for_each(|text| changes.add(text.clone()));
        }
        None => changes.remove(at),
    }
    changes.write(cx, block, &conjuncts, &mut edits);
    edits.insert_after(
        cx.source,
        block.clauses.from.first()?.tokens.end - 1,
        format!(
            "{}{} {} {} {} = {outer_text}",
            cx.join_break(block)?,
            cx.word("join"),
            cx.flat(&cx.relation_tokens(inner, relation)?),
            cx.word("on"),
            qualified(&item_tokens)?,
        ),
    );
    Some(Draft {
        edits,
        explanation: format!(
            "The join may start from `{}` where its conditions leave few rows.",
            relation.name
        ),
        conditions: vec![format!(
            "`{}.{}` is a key: `{}` meets at most one row",
            relation.name, target.column, outer_target.column
        )],
        tokens,
    })
}

/// Whether no relation of the block goes by this name.
fn sees_no_other(cx: &Context<'_>, id: usize, block: &Block<'_>, inner: usize, name: &str) -> bool {
    !block.relations.iter().any(|relation| relation.name.eq_ignore_ascii_case(name))
        && !cx.each().any(|(other, block)| {
            other != inner
                && other != id
                && cx.blocks.is_inside(other, id)
                && block.relations.iter().any(|relation| relation.name.eq_ignore_ascii_case(name))
        })
}
