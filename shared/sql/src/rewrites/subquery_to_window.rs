use sqlparser::ast::{BinaryOperator, DuplicateTreatment, Expr, FunctionArguments};

use super::aggregate::{self, Aggregate};
use super::block::Block;
use super::conditions::Conditions;
use super::context::Context;
use super::correlated_aggregate::{Site, sites};
use super::edit::Edits;
use super::expression;
use super::source::Tokens;
use super::windowed::{self, Partner, Tied};
use super::{Draft, Rewrite};

/// ## What it does
/// A subquery that computes, for each row, an aggregate over the rows of the same table that share its
/// key (or come before it, or rank above it) becomes a window function.
///
/// ## Why
/// The subquery reads the table again for every row; running totals and ranks written so take time that
/// grows with the square of the table. A window reads it once, sorted.
///
/// ## When it is the same
/// The query around reads the same table, and asks of it what the subquery asks of its own. The columns
/// that tie the two are NOT NULL, so each row lies in its own window, which holds the very rows that the
/// subquery would find. The frame of a window with ORDER BY ends with the peers of a row: that is `<=`.
/// Rows strictly before are counted by RANK; for other aggregates the order must have no ties.
///
/// ## Source
/// Zuzarte et al., *WinMagic: subquery elimination using window aggregation* (SIGMOD 2003).
///
/// ## Tables
/// ```sql
/// CREATE TABLE sale (
///     id INT PRIMARY KEY, customer_id INT NOT NULL, voucher INT, sold_on DATE NOT NULL, amount DECIMAL(12, 2) NOT NULL
/// );
/// CREATE TABLE item (id INT PRIMARY KEY, kind VARCHAR(10));
/// CREATE TABLE line (item_id INT, quantity INT);
/// ```
///
/// ## Bad
/// ```sql
/// SELECT *
/// FROM sale s
/// WHERE s.amount = (SELECT MAX(t.amount) FROM sale t WHERE t.customer_id = s.customer_id)
/// ```
/// ## Good
/// ```sql
/// SELECT s.id, s.customer_id, s.voucher, s.sold_on, s.amount
/// FROM (
///     SELECT s.*, MAX(s.amount) OVER (PARTITION BY s.customer_id) AS max_amount
///     FROM sale s
/// ) AS s
/// WHERE s.amount = s.max_amount
/// ```
///
/// ## Bad
/// ```sql
/// SELECT id, sold_on, (SELECT SUM(t.amount) FROM sale t WHERE t.sold_on <= s.sold_on) AS total FROM sale s ORDER BY id
/// ```
/// ## Good
/// ```sql
/// SELECT id, sold_on, SUM(s.amount) OVER (ORDER BY s.sold_on) AS total FROM sale s ORDER BY id
/// ```
///
/// ## Bad
/// ```sql
/// select s.id from sale s where 3 > (select count(*) from sale t where t.customer_id = s.customer_id and t.amount > s.amount)
/// ```
/// ## Good
/// ```sql
/// select s.id from (select s.*, rank() over (partition by s.customer_id order by s.amount desc) - 1 as row_count from sale s) as s where 3 > s.row_count
/// ```
///
/// ## Bad
/// The two are tied by an equality of the query around.
/// ```sql
/// SELECT SUM(quantity) FROM line, item WHERE item.id = line.item_id AND kind = 'A' AND quantity < (SELECT 0.2 * AVG(quantity) FROM line l WHERE l.item_id = item.id)
/// ```
/// ## Good
/// ```sql
/// SELECT SUM(quantity) FROM (SELECT line.*, AVG(quantity) OVER (PARTITION BY line.item_id) AS avg_quantity FROM line) AS line, item WHERE item.id = line.item_id AND kind = 'A' AND quantity < (0.2 * line.avg_quantity)
/// ```
///
/// ## Kept
/// A row without a voucher finds no row by it, yet lies in a window with all the others without.
/// ```sql
/// SELECT s.id, (SELECT COUNT(*) FROM sale t WHERE t.voucher = s.voucher) FROM sale s
/// ```
/// The subquery asks for more than the query around.
/// ```sql
/// SELECT s.id FROM sale s WHERE s.amount = (SELECT MAX(t.amount) FROM sale t WHERE t.customer_id = s.customer_id AND t.id > 7)
/// ```
/// Two sales of one day are not before each other, and a frame of rows would say they are.
/// ```sql
/// SELECT s.id, (SELECT SUM(t.amount) FROM sale t WHERE t.sold_on < s.sold_on) FROM sale s
/// ```
pub(super) const REWRITE: Rewrite = Rewrite {
    name: "subquery-to-window",
    title: "Compute the aggregate over a window instead of a subquery per row",
    combines: false,
    merges: false,
    propose,
};

