use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, Query, SelectItem, UnaryOperator};

use super::aggregate::{self, Shape};
use super::block::{Block, Role};
use super::conditions::Conditions;
use super::context::Context;
use super::edit::Edits;
use super::expression::{self, Part};
use super::source::{self, Operand, Tokens};
use super::{Draft, Rewrite, types};

/// ## What it does
/// A subquery that computes an aggregate for each row of the query around it becomes a derived table
/// that computes the aggregate of every group once, joined on what tied the two together. A second
/// candidate restricts that table to the groups that the query around it can ask for.
///
/// ## Why
/// As written, the aggregate is computed again for every outer row that reaches it: the work grows
/// with the product of both tables unless an index serves the inner condition.
///
/// ## When it is the same
/// The subquery is tied to the query around it by equalities only, so each outer row meets at most one
/// group, and the join neither multiplies rows nor mixes groups. A row that meets no group sees what the
/// aggregate gives over no rows: NULL, or 0 for COUNT. In a comparison of WHERE a NULL drops the row, as
/// an inner join does. Everywhere else the join is a LEFT JOIN, and a count is wrapped in COALESCE.
///
/// ## Source
/// Kim, *On optimizing an SQL-like nested query* (TODS 1982), type JA; the bug of counts over empty
/// groups and its repair: Ganski and Wong, *Optimization of nested SQL queries revisited* (SIGMOD 1987).
///
/// ## Tables
/// ```sql
/// CREATE TABLE customer (id INT PRIMARY KEY, city VARCHAR(40));
/// CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, amount DECIMAL(12, 2), score DOUBLE PRECISION);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT s.id
/// FROM sale s
/// WHERE s.amount > (SELECT 2 * AVG(t.amount) FROM sale t WHERE t.customer_id = s.customer_id)
/// ```
/// ## Good
/// ```sql
/// SELECT s.id
/// FROM sale s
/// JOIN (
///     SELECT t.customer_id, 2 * AVG(t.amount) AS avg_amount
///     FROM sale t
///     GROUP BY t.customer_id
/// ) AS t_agg ON t_agg.customer_id = s.customer_id
/// WHERE s.amount > t_agg.avg_amount
/// ```
///
/// ## Bad
/// ```sql
/// SELECT c.id, (SELECT COUNT(*) FROM sale WHERE customer_id = c.id) AS sales
/// FROM customer c
/// ```
/// ## Good
/// ```sql
/// SELECT c.id, COALESCE(sale_agg.row_count, 0) AS sales
/// FROM customer c
/// LEFT JOIN (
///     SELECT customer_id, COUNT(*) AS row_count
///     FROM sale
///     GROUP BY customer_id
/// ) AS sale_agg ON sale_agg.customer_id = c.id
/// ```
///
/// ## Bad
/// ```sql
/// select id from customer, sale
/// where customer.id = customer_id and city = 'Bern' and amount < (select max(amount) from sale x where x.customer_id = customer.id)
/// ```
/// ## Good
/// ```sql
/// select id from customer, sale, (
///     select x.customer_id as agg_customer_id, max(amount) as max_amount
///     from sale x
///     where x.customer_id in (select customer.id from customer where city = 'Bern')
///     group by x.customer_id
/// ) as x_agg
/// where customer.id = customer_id and city = 'Bern' and amount < x_agg.max_amount
///   and x_agg.agg_customer_id = customer.id
/// ```
///
/// ## Kept
/// The two are tied by an inequality, too: groups overlap.
/// ```sql
/// SELECT s.id FROM sale s WHERE s.amount > (SELECT AVG(t.amount) FROM sale t WHERE t.customer_id = s.customer_id AND t.id < s.id)
/// ```
/// A decimal and a float: two groups may both equal one outer value.
/// ```sql
/// SELECT s.id FROM sale s WHERE s.amount > (SELECT AVG(t.amount) FROM sale t WHERE t.amount = s.score)
/// ```
/// Nothing ties them: the subquery is computed once anyway.
/// ```sql
/// SELECT s.id FROM sale s WHERE s.amount > (SELECT AVG(t.amount) FROM sale t)
/// ```
/// The subquery is part of a grouped SELECT list.
/// ```sql
/// SELECT c.city, (SELECT MAX(id) FROM sale WHERE customer_id = MIN(c.id)) FROM customer c GROUP BY c.city
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "correlated-aggregate-to-join",
    title: "Compute the aggregate of each group once and join it",
    combines: true,
    merges: false,
    propose,
};

