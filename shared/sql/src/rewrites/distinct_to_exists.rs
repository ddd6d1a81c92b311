use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Distinct, JoinOperator, SelectItem, SelectItemQualifiedWildcardKind};

use super::aggregate;
use super::block::{Block, name_parts};
use super::conditions::Conditions;
use super::context::{self, Context};
use super::determined;
use super::edit::Edits;
use super::expression;
use super::source::{Operand, Tokens};
use super::{Draft, Rewrite};

/// ## What it does
/// `SELECT DISTINCT` over a join of which only some tables are selected becomes a SELECT from those, with
/// the others inside EXISTS; DISTINCT goes where a key of what remains is selected. So does a GROUP BY
/// without aggregates, which is another way to say DISTINCT.
///
/// ## Why
/// The join makes a row for every match, and DISTINCT sorts or hashes all of them to throw the copies
/// away again. EXISTS stops at the first match.
///
/// ## When it is the same
/// Only inner joins take part, and nothing of the tables that move is selected or ordered by: what is
/// left of them is whether a match exists, which EXISTS says once per row. DISTINCT is superfluous then
/// if every table that remains has a key all of whose columns are NOT NULL and selected; otherwise it
/// stays. A GROUP BY goes if such a key is among what is grouped by: each group is one row then.
///
/// ## Source
/// Pirahesh, Hellerstein and Hasan, *Extensible/rule based query rewrite optimization in Starburst*
/// (SIGMOD 1992); Paulley and Larson, *Exploiting uniqueness in query optimization* (ICDE 1994).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40), city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, amount INT);
/// CREATE TABLE sale_line (sale_id INT, item INT, quantity INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT DISTINCT c.id, c.name
/// FROM customer c
/// JOIN sale s ON s.customer_id = c.id
/// WHERE c.city = 'Bern'
///   AND s.amount > 100
/// ORDER BY c.name
/// ```
/// ## Good
/// ```sql
/// SELECT c.id, c.name
/// FROM customer c
/// WHERE c.city = 'Bern'
///   AND EXISTS (
///       SELECT 1
///       FROM sale s
///       WHERE s.customer_id = c.id
///         AND s.amount > 100
///   )
/// ORDER BY c.name
/// ```
///
/// ## Bad
/// ```sql
/// select distinct city from customer, sale s, sale_line where sale_id = s.id and customer_id = customer.id
/// ```
/// ## Good
/// ```sql
/// select distinct city from customer where exists (select 1 from sale s, sale_line where sale_id = s.id and customer_id = customer.id)
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id, c.name FROM customer c JOIN sale s ON s.customer_id = c.id WHERE s.amount > 100 GROUP BY c.id, c.name ORDER BY c.name
/// ```
/// ## Good
/// ```sql
/// SELECT c.id, c.name FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND s.amount > 100) ORDER BY c.name
/// ```
///
/// ## Kept
/// A column of the other table is selected.
/// ```sql
/// SELECT DISTINCT c.id, s.amount FROM customer c JOIN sale s ON s.customer_id = c.id
/// ```
/// The outer join keeps customers without a sale.
/// ```sql
/// SELECT DISTINCT c.id FROM customer c LEFT JOIN sale s ON s.customer_id = c.id
/// ```
/// Several customers make one group.
/// ```sql
/// SELECT c.city FROM customer c JOIN sale s ON s.customer_id = c.id GROUP BY c.city
/// ```
/// The groups are counted.
/// ```sql
/// SELECT c.id FROM customer c JOIN sale s ON s.customer_id = c.id GROUP BY c.id HAVING COUNT(*) > 2
/// ```
/// Nothing is thrown away: every row is selected as often as it is joined.
/// ```sql
/// SELECT c.id FROM customer c JOIN sale s ON s.customer_id = c.id
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "distinct-join-to-exists",
    title: "Ask for a match with EXISTS instead of joining and removing the copies",
    combines: true,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (id, block) in cx.each() {
        out.extend(rewrite(cx, id, block));
    }
}

/// A condition and the relations of its own block that it names.
struct Condition {
    tokens: Tokens,
    relations: BTreeSet<usize>,
    /// The join whose ON it stands in.
    on: Option<(usize, usize)>,
    /// Its position in WHERE.
    index: Option<usize>,
}

