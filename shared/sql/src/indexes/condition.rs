//! What a condition asks of the tables that it names: which column it compares, and with what.
//!
//! Only what an index can answer comes out of here: not what keeps nearly every row (`<>`, `IS NOT NULL`,
//! `NOT LIKE`), nor a choice between columns (`OR`), nor a computation over a column that no index keeps.

use sqlparser::ast::{BinaryOperator, CastKind, Expr, Function, Ident, Query, SelectItem};
use sqm_domain::Dialect;

use super::Purpose;
use super::part::Part;
use super::spots::{Spot, Spots, Wanted};
use crate::lint::shape::{
    arguments, bare, block, column, conjuncts, disjuncts, function_name, has_subquery, is_constant, is_named,
    same, string,
};
use crate::scope::RelationId;
use crate::text::Position;

/// Alternatives of an OR that are looked through for what they have in common.
const MOST_ALTERNATIVES: usize = 32;

/// Conditions of an alternative that are.
const MOST_CONDITIONS: usize = 32;

/// A use of a column by a condition.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) relation: RelationId,
    pub(super) part: Part,
    pub(super) purpose: Purpose,
    /// Whether the rows found have several values, so that what comes behind them is in no order: `IN`. Of a
    /// range, whether it has one end only.
    pub(super) is_open: bool,
    /// Of a range with one end, whether that is the upper one.
    pub(super) is_upper: bool,
    /// The relation that it is joined with.
    pub(super) partner: Option<RelationId>,
}

/// The relations of which a condition decides which rows are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Decides {
    /// All.
    All,
    /// Those that stand at this place of the text or behind it: the right side of an outer join.
    From(Position),
    /// Those that stand before it.
    Before(Position),
    /// None.
    Nothing,
}

/// Reads conditions.
pub(super) struct Reader<'r, 'c> {
    pub(super) spots: &'r Spots<'c>,
    pub(super) dialect: Dialect,
    pub(super) decides: Decides,
}

impl Reader<'_, '_> {
    /// What a condition asks, which may be several things: an equality of two columns asks something of both.
    pub(super) fn condition(&self, condition: &Expr) -> Vec<Asked> {
        use BinaryOperator as Op;
        match bare(condition) {
            Expr::BinaryOp { left, op: Op::Eq, right } => match (bare(left), bare(right)) {
                (Expr::Tuple(left), Expr::Tuple(right)) if left.len() == right.len() => {
                    left.iter().zip(right).flat_map(|(left, right)| self.equal(left, right)).collect()
                }
                (left, right) => self.equal(left, right),
            },
            Expr::BinaryOp { left, op: op @ (Op::Lt | Op::LtEq | Op::Gt | Op::GtEq), right } => {
                let is_less = matches!(op, Op::Lt | Op::LtEq);
                let sides = [(left, right, is_less), (right, left, !is_less)];
                let found = sides.into_iter().find(|(_, other, _)| self.is_given(other));
                let range = |(side, _, is_upper): (&Expr, &Expr, bool)| {
                    let asked = self.value(side, Purpose::Range)?;
                    Some(Asked { is_open: true, is_upper, ..asked })
                };
                found.and_then(|(side, other, is_upper)| range((side, other, is_upper))).into_iter().collect()
            }
            Expr::Between { expr, negated: false, low, high }
                if self.is_given(low) && self.is_given(high) =>
            {
                self.value(expr, Purpose::Range).into_iter().collect()
            }
            Expr::InList { expr, negated: false, list } if list.iter().all(|item| self.is_given(item)) => {
                let found = self.value(expr, Purpose::Equality);
                found.into_iter().map(|asked| Asked { is_open: list.len() > 1, ..asked }).collect()
            }
            Expr::InSubquery { expr, negated: false, subquery } => self.member(expr, subquery),
            Expr::Like { expr, negated: false, any: false, pattern, .. } if begins(pattern) => {
                let found = self.value(expr, Purpose::Prefix);
                let is_pattern =
                    matches!(self.dialect, Dialect::Postgres | Dialect::Greenplum | Dialect::Sqlite);
                let pattern = |asked: Asked| Asked { part: Part { is_pattern, ..asked.part }, ..asked };
                found.into_iter().map(pattern).collect()
            }
            it @ Expr::BinaryOp { op: Op::Or, .. } => self.alternatives(it),
            _ => Vec::new(),
        }
    }

    /// `side = other`, either way.
    fn equal(&self, left: &Expr, right: &Expr) -> Vec<Asked> {
        let sides = [(left, right), (right, left)];
        if let Some((side, _)) = sides.into_iter().find(|(_, other)| self.is_given(other)) {
            return self.value(side, Purpose::Equality).into_iter().collect();
        }
        sides.into_iter().filter_map(|(side, other)| self.joined(side, other)).collect()
    }