/// A subquery in the query around it.
pub(super) struct Site<'a> {
    pub(super) query: &'a Query,
    /// Whether a NULL from the subquery drops the row.
    pub(super) rejects_null: bool,
    pub(super) in_where: bool,
}

/// An equality that ties the subquery to the query around it.
pub(super) struct Key<'a> {
    pub(super) inner: Operand<'a>,
    pub(super) outer: Operand<'a>,
}

/// The conditions of a subquery: what ties it to the query around it, and the rest.
pub(super) struct Ties<'a> {
    pub(super) keys: Vec<Key<'a>>,
    pub(super) local: Vec<Tokens>,
}

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (outer_id, outer) in cx.each() {
        if !outer.is_plain() || outer.clauses.from.is_empty() {
            continue;
        }
        for site in sites(cx, outer) {
            for pushed in [false, true] {
                cx.forget_names();
                if let Some(draft) = rewrite(cx, outer_id, outer, &site, pushed) {
                    out.push(draft);
                }
            }
        }
    }
}

/// The scalar subqueries of WHERE and, where nothing is grouped, of the SELECT list.
pub(super) fn sites<'a>(cx: &Context<'a>, outer: &Block<'a>) -> Vec<Site<'a>> {
    let mut found = Vec::new();
    for conjunct in cx.conjuncts(outer).unwrap_or_default() {
        let expr = expression::bare(conjunct.expr);
        match (expression::comparison(expr), expr) {
            (Some((left, _, right)), _) => {
                seek(left, true, true, &mut found);
                seek(right, true, true, &mut found);
            }
            (None, Expr::Between { expr, low, high, negated: false }) => {
                for side in [expr, low, high] {
                    seek(side, true, true, &mut found);
                }
            }
            (None, other) => seek(other, false, true, &mut found),
        }
    }
    let grouped = !matches!(outer.group_by(), Some([])) || outer.select.having.is_some();
    let items = outer.select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    let aggregated = items.clone().any(aggregate::has_aggregate);
    if !grouped && !aggregated && !matches!(outer.select.distinct, Some(sqlparser::ast::Distinct::On(_))) {
        for expr in items {
            seek(expr, false, false, &mut found);
        }
    }
    found
}

/// Finds the scalar subqueries of an expression, and whether NULL passes from each to the top.
fn seek<'a>(expr: &'a Expr, strict: bool, in_where: bool, found: &mut Vec<Site<'a>>) {
    let mut todo = vec![(expr, strict)];
    while let Some((expr, strict)) = todo.pop() {
        match expr {
            Expr::Subquery(query) => found.push(Site { query, rejects_null: strict && in_where, in_where }),
            Expr::Nested(inner)
            | Expr::Cast { expr: inner, .. }
            | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => {
                todo.push((inner, strict));
            }
            Expr::BinaryOp { left, op, right } if aggregate::is_arithmetic(op) => {
                todo.push((left, strict));
                todo.push((right, strict));
            }
            _ => todo.extend(expression::parts(expr).into_iter().filter_map(|part| match part {
                Part::Expr(inner) => Some((inner, false)),
                Part::Query(_) => None,
            })),
        }
    }
}