fn propose(cx: &Context<'_>, out: &mut Vec<Draft>) {
    for (outer_id, outer) in cx.each() {
        if !outer.is_plain() || outer.clauses.from.is_empty() {
            continue;
        }
        cx.forget_names();
        let found: Vec<Found<'_>> =
            sites(cx, outer).iter().filter_map(|site| find(cx, outer_id, outer, site)).collect();
        let mut done = Vec::new();
        for first in &found {
            let place = (first.partner.relation, first.partner.filters.clone());
            if done.contains(&place) {
                continue;
            }
            let together: Vec<&Found<'_>> = found
                .iter()
                .filter(|other| (other.partner.relation, &other.partner.filters) == (place.0, &place.1))
                .collect();
            out.extend(rewrite(cx, outer_id, outer, &together));
            done.push(place);
        }
    }
}

/// A subquery that a window can stand for.
struct Found<'a> {
    subquery: Tokens,
    partner: Partner,
    in_where: bool,
    value: &'a Expr,
    value_tokens: Tokens,
    /// Each aggregate: its tokens, the window in its place, and a name for that.
    windows: Vec<(Tokens, String, String)>,
    conditions: Vec<String>,
}

fn find<'a>(cx: &Context<'a>, outer_id: usize, outer: &Block<'a>, site: &Site<'a>) -> Option<Found<'a>> {
    let inner_id = cx.blocks.body(site.query)?;
    let inner = &cx.blocks.list[inner_id];
    if !windowed::reads_one_table(cx, outer_id, inner) || !inner.is_bare() {
        return None;
    }
    let subquery = cx.subquery(inner)?;
    let (value, value_tokens) = cx.item(inner, 0)?;
    let local = |name: &super::block::Reference| name.target.as_ref().is_some_and(|t| t.block == inner_id);
    if inner.select.projection.len() != 1
        || expression::is_volatile(value)
        || !cx.names(&value_tokens).iter().all(local)
    {
        return None;
    }
    let shape = aggregate::shape(cx, value)?;
    let tied = windowed::tied(cx, inner_id, inner, outer_id, None)?;
    if tied.others.len() > 1 || tied.keys.len() + tied.others.len() == 0 {
        return None;
    }
    let partner = windowed::partner(cx, outer_id, outer, inner, &tied)?;
    let over = Over { cx, inner_id, inner, outer, partner: &partner, tied: &tied };
    let windows: Option<Vec<_>> = shape
        .aggregates
        .iter()
        .map(|one| Some((one.tokens.clone(), over.window(one)?, one.column_name())))
        .collect();
    let mut conditions = vec![
        "both read the same table under the same conditions, so a row's window holds the rows that the subquery finds"
            .to_owned(),
    ];
    if !tied.keys.is_empty() {
        conditions.push("what ties them is not NULL".to_owned());
    }
    if let Some((column, ..)) = tied.others.first() {
        conditions.push(format!("`{column}` is NOT NULL"));
    }
    Some(Found {
        subquery,
        in_where: site.in_where,
        value,
        value_tokens,
        windows: windows?,
        conditions,
        partner,
    })
}

/// What a window over the relation of the query around needs to know.
struct Over<'c, 'a> {
    cx: &'c Context<'a>,
    inner_id: usize,
    inner: &'c Block<'a>,
    outer: &'c Block<'a>,
    partner: &'c Partner,
    tied: &'c Tied<'a>,
}

impl Over<'_, '_> {
    fn text(&self, tokens: &Tokens) -> Option<String> {
        windowed::over(self.cx, tokens, self.inner_id, self.outer, self.partner.relation)
    }