fn rewrite(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Draft> {
    let select = block.select;
    let groups = block.group_by()?;
    let grouped = !groups.is_empty();
    let sound = block.is_plain()
        && match &select.distinct {
            Some(Distinct::Distinct) => !grouped,
            None => grouped && !aggregate::has_any(block),
            Some(_) => false,
        }
        && select.having.is_none()
        && block.relations.len() > 1
        && select.from.iter().flat_map(|item| &item.joins).all(|join| context::is_inner(&join.join_operator))
        && block.clauses.projection.len() == select.projection.len();
    if !sound {
        return None;
    }
    let mut kept = kept(cx, id, block)?;
    let grouped_by: BTreeSet<(usize, usize)> =
        groups.iter().map(|group| determined::column(cx, id, group)).collect::<Option<_>>()?;
    kept.extend(grouped_by.iter().map(|column| column.0));
    let moved: BTreeSet<usize> = (0..block.relations.len()).filter(|index| !kept.contains(index)).collect();
    if kept.is_empty() || moved.is_empty() {
        return None;
    }
    let conjuncts = cx.conjuncts(block)?;
    let conditions = conditions(cx, id, block, &conjuncts)?;
    let partners = self::groups(&moved, &conditions);
    let staying: Vec<_> = conditions.iter().filter(|c| c.relations.is_disjoint(&moved)).collect();
    if self::groups(&kept, staying.iter().copied()).len() > 1 {
        return None; // What is left would be a cross join.
    }

    let mut edits = Edits::default();
    shorten_from(cx, block, &kept, &conditions, &mut edits)?;
    let mut changes = Conditions::default();
    for condition in &conditions {
        match (condition.index, condition.relations.is_disjoint(&moved)) {
            (Some(index), false) => changes.remove(index),
            // What a join asked of the tables that remain, where that join goes.
            (None, true) if condition.on.is_some_and(|on| !stays(block, &kept, on)) => {
                changes.add(cx.flat(&condition.tokens));
            }
            _ => {}
        }
    }
    for group in &partners {
        changes.add(exists(cx, block, group, &conditions)?);
    }
    changes.write(cx, block, &conjuncts, &mut edits);

    let fixing = if grouped { grouped_by } else { determined::selected(cx, id, block) };
    let covered = kept.iter().map(|&relation| key_of(block, relation, &fixing)).collect::<Option<Vec<_>>>();
    let mut rests_on = vec![
        "all joins are inner, and nothing of the tables inside EXISTS is selected or ordered by".to_owned(),
    ];
    match covered {
        Some(keys) => {
            let (out, by) = match block.clauses.distinct {
                Some(at) => (at..at + 1, "selected"),
                None => {
                    let list = &block.clauses.group_by;
                    (list.first()?.start - 2..list.last()?.end, "grouped by")
                }
            };
            edits.remove(cx.source, &out);
            rests_on.extend(keys.into_iter().map(|key| format!("{key} is a key, NOT NULL and {by}")));
        }
        None if grouped => return None,
        None => rests_on.push("no key is selected, so DISTINCT stays".to_owned()),
    }
    let names: Vec<&str> = moved.iter().map(|&index| block.relations[index].name.as_str()).collect();
    Some(Draft {
        edits,
        explanation: format!(
            "`{}` only decides whether a row is there at all. EXISTS asks just that, instead of making a row for \
             each match and removing the copies.",
            names.join("`, `")
        ),
        conditions: rests_on,
        tokens: block.clauses.select.clone(),
    })
}

/// The relations that are selected or ordered by.
fn kept(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<BTreeSet<usize>> {
    let mut kept = BTreeSet::new();
    for (item, tokens) in block.select.projection.iter().zip(&block.clauses.projection) {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                if aggregate::has_aggregate(expr)
                    || expression::is_volatile(expr)
                    || expression::any(expr, determined::is_window)
                {
                    return None;
                }
                kept.extend(cx.relations_in(tokens, id)?);
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let parts = name_parts(name);
                let last = parts.last()?;
                let mut named = (0..block.relations.len())
                    .filter(|&index| block.relations[index].name.eq_ignore_ascii_case(last));
                kept.insert(named.next()?);
                if named.next().is_some() {
                    return None;
                }
            }
            _ => return None,
        }
    }
    for name in cx.names(&block.clauses.tail) {
        match &name.target {
            Some(target) if target.block == id => {
                kept.insert(target.relation);
            }
            Some(_) => {}
            // An alias of the SELECT list.
            None if !name.qualified && block.has_alias(cx.text(&name.tokens)) => {}
            None => return None,
        }
    }
    Some(kept)
}

/// Every condition of WHERE and ON.
fn conditions(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    conjuncts: &[Operand<'_>],
) -> Option<Vec<Condition>> {
    let mut found = Vec::new();
    let mut add = |operand: &Operand<'_>, on, index| {
        if expression::is_volatile(operand.expr) {
            return None;
        }
        let relations = cx.relations_in(&operand.tokens, id)?;
        found.push(Condition { tokens: operand.tokens.clone(), relations, on, index });
        Some(())
    };
    for (item, from) in block.select.from.iter().enumerate() {
        for join in 0..from.joins.len() {
            for operand in cx.on_conjuncts(block, item, join)? {
                add(&operand, Some((item, join)), None)?;
            }
        }
    }
    for (index, operand) in conjuncts.iter().enumerate() {
        add(operand, None, Some(index))?;
    }
    Some(found)
}