fn rewrite<'a>(
    cx: &Context<'a>,
    outer_id: usize,
    outer: &Block<'a>,
    site: &Site<'a>,
    pushed: bool,
) -> Option<Draft> {
    let inner_id = cx.blocks.body(site.query)?;
    let inner = &cx.blocks.list[inner_id];
    let subquery = cx.subquery(inner)?;
    let bare = inner.parent == Some(outer_id)
        && inner.role == Role::Expression
        && inner.is_bare()
        && matches!(inner.group_by(), Some([]))
        && inner.select.having.is_none()
        && inner.select.distinct.is_none()
        && inner.select.projection.len() == 1
        && !inner.clauses.from.is_empty();
    if !bare || !cx.is_resolved(&subquery) {
        return None;
    }
    let (value, value_tokens) = cx.item(inner, 0)?;
    if expression::is_volatile(value) {
        return None;
    }
    let shape = aggregate::shape(cx, value)?;
    // All that reaches outside stands in the conditions of WHERE.
    let is_local = |tokens: &Tokens| {
        cx.names(tokens)
            .iter()
            .all(|name| name.target.as_ref().is_some_and(|t| cx.blocks.is_inside(t.block, inner_id)))
    };
    let from = inner.clauses.from.first()?.tokens.start..inner.clauses.from.last()?.tokens.end;
    if !is_local(&value_tokens) || !is_local(&from) {
        return None;
    }
    let ties = ties(cx, inner_id, inner, outer_id).filter(|ties| !ties.keys.is_empty())?;
    let mut conditions = vec![format!(
        "{} ties the subquery to the query around it, by equality only: a row meets at most one group",
        list(ties.keys.iter().map(|key| format!(
            "`{} = {}`",
            cx.flat(&key.inner.tokens),
            cx.flat(&key.outer.tokens)
        )))
    )];
    conditions.extend(check_types(cx, &ties.keys)?);
    let left = !(site.rejects_null && shape.null_over_nothing);
    conditions.push(match (left, shape.null_over_nothing) {
        (false, _) => {
            "a comparison with NULL is not true: rows without a group drop out, as before".to_owned()
        }
        (true, true) => "LEFT JOIN keeps the rows without a group; their value is NULL, as before".to_owned(),
        (true, false) => "LEFT JOIN keeps the rows without a group; a count of nothing is 0".to_owned(),
    });
    let restricting =
        if pushed { Some(restrictions(cx, outer_id, outer, &ties.keys, &subquery)?) } else { None };

    let mut edits = Edits::default();
    let derived =
        Derived { cx, outer, inner, shape: &shape, ties: &ties, restricting: restricting.as_deref() };
    let (text, alias, value_text, on) = derived.write(&value_tokens, value)?;
    edits.replace(cx.source, &(subquery.start - 1..subquery.end + 1), value_text);
    expand_wildcards(cx, outer, &mut edits)?;
    let tied = derived.item_of_all_keys(cx, outer_id);
    let commas_only =
        outer.clauses.from.len() > 1 && outer.select.from.iter().all(|item| item.joins.is_empty());
    match tied {
        Some(item) if left || !commas_only => {
            let item = outer.clauses.from.get(item)?;
            let word = cx.word(if left { "left join" } else { "join" });
            let start = cx.join_break(outer)?;
            let and = cx.word("and");
            let on = on.join(&format!(" {and} "));
            edits.insert_after(
                cx.source,
                item.tokens.end - 1,
                format!("{start}{word} {text} {}{alias} {} {on}", cx.alias_word(), cx.word("on")),
            );
        }
        _ if left => return None,
        _ => {
            let last = outer.clauses.from.last()?.tokens.end - 1;
            let start = match cx.source.indent(outer.clauses.from.last()?.tokens.start) {
                (true, blanks) => format!(",\n{blanks}"),
                _ => ", ".to_owned(),
            };
            edits.insert_after(cx.source, last, format!("{start}{text} {}{alias}", cx.alias_word()));
            let mut added = Conditions::default();
            on.into_iter().for_each(|condition| added.add(condition));
            let conjuncts = cx.conjuncts(outer)?;
            // The condition with the subquery is edited inside; its text must stay out of this.
            added.write(cx, outer, &conjuncts, &mut edits);
        }
    }
    let what = shape.aggregates.iter().map(|a| cx.flat(&a.tokens)).collect::<Vec<_>>().join(", ");
    let keys = list(ties.keys.iter().map(|key| format!("`{}`", cx.flat(&key.inner.tokens))));
    Some(Draft {
        edits,
        explanation: if pushed {
            format!(
                "The subquery computes `{what}` anew for each row. Here it is computed once for each {keys}, and \
                 only for those that the query can ask for."
            )
        } else {
            format!("The subquery computes `{what}` anew for each row. Here it is computed once for each {keys}.")
        },
        conditions,
        tokens: subquery.start - 1..subquery.end + 1,
    })
    .filter(|_| site.in_where || left)
}

