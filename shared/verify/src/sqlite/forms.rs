//! DataFusion's forms in SQLite's. What SQLite lacks, or means differently, has no form there: then nobody
//! is asked, which is better than a wrong second opinion.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::planner::NullOrdering;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, LimitClause,
    ObjectName, OrderByExpr, OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    Statement, TableAlias, TableFactor, TypedString, Value, Visit, VisitMut, Visitor, VisitorMut, WindowType,
};

use super::{Declared, table_name};
use crate::bind::{NEAREST_INTEGER, NEAREST_OR_EVEN, TRUTH, single_name};
use crate::value;

/// Functions that both mean alike.
const SHARED: &[&str] = &[
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "coalesce",
    "nullif",
    "abs",
    "upper",
    "lower",
    "length",
    "substr",
    "substring",
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
    "ntile",
    "trim",
    "btrim",
];

/// What stands for the one row of a scalar subquery.
pub const SINGLE_VALUE: &str = "single_value";

/// The statement as text.
pub fn translate(statement: &Statement, nulls: NullOrdering, declared: &dyn Declared) -> Option<String> {
    let mut statement = statement.clone();
    let mut pass = Pass { nulls, declared, ctes: BTreeSet::new(), names: Names::default() };
    if VisitMut::visit(&mut statement, &mut pass).is_break() || pass.names.are_lost() {
        return None;
    }
    let text = statement.to_string();
    // A dollar is no letter in SQLite but the mark of a parameter.
    (!text.contains('$')).then_some(text)
}

struct Pass<'f> {
    nulls: NullOrdering,
    declared: &'f dyn Declared,
    /// The common table expressions seen so far: all that are in sight, at least.
    ctes: BTreeSet<String>,
    names: Names,
}

/// What the relations of the statement go by. A reference loses the schema before it, which matters where
/// one name is said of two.
#[derive(Default)]
struct Names {
    /// The name and the table, where it is one of a schema.
    given: BTreeMap<String, Option<String>>,
    is_shared: bool,
    is_cut: bool,
}

impl Names {
    fn give(&mut self, name: &str, table: Option<String>) {
        let before = self.given.entry(name.to_owned()).or_insert_with(|| table.clone());
        self.is_shared |= *before != table;
    }

    /// Leaves so many of the last parts.
    fn cut<T>(&mut self, parts: &mut Vec<T>, left: usize) {
        let gone = parts.len().saturating_sub(left);
        parts.drain(..gone);
        self.is_cut |= gone > 0;
    }

    fn are_lost(&self) -> bool {
        self.is_shared && self.is_cut
    }
}

impl Pass<'_> {
    fn order(&self, keys: &mut [OrderByExpr]) {
        for key in keys {
            if key.options.nulls_first.is_none() {
                let descends = key.options.asc == Some(false);
                key.options.nulls_first = Some(match self.nulls {
                    NullOrdering::NullsFirst => true,
                    NullOrdering::NullsLast => false,
                    NullOrdering::NullsMax => descends,
                    NullOrdering::NullsMin => !descends,
                });
            }
        }
    }

    /// Whether a column of moments stands in it.
    fn is_moment(&self, expr: &Expr) -> bool {
        struct Columns<'f>(&'f dyn Declared);
        impl Visitor for Columns<'_> {
            type Break = ();

            fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
                let name = match expr {
                    Expr::Identifier(name) => Some(name),
                    Expr::CompoundIdentifier(names) => names.last(),
                    _ => None,
                };
                if name.is_some_and(|name| self.0.holds_moments(&name.value)) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
        }
        !matches!(expr, Expr::Value(_)) && expr.visit(&mut Columns(self.declared)).is_break()
    }
}