    /// The window function that stands for an aggregate.
    fn window(&self, aggregate: &Aggregate<'_>) -> Option<String> {
        let cx = self.cx;
        if !matches!(aggregate.name.as_str(), "SUM" | "MIN" | "MAX" | "AVG" | "COUNT") {
            return None;
        }
        let FunctionArguments::List(list) = &aggregate.function.args else { return None };
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let all_rows = aggregate.counts
            && !distinct
            && aggregate
                .argument()
                .is_none_or(|arg| expression::is_literal(arg) && !expression::is_null(arg));
        let mut parts = Vec::new();
        if !self.tied.keys.is_empty() {
            let keys: Option<Vec<String>> =
                self.tied.keys.iter().map(|(_, tokens, _)| self.text(tokens)).collect();
            parts.push(format!("{} {}", cx.word("partition by"), keys?.join(", ")));
        }
        let Some((column, tokens, op, _)) = self.tied.others.first() else {
            let call = self.text(&aggregate.tokens).filter(|_| !distinct)?;
            return Some(format!("{call} {} ({})", cx.word("over"), parts.join(" ")));
        };
        if !cx.target(column).is_some_and(|target| cx.blocks.is_not_null(target)) {
            return None;
        }
        let (strict, descending) = match op {
            BinaryOperator::LtEq => (false, false),
            BinaryOperator::Lt => (true, false),
            BinaryOperator::GtEq => (false, true),
            BinaryOperator::Gt => (true, true),
            _ => return None,
        };
        let direction = if descending { format!(" {}", cx.word("desc")) } else { String::new() };
        parts.push(format!("{} {}{direction}", cx.word("order by"), self.text(tokens)?));
        let of_order = aggregate.argument().is_some_and(|arg| {
            cx.target(expression::bare(arg)).is_some()
                && cx.target(expression::bare(arg)) == cx.target(column)
        });
        let less_one = if strict { " - 1" } else { "" };
        if distinct && aggregate.counts && of_order {
            let call = cx.word("dense_rank() over");
            return Some(format!("{call} ({}){less_one}", parts.join(" ")));
        }
        if distinct {
            return None;
        }
        if strict && (all_rows || (aggregate.counts && of_order)) {
            return Some(format!("{} ({}){less_one}", cx.word("rank() over"), parts.join(" ")));
        }
        if strict {
            if !self.is_total(column) {
                return None;
            }
            parts.push(cx.word("rows between unbounded preceding and 1 preceding"));
        }
        Some(format!("{} {} ({})", self.text(&aggregate.tokens)?, cx.word("over"), parts.join(" ")))
    }

    /// Whether no two rows agree in the keys and in the column of the order.
    fn is_total(&self, column: &Expr) -> bool {
        let position =
            |expr| self.cx.target(expr).and_then(|target| self.cx.blocks.base(target)).map(|b| b.1);
        let known: Vec<Option<usize>> =
            self.tied.keys.iter().map(|(inner, ..)| position(inner)).chain([position(column)]).collect();
        self.inner.relations[0].table.is_some_and(|table| {
            table.keys().any(|key| key.iter().all(|&c| known.contains(&Some(c as usize))))
        })
    }
}

fn rewrite(cx: &Context<'_>, outer_id: usize, outer: &Block<'_>, found: &[&Found<'_>]) -> Option<Draft> {
    let first = found.first()?;
    let conjuncts = cx.conjuncts(outer)?;
    let filters = &first.partner.filters;
    let in_place = outer.relations.len() == 1
        && conjuncts.len() == filters.len()
        && found.iter().all(|one| !one.in_where);
    let qualifier = cx.qualifier(outer, &outer.relations[first.partner.relation])?;
    let mut edits = Edits::default();
    let mut items: Vec<(String, String)> = Vec::new();
    for one in found {
        let mut value = Edits::default();
        for (tokens, window, name) in &one.windows {
            let alone = one.value_tokens == *tokens;
            let text = if in_place {
                if window.ends_with(')') || alone { window.clone() } else { format!("({window})") }
            } else {
                let known = items.iter().find(|(text, _)| text == window).map(|(_, name)| name.clone());
                let name = known.unwrap_or_else(|| {
                    let name = cx.fresh(name);
                    items.push((window.clone(), name.clone()));
                    name
                });
                format!("{qualifier}.{name}")
            };
            value.replace(cx.source, tokens, text);
        }
        let text = value.within(cx.source, &one.value_tokens)?;
        let plain = matches!(one.value, Expr::Function(_) | Expr::Nested(_))
            && (!in_place || text.ends_with(')') || !one.in_where);
        let text = if plain { text } else { format!("({text})") };
        edits.replace(cx.source, &(one.subquery.start - 1..one.subquery.end + 1), text);
    }
    if !in_place {
        let items: Vec<String> =
            items.iter().map(|(window, name)| format!("{window} {} {name}", cx.word("as"))).collect();
        let texts: Vec<String> = filters.iter().map(|&at| cx.flat(&conjuncts[at].tokens)).collect();
        windowed::carry(cx, outer_id, outer, first.partner.relation, &items, &texts, &mut edits)?;
        let mut gone = Conditions::default();
        filters.iter().for_each(|&at| gone.remove(at));
        gone.write(cx, outer, &conjuncts, &mut edits);
    }
    Some(Draft {
        edits,
        explanation: format!(
            "The subquery reads `{}` again for each row. A window computes the same in one pass over it.",
            outer.relations[first.partner.relation].name
        ),
        conditions: first.conditions.clone(),
        tokens: first.subquery.start - 1..first.subquery.end + 1,
    })
}