/// Sorts the conditions of the subquery. `None` where one reaches outside in another way.
pub(super) fn ties<'a>(
    cx: &Context<'a>,
    inner_id: usize,
    inner: &Block<'a>,
    outer_id: usize,
) -> Option<Ties<'a>> {
    let mut ties = Ties { keys: Vec::new(), local: Vec::new() };
    for conjunct in cx.conjuncts(inner)? {
        if expression::is_volatile(conjunct.expr) {
            return None;
        }
        let reach = |tokens: &Tokens| -> Option<(bool, bool)> {
            let mut reach = (false, false);
            for name in cx.names(tokens) {
                let target = name.target.as_ref()?;
                if cx.blocks.is_inside(target.block, inner_id) {
                    reach.0 = true;
                } else if target.block == outer_id {
                    reach.1 = true;
                } else {
                    return None;
                }
            }
            Some(reach)
        };
        if !reach(&conjunct.tokens)?.1 {
            ties.local.push(conjunct.tokens);
            continue;
        }
        let (expr, tokens) = cx.source.open(conjunct.expr, &conjunct.tokens);
        let (left, op, right) = expression::comparison(expr)?;
        if *op != BinaryOperator::Eq || expression::has_subquery(expr) {
            return None;
        }
        let (left_tokens, right_tokens) = cx.source.sides(&tokens)?;
        let left = Operand { expr: left, tokens: left_tokens };
        let right = Operand { expr: right, tokens: right_tokens };
        match (reach(&left.tokens)?, reach(&right.tokens)?) {
            ((true, false), (false, true)) => ties.keys.push(Key { inner: left, outer: right }),
            ((false, true), (true, false)) => ties.keys.push(Key { inner: right, outer: left }),
            _ => return None,
        }
    }
    Some(ties)
}

/// Whether grouping by the inner side and comparing with the outer side agree; what is assumed for it.
pub(super) fn check_types(cx: &Context<'_>, keys: &[Key<'_>]) -> Option<Vec<String>> {
    let mut assumed = Vec::new();
    for key in keys {
        let known = |expr: &Expr| cx.target(expr).and_then(|target| cx.data_type(target));
        match (known(key.inner.expr), known(key.outer.expr)) {
            (Some(inner), Some(outer)) if types::agree(&inner, &outer) => {}
            (Some(_), Some(_)) => return None,
            _ => assumed.push(format!(
                "`{}` and `{}` have the same type",
                cx.flat(&key.inner.tokens),
                cx.flat(&key.outer.tokens)
            )),
        }
    }
    Some(assumed)
}