    /// A column that is equal to what the rows of other relations hold.
    fn joined(&self, side: &Expr, other: &Expr) -> Option<Asked> {
        let own = self.spots.named(column(side).map(|_| side)?)?;
        if own.is_outer || !self.is_decided(own.at) || has_subquery(other) {
            return None;
        }
        let others: Vec<&Expr> = columns_of(other);
        let named: Option<Vec<_>> = others.iter().map(|expr| self.spots.named(expr)).collect();
        let named = named.filter(|named| !named.is_empty())?;
        if named.iter().any(|other| other.relation == own.relation) {
            return None;
        }
        let Spot { relation, column } = self.spots.find(side, Wanted::Rows)?;
        let partner = self.spots.relation(others[0]);
        let purpose =
            if named.iter().all(|other| other.is_outer) { Purpose::Correlation } else { Purpose::Join };
        let part = self.part(relation, &column);
        (partner != Some(relation)).then_some(Asked {
            relation,
            part,
            purpose,
            is_open: false,
            is_upper: false,
            partner,
        })
    }

    /// `side IN (SELECT …)`: a join in which each row of this side counts once.
    fn member(&self, side: &Expr, subquery: &Query) -> Vec<Asked> {
        let select = block(subquery);
        let inner = select.and_then(|select| match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] => Some(expr),
            _ => None,
        });
        let partner = inner.and_then(|inner| self.spots.relation(inner));
        let own = self.spots.named(side).filter(|own| !own.is_outer && self.is_decided(own.at));
        let spot = own.and_then(|_| self.spots.find(side, Wanted::Rows));
        let asked = |spot: Spot, partner| Asked {
            part: self.part(spot.relation, &spot.column),
            relation: spot.relation,
            purpose: Purpose::Join,
            is_open: false,
            is_upper: false,
            partner,
        };
        let outer = spot.as_ref().map(|spot| spot.relation);
        let inner = inner.filter(|_| select.is_some_and(|select| self.spots.is_flat(select)));
        let inner = inner.and_then(|inner| self.spots.find(inner, Wanted::Rows));
        spot.map(|spot| asked(spot, partner))
            .into_iter()
            .chain(inner.map(|spot| asked(spot, outer)))
            .collect()
    }

    /// What all alternatives of an OR ask: the same column of constants, or a condition that stands in each.
    fn alternatives(&self, condition: &Expr) -> Vec<Asked> {
        let alternatives = disjuncts(condition);
        let each = alternatives.iter().map(|alternative| match alternative {
            Expr::BinaryOp { op: BinaryOperator::Eq, .. } | Expr::InList { .. } => {
                self.condition(alternative).pop().filter(|asked| asked.purpose == Purpose::Equality)
            }
            _ => None,
        });
        if let Some(each) = each.collect::<Option<Vec<Asked>>>()
            && let [first, rest @ ..] = each.as_slice()
            && rest.iter().all(|other| other.relation == first.relation && other.part == first.part)
        {
            return vec![Asked { is_open: true, ..first.clone() }];
        }
        let [first, rest @ ..] = alternatives.as_slice() else { return Vec::new() };
        let first = conjuncts(first);
        if rest.len() >= MOST_ALTERNATIVES || first.len() > MOST_CONDITIONS {
            return Vec::new();
        }
        let rest: Vec<Vec<&Expr>> = rest.iter().map(|alternative| conjuncts(alternative)).collect();
        if rest.iter().any(|other| other.len() > MOST_CONDITIONS) {
            return Vec::new();
        }
        let in_all = |it: &&&Expr| rest.iter().all(|other| other.iter().any(|other| same(it, other)));
        let is_or = |it: &Expr| matches!(bare(it), Expr::BinaryOp { op: BinaryOperator::Or, .. });
        first.iter().filter(in_all).filter(|it| !is_or(it)).flat_map(|it| self.condition(it)).collect()
    }

    /// A column, or an expression over one that an index can keep, compared with what is known before.
    fn value(&self, side: &Expr, purpose: Purpose) -> Option<Asked> {
        let side = bare(side);
        let (inner, call) = match side {
            Expr::Function(function) => (self.kept(function)?, true),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let mut bounds = substring_from.iter().chain(substring_for);
                let is_kept = self.keeps_expressions() && bounds.all(|bound| is_constant(bound));
                (Some(&**expr).filter(|expr| is_kept && column(expr).is_some())?, true)
            }
            other => (self.uncast(other), false),
        };
        self.spots.named(inner).filter(|own| !own.is_outer && self.is_decided(own.at))?;
        let Spot { relation, column } = self.spots.find(inner, Wanted::Value)?;
        let part = match call {
            false => self.part(relation, &column),
            true => Part::expression(self.text(side, &column)),
        };
        Some(Asked { relation, part, purpose, is_open: false, is_upper: false, partner: None })
    }

    /// The column under a cast to the type that it has anyway, which databases leave out.
    fn uncast<'e>(&self, expr: &'e Expr) -> &'e Expr {
        let Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr: inner, data_type, .. } = expr
        else {
            return expr;
        };
        let scopes = &self.spots.scopes;
        let column = scopes.reference(inner).and_then(|reference| scopes.column(reference));
        let declared = column.and_then(|(relation, at)| {
            let table = scopes.catalog_table(relation)?;
            table.columns.get(at?)?.data_type.as_deref()
        });
        let is_own = declared.is_some_and(|own| own.eq_ignore_ascii_case(&data_type.to_string()));
        if is_own { bare(inner) } else { expr }
    }

    fn part(&self, relation: RelationId, column: &str) -> Part {
        Part::column(column, self.spots.scopes.catalog_table(relation))
    }

    /// The column that a call is over, where an index can keep what the call gives: always the same for the same
    /// text, and of one column.
    fn kept<'e>(&self, function: &'e Function) -> Option<&'e Expr> {
        let arguments = arguments(function);
        let (first, rest) = arguments.split_first()?;
        let is_kept = self.keeps_expressions()
            && function.over.is_none()
            && function.filter.is_none()
            && function.name.0.len() == 1
            && is_named(function, IMMUTABLE)
            && rest.iter().all(|argument| is_constant(argument));
        (is_kept && column(first).is_some()).then_some(*first)
    }

    /// Whether indexes on expressions are made as others are. MariaDB and SQL Server need a column that is
    /// generated.
    fn keeps_expressions(&self) -> bool {
        use Dialect as D;
        matches!(self.dialect, D::Postgres | D::Greenplum | D::Sqlite | D::MySql | D::Oracle)
    }

    /// An expression over a column, by the name that the table has for it.
    fn text(&self, expr: &Expr, column: &str) -> String {
        let column = super::ddl::quoted(column, self.dialect);
        match expr {
            Expr::Substring { substring_from, substring_for, special, shorthand, .. } => {
                let expr = Box::new(Expr::Identifier(Ident::new(column)));
                let (substring_from, substring_for) = (substring_from.clone(), substring_for.clone());
                let (special, shorthand) = (*special, *shorthand);
                Expr::Substring { expr, substring_from, substring_for, special, shorthand }.to_string()
            }
            Expr::Function(function) => {
                let rest = arguments(function).into_iter().skip(1).map(|argument| format!(", {argument}"));
                format!("{}({column}{})", function_name(function), rest.collect::<String>())
            }
            _ => column,
        }
    }

    /// Whether what a condition says of a relation decides which of its rows are read.
    fn is_decided(&self, at: Position) -> bool {
        match self.decides {
            Decides::All => true,
            Decides::From(start) => at >= start,
            Decides::Before(start) => at < start,
            Decides::Nothing => false,
        }
    }

    /// Whether a value is known before the table is read: a constant, a parameter or variable, or what a
    /// subquery gives that refers to nothing around it.
    fn is_given(&self, expr: &Expr) -> bool {
        match bare(expr) {
            Expr::Identifier(ident) if ident.quote_style.is_none() => ident.value.starts_with(['@', ':']),
            Expr::Subquery(query) => block(query).is_some_and(|select| self.spots.stands_alone(select)),
            other => is_constant(other),
        }
    }
}

/// Functions that give the same for the same text in every session: databases keep no others in an index.
const IMMUTABLE: &[&str] = &[
    "abs",
    "char_length",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "reverse",
    "right",
    "rtrim",
    "substr",
    "substring",
    "trim",
    "upper",
];

/// Whether a pattern says how a text begins: at least two characters before the first wildcard.
fn begins(pattern: &Expr) -> bool {
    string(pattern)
        .is_some_and(|text| text.chars().take_while(|c| !matches!(c, '%' | '_' | '\\')).count() > 1)
}

/// The columns below an expression.
fn columns_of(expr: &Expr) -> Vec<&Expr> {
    if column(expr).is_some() {
        return vec![expr];
    }
    let mut found = Vec::new();
    crate::lint::shape::any(expr, |it| {
        if column(it).is_some() && !matches!(it, Expr::Nested(_)) {
            found.push(it);
        }
        false
    });
    found
}