/// The relations that move, in groups that no condition ties together: each gets an EXISTS of its own.
fn groups<'c>(
    moved: &BTreeSet<usize>,
    conditions: impl IntoIterator<Item = &'c Condition>,
) -> Vec<BTreeSet<usize>> {
    let mut group_of: BTreeMap<usize, usize> = moved.iter().map(|&relation| (relation, relation)).collect();
    for condition in conditions {
        let tied: Vec<usize> = condition.relations.iter().filter_map(|r| group_of.get(r).copied()).collect();
        if let Some(&first) = tied.iter().min() {
            group_of.values_mut().filter(|group| tied.contains(group)).for_each(|group| *group = first);
        }
    }
    let mut groups: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (relation, group) in group_of {
        groups.entry(group).or_default().insert(relation);
    }
    groups.into_values().collect()
}

/// Whether the join at this place is one of a relation that remains, and is left as it is.
fn stays(block: &Block<'_>, kept: &BTreeSet<usize>, (item, join): (usize, usize)) -> bool {
    kept.len() > 1
        && kept.iter().any(|&relation| {
            block.relations[relation].item == item && block.relations[relation].join == Some(join)
        })
}

/// Takes the relations that move out of FROM.
fn shorten_from(
    cx: &Context<'_>,
    block: &Block<'_>,
    kept: &BTreeSet<usize>,
    conditions: &[Condition],
    edits: &mut Edits,
) -> Option<()> {
    let clauses = &block.clauses.from;
    let whole = clauses.first()?.tokens.start..clauses.last()?.tokens.end;
    if kept.len() == 1 {
        let relation = block.relations.get(*kept.first()?)?;
        edits.replace(cx.source, &whole, cx.text(&cx.relation_tokens(block, relation)?));
        return Some(());
    }
    // Each item keeps its first relation or goes as a whole; each join that remains names nothing that goes.
    let mut items = Vec::new();
    for (index, item) in clauses.iter().enumerate() {
        let of_item = |relation: &usize| block.relations[*relation].item == index;
        if !kept.iter().any(of_item) {
            continue;
        }
        let stays = |join: Option<usize>| {
            kept.iter().any(|&relation| of_item(&relation) && block.relations[relation].join == join)
        };
        if !stays(None) {
            return None;
        }
        let mut text = cx.text(&item.relation).to_owned();
        for (join, part) in item.joins.iter().enumerate().filter(|(join, _)| stays(Some(*join))) {
            let lonely = matches!(
                block.select.from.get(index)?.joins.get(join)?.join_operator,
                JoinOperator::CrossJoin(_)
            );
            let own = conditions.iter().filter(|condition| condition.on == Some((index, join)));
            if !lonely && own.clone().any(|condition| !condition.relations.is_subset(kept)) {
                return None;
            }
            text.push_str(&cx.source.gap_before(part.tokens.start));
            text.push_str(cx.text(&part.tokens));
        }
        items.push((item.tokens.start, text));
    }
    let mut text = String::new();
    for (at, (start, item)) in items.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
            text.push_str(&cx.source.gap_before(start));
        }
        text.push_str(&item);
    }
    edits.replace(cx.source, &whole, text);
    Some(())
}

/// The EXISTS over a group of relations.
fn exists(
    cx: &Context<'_>,
    block: &Block<'_>,
    group: &BTreeSet<usize>,
    conditions: &[Condition],
) -> Option<String> {
    let mut from: Vec<String> = Vec::new();
    for &relation in group {
        from.push(cx.flat(&cx.relation_tokens(block, block.relations.get(relation)?)?));
    }
    let own: Vec<String> = conditions
        .iter()
        .filter(|condition| !condition.relations.is_disjoint(group))
        .map(|condition| cx.flat(&condition.tokens))
        .collect();
    if own.is_empty() {
        return None;
    }
    let mut lines = vec![cx.word("select 1"), format!("{} {}", cx.word("from"), from.join(", "))];
    lines.extend(cx.where_lines(&own));
    Some(format!("{} {}", cx.word("exists"), cx.in_parentheses(block, &lines)))
}

/// The key of a relation that is NOT NULL throughout and among these columns, as text; `None` without one.
fn key_of(block: &Block<'_>, relation: usize, among: &BTreeSet<(usize, usize)>) -> Option<String> {
    let table = block.relations.get(relation)?.table?;
    let name = &block.relations[relation].name;
    let key = table.keys().find(|key| {
        key.iter().all(|&column| {
            among.contains(&(relation, column as usize)) && table.is_not_null(column as usize)
        })
    })?;
    let columns: Vec<String> = key
        .iter()
        .filter_map(|&column| table.columns.get(column as usize))
        .map(|column| format!("`{name}.{}`", column.name))
        .collect();
    Some(columns.join(", "))
}