/// Conditions on the groups that follow from the conditions of the query around: those on the keys
/// themselves, and membership in the keys of a filtered table. `None` where there are none.
pub(super) fn restrictions(
    cx: &Context<'_>,
    outer_id: usize,
    outer: &Block<'_>,
    keys: &[Key<'_>],
    subquery: &Tokens,
) -> Option<Vec<String>> {
    let conjuncts: Vec<_> = cx
        .conjuncts(outer)?
        .into_iter()
        .filter(|c| !(c.tokens.start <= subquery.start && subquery.end <= c.tokens.end))
        .filter(|c| !expression::is_volatile(c.expr))
        .collect();
    let mut found = Vec::new();
    let mut of_keys = BTreeSet::new();
    for conjunct in &conjuncts {
        let mut edits = Edits::default();
        let all_keys = cx.names(&conjunct.tokens).iter().all(|name| {
            let Some(target) = &name.target else { return false };
            if target.block != outer_id {
                return cx.blocks.is_inside(target.block, outer_id);
            }
            let key = keys.iter().find(|key| {
                cx.target(key.outer.expr).is_some_and(|t| {
                    t.relation == target.relation && t.column.eq_ignore_ascii_case(&target.column)
                }) && same_type(cx, key)
            });
            if let Some(key) = key {
                edits.replace(cx.source, &name.tokens, cx.text(&key.inner.tokens));
                of_keys.insert(target.relation);
            }
            key.is_some()
        });
        if all_keys
            && let Some(text) = edits.within(cx.source, &conjunct.tokens)
            && text != cx.text(&conjunct.tokens)
        {
            found.push(if cx.source.has_comment(&conjunct.tokens) { text } else { source::flattened(&text) });
        }
    }
    if !found.is_empty() {
        return Some(found);
    }
    let mut done = BTreeSet::new();
    for key in keys {
        let Some(target) = cx.target(key.outer.expr) else { continue };
        let relation = outer.relations.get(target.relation)?;
        if relation.table.is_none() || !same_type(cx, key) || !done.insert(target.relation) {
            continue;
        }
        let local: Vec<_> = conjuncts
            .iter()
            .filter(|c| {
                let names = cx.names(&c.tokens);
                !names.is_empty()
                    && names.iter().all(|name| {
                        name.target
                            .as_ref()
                            .is_some_and(|t| t.block == outer_id && t.relation == target.relation)
                    })
            })
            .map(|c| cx.flat(&c.tokens))
            .collect();
        if local.is_empty() {
            continue;
        }
        found.push(format!(
            "{} {} ({} {} {} {} {} {})",
            cx.text(&key.inner.tokens),
            cx.word("in"),
            cx.word("select"),
            cx.text(&key.outer.tokens),
            cx.word("from"),
            cx.flat(&cx.relation_tokens(outer, relation)?),
            cx.word("where"),
            local.join(&format!(" {} ", cx.word("and"))),
        ));
    }
    (!found.is_empty()).then_some(found)
}

/// Whether the inner side of a key is a column of the very type of the outer side, so that every
/// condition says the same of both.
fn same_type(cx: &Context<'_>, key: &Key<'_>) -> bool {
    let known = |expr: &Expr| cx.target(expr).and_then(|target| cx.data_type(target));
    matches!((known(key.inner.expr), known(key.outer.expr)), (Some(a), Some(b)) if a == b)
}

/// Writes `*` as `a.*, b.*`, so that the new table adds no columns.
pub(super) fn expand_wildcards(cx: &Context<'_>, outer: &Block<'_>, edits: &mut Edits) -> Option<()> {
    for (item, tokens) in outer.select.projection.iter().zip(&outer.clauses.projection) {
        if let SelectItem::Wildcard(options) = item {
            if !options.to_string().is_empty() {
                return None;
            }
            let all: Option<Vec<String>> = outer
                .relations
                .iter()
                .map(|relation| Some(format!("{}.*", cx.qualifier(outer, relation)?)))
                .collect();
            edits.replace(cx.source, tokens, all?.join(", "));
        }
    }
    Some(())
}

/// The derived table that takes the subquery's place.
struct Derived<'c, 'a> {
    cx: &'c Context<'a>,
    outer: &'c Block<'a>,
    inner: &'c Block<'a>,
    shape: &'c Shape<'a>,
    ties: &'c Ties<'a>,
    restricting: Option<&'c [String]>,
}

impl Derived<'_, '_> {
    /// The item of the outer FROM that holds every relation the keys name, if it is one.
    fn item_of_all_keys(&self, cx: &Context<'_>, outer_id: usize) -> Option<usize> {
        let mut items = BTreeSet::new();
        for key in &self.ties.keys {
            for relation in cx.relations_in(&key.outer.tokens, outer_id)? {
                items.insert(self.outer.relations.get(relation)?.item);
            }
        }
        match items.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// Its text, its name, what stands for the subquery's value, and the conditions of the join.
    fn write(&self, value_tokens: &Tokens, value: &Expr) -> Option<(String, String, String, Vec<String>)> {
        let cx = self.cx;
        let first = self.ties.keys.first()?;
        let named = cx.target(first.inner.expr).and_then(|target| cx.blocks.relation(target));
        let alias = cx.fresh(&format!("{}_agg", named.map_or("group", |relation| relation.name.as_str())));

        let mut items: Vec<String> = Vec::new();
        let mut groups: Vec<String> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut on = Vec::new();
        for key in &self.ties.keys {
            let text = cx.flat(&key.inner.tokens);
            let known = groups.iter().position(|group| *group == text);
            let at = known.unwrap_or_else(|| {
                let (item, name) = key_item(cx, &[&self.inner.clauses.scope], key, &text);
                groups.push(text);
                items.push(item);
                names.push(name);
                groups.len() - 1
            });
            on.push(format!("{alias}.{} = {}", names[at], cx.flat(&key.outer.tokens)));
        }
        let as_word = cx.word("as");
        let value_text = if self.shape.null_over_nothing {
            let name = match self.shape.aggregates.as_slice() {
                [one] => cx.fresh(&one.column_name()),
                _ => cx.fresh("agg_value"),
            };
            items.push(format!("{} {as_word} {name}", cx.flat(value_tokens)));
            format!("{alias}.{name}")
        } else {
            let mut edits = Edits::default();
            for aggregate in &self.shape.aggregates {
                let name = cx.fresh(&aggregate.column_name());
                items.push(format!("{} {as_word} {name}", cx.flat(&aggregate.tokens)));
                let text = if aggregate.counts {
                    format!("{}({alias}.{name}, 0)", cx.word("coalesce"))
                } else {
                    format!("{alias}.{name}")
                };
                edits.replace(cx.source, &aggregate.tokens, text);
            }
            let text = edits.within(cx.source, value_tokens)?;
            if matches!(value, Expr::Function(_) | Expr::Nested(_)) { text } else { format!("({text})") }
        };
        let mut conditions: Vec<String> = self.ties.local.iter().map(|tokens| cx.flat(tokens)).collect();
        conditions.extend(self.restricting.unwrap_or_default().iter().cloned());
        Some((self.layout(&items, &conditions, &groups), alias, value_text, on))
    }

    fn layout(&self, items: &[String], conditions: &[String], groups: &[String]) -> String {
        let cx = self.cx;
        let from: Vec<String> = self.inner.clauses.from.iter().map(|item| cx.flat(&item.tokens)).collect();
        let mut lines = vec![
            format!("{} {}", cx.word("select"), items.join(", ")),
            format!("{} {}", cx.word("from"), from.join(", ")),
        ];
        lines.extend(cx.where_lines(conditions));
        lines.push(format!("{} {}", cx.word("group by"), groups.join(", ")));
        let start = self.outer.clauses.from.first().map_or(0, |item| item.tokens.start - 1);
        if !cx.is_multiline(self.outer) {
            let line = lines.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join(" ");
            return format!("({line})");
        }
        let last = self.outer.clauses.from.last().map_or(start, |item| item.tokens.start);
        let indent = match cx.source.indent(last) {
            (true, blanks) => blanks,
            _ => cx.source.indent(start).1,
        };
        let step = cx.step();
        let body: Vec<String> = lines.iter().map(|line| format!("{indent}{step}{line}")).collect();
        format!("(\n{}\n{indent})", body.join("\n"))
    }
}

/// A key in the SELECT list, and its name there: its own unless the statement uses that unqualified
/// outside of `inside`.
pub(super) fn key_item(cx: &Context<'_>, inside: &[&Tokens], key: &Key<'_>, text: &str) -> (String, String) {
    let column = expression::column(key.inner.expr).and_then(<[_]>::last);
    let clashes = |name: &str| {
        cx.blocks.references.iter().any(|reference| {
            !inside.iter().any(|inside| inside.contains(&reference.tokens.start))
                && !reference.qualified
                && cx.text(&reference.tokens).trim_matches(['"', '`']).eq_ignore_ascii_case(name)
        })
    };
    match column {
        Some(ident) if !clashes(&ident.value) => {
            let quoted = cx.text(&(key.inner.tokens.end - 1..key.inner.tokens.end)).to_owned();
            (text.to_owned(), quoted)
        }
        other => {
            let name = cx.fresh(&other.map_or("agg_key".to_owned(), |ident| format!("agg_{}", ident.value)));
            (format!("{text} {} {name}", cx.word("as")), name)
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
    }
}