impl VisitorMut for Pass<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.ctes.extend(ctes.map(|cte| cte.alias.name.value.clone()));
        if let Some(order) = &mut query.order_by
            && let OrderByKind::Expressions(keys) = &mut order.kind
        {
            self.order(keys);
        }
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            // Below zero there is no limit in SQLite and an error elsewhere.
            let counts = limit.iter().chain(offset.iter().map(|offset| &offset.value));
            if counts.into_iter().any(|count| !matches!(count, Expr::Value(_))) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) = item
            {
                self.names.cut(&mut name.0, 1);
            }
        }
        ControlFlow::Continue(())
    }

    /// A table is called what [`table_name`] calls it, and goes by the last part of its name.
    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let parts = name.0.iter().filter_map(|part| part.as_ident());
                let parts: Vec<String> = parts.map(|ident| ident.value.clone()).collect();
                let [.., last] = parts.as_slice() else { return ControlFlow::Break(()) };
                let is_cte = parts.len() == 1 && self.ctes.contains(last);
                let table = self.declared.table(&parts).filter(|_| !is_cte).map(table_name);
                if let Some(table) = table.clone().filter(|table| table != last) {
                    let own = || TableAlias {
                        explicit: true,
                        name: Ident::new(last),
                        columns: Vec::new(),
                        at: None,
                    };
                    alias.get_or_insert_with(own);
                    *name = ObjectName::from(vec![Ident::with_quote('"', table)]);
                }
                let goes_by = alias.as_ref().map_or(last, |alias| &alias.name.value);
                self.names.give(goes_by, table);
            }
            TableFactor::Derived { alias: Some(alias), .. } => self.names.give(&alias.name.value, None),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::CompoundIdentifier(parts) => {
                self.names.cut(parts, 2);
            }
            Expr::Interval(_) | Expr::Extract { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } => {
                return ControlFlow::Break(());
            }
            Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner) => {
                let old = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
                **inner = Expr::Nested(Box::new(old));
            }
            Expr::TypedString(TypedString { data_type: DataType::Date, value, .. }) => {
                *expr = Expr::Value(value.clone());
            }
            Expr::TypedString(TypedString { data_type: DataType::Timestamp(..), value, .. }) => {
                *expr = Expr::Value(value.clone());
                if !write_out(expr) {
                    return ControlFlow::Break(());
                }
            }
            Expr::TypedString(_) => return ControlFlow::Break(()),
            // SQLite has no letter that escapes unless one is named.
            Expr::Like { escape_char: escape @ None, .. } => {
                *escape = Some(Value::SingleQuotedString("\\".to_owned()).into());
            }
            Expr::Cast { expr: inner, data_type, .. } => match data_type {
                DataType::BigInt(_) => *data_type = DataType::Integer(None),
                DataType::Varchar(_) => *data_type = DataType::Text,
                DataType::Double(_) | DataType::Decimal(_) => *data_type = DataType::Real,
                DataType::Date if is_text(inner) => {
                    *expr = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
                }
                _ => return ControlFlow::Break(()),
            },
            // Whether a number is true, in words that take it for nothing but a number.
            Expr::BinaryOp { op: op @ BinaryOperator::Custom(_), .. } => {
                if !matches!(op, BinaryOperator::Custom(name) if name == TRUTH) {
                    return ControlFlow::Break(());
                }
                *op = BinaryOperator::NotEq;
            }
            Expr::BinaryOp { left, right, .. } if self.is_moment(left) || self.is_moment(right) => {
                write_out(left);
                write_out(right);
            }
            Expr::Between { expr, low, high, .. } if self.is_moment(expr) => {
                write_out(low);
                write_out(high);
            }
            Expr::InList { expr, list, .. } if self.is_moment(expr) => {
                list.iter_mut().for_each(|item| {
                    write_out(item);
                });
            }
            Expr::Function(function) => {
                if single_name(function) == Some(SINGLE_VALUE)
                    && let FunctionArguments::List(list) = &mut function.args
                    && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(value))] = list.args.as_mut_slice()
                {
                    // SQLite takes the first row. Where there are two, DataFusion has failed before.
                    *expr = std::mem::replace(value, Expr::value(Value::Null));
                    return ControlFlow::Continue(());
                }
                let Some(name) = single_name(function) else { return ControlFlow::Break(()) };
                if name == NEAREST_INTEGER {
                    function.name = ObjectName::from(vec![Ident::new("round")]);
                } else if name != NEAREST_OR_EVEN && !SHARED.contains(&name) {
                    return ControlFlow::Break(());
                }
                match &mut function.over {
                    Some(WindowType::WindowSpec(spec)) => self.order(&mut spec.order_by),
                    Some(WindowType::NamedWindow(_)) => return ControlFlow::Break(()),
                    None => {}
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Writes a text that is a moment as moments are stored; whether it is one.
fn write_out(expr: &mut Expr) -> bool {
    let Expr::Value(value) = expr else { return false };
    let Value::SingleQuotedString(text) = &mut value.value else { return false };
    let Some(micros) = value::parse_moment(text) else { return false };
    *text = value::Value::Timestamp(micros).to_string();
    true
}

/// Whether it is a text of the length of a day.
fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::SingleQuotedString(text) if text.len() == 10))
}
