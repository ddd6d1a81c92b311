//! What a plan asks of columns that hold more than texts: those of CHAR, whose blanks some functions see, and those
//! of a type that has an order of its own.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use sqm_domain::Dialect;

use crate::database::{Attribute, Schema};
use crate::dialects::passes_blanks_on;

/// Functions of a text that give the same text, or one as long.
const BLIND_TO_BLANKS: &[&str] = &["coalesce", "nullif", "upper", "lower", "nvl", "greatest", "least"];

/// The names, in lower case, under which a plan has columns of some kind.
struct Names(BTreeSet<String>);

impl Names {
    /// The names of such columns in the schema, and those that the plan gives to them. Of another column with one
    /// of these names more is said than is true.
    fn of(plan: &LogicalPlan, schema: &Schema, is_meant: impl Fn(&Attribute) -> bool) -> Self {
        let attributes = schema.relations.iter().flat_map(|relation| &relation.attributes);
        let meant = attributes.filter(|attribute| is_meant(attribute));
        let mut names = Self(meant.map(|attribute| attribute.name.clone()).collect());
        let mut before = 0;
        while names.0.len() > before {
            before = names.0.len();
            names.follow(plan);
        }
        names
    }

    /// Adds the names that the plan gives to what has one of the names.
    fn follow(&mut self, plan: &LogicalPlan) {
        let _ = plan.apply_with_subqueries(|node| {
            if let LogicalPlan::Union(union) = node {
                for input in &union.inputs {
                    let both = input.schema().fields().iter().zip(union.schema.fields());
                    let named = both.filter(|(own, _)| self.0.contains(&own.name().to_lowercase()));
                    let given: Vec<String> = named.map(|(_, given)| given.name().to_lowercase()).collect();
                    self.0.extend(given);
                }
            }
            node.apply_expressions(|expr| {
                expr.apply(|part| {
                    if let Expr::Alias(alias) = part
                        && self.is_in(&alias.expr)
                    {
                        self.0.insert(alias.name.to_lowercase());
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        });
    }

    /// Whether it is such a column.
    fn is(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => {
                self.0.contains(&column.name.to_lowercase())
            }
            Expr::Alias(alias) => self.is(&alias.expr),
            _ => false,
        }
    }

    /// Whether such a column stands in it.
    fn is_in(&self, expr: &Expr) -> bool {
        expr.exists(|part| Ok(self.is(part))).unwrap_or(true)
    }
}

/// The names of CHAR columns whose blanks at the end the plan may see.
pub fn seen_blanks(plan: &LogicalPlan, schema: &Schema, dialect: Dialect) -> BTreeSet<String> {
    let names = Names::of(plan, schema, |attribute| attribute.is_padded);
    let mut seen = BTreeSet::new();
    if names.0.is_empty() {
        return seen;
    }
    let mut see = |expr: &Expr| {
        let _ = expr.apply(|part| {
            if names.is(part)
                && let Expr::Column(column) | Expr::OuterReferenceColumn(_, column) = part
            {
                seen.insert(column.name.to_lowercase());
            }
            Ok(TreeNodeRecursion::Continue)
        });
    };
    let _ = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                match part {
                    Expr::Like(like) | Expr::SimilarTo(like) => see(&like.expr),
                    Expr::BinaryExpr(binary)
                        if is_pattern(binary.op)
                            || (binary.op == Operator::StringConcat && passes_blanks_on(dialect)) =>
                    {
                        see(&binary.left);
                        see(&binary.right);
                    }
                    Expr::ScalarFunction(call) if sees_blanks(call.func.name(), dialect) => {
                        call.args.iter().for_each(&mut see);
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    // Behind a name that the plan gave, any of them may stand.
    let own: BTreeSet<String> = padded(schema).collect();
    if seen.iter().all(|name| own.contains(name)) { seen } else { own }
}

/// Whether a function gets the blanks of its arguments, and gives something else for them. PostgreSQL counts them as
/// bytes, and nowhere else.
fn sees_blanks(function: &str, dialect: Dialect) -> bool {
    function == "octet_length" || (passes_blanks_on(dialect) && !BLIND_TO_BLANKS.contains(&function))
}

fn padded(schema: &Schema) -> impl Iterator<Item = String> {
    let attributes = schema.relations.iter().flat_map(|relation| &relation.attributes);
    attributes.filter(|attribute| attribute.is_padded).map(|attribute| attribute.name.clone())
}

fn is_pattern(operator: Operator) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::LikeMatch
            | O::ILikeMatch
            | O::NotLikeMatch
            | O::NotILikeMatch
            | O::RegexMatch
            | O::RegexIMatch
            | O::RegexNotMatch
            | O::RegexNotIMatch
    )
}

/// What in the plan rests on the order of values whose type has one of its own; `None` where nothing does.
pub fn asked_for_own_order(plan: &LogicalPlan, schema: &Schema) -> Option<String> {
    let names = Names::of(plan, schema, |attribute| attribute.has_own_order);
    if names.0.is_empty() {
        return None;
    }
    let mut found = None;
    let mut ask = |expr: &Expr| {
        if found.is_none() && names.is_in(expr) {
            found = Some(expr.to_string());
        }
    };
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Sort(sort) = node {
            sort.expr.iter().for_each(|key| ask(&key.expr));
        }
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                match part {
                    Expr::BinaryExpr(binary)
                        if matches!(
                            binary.op,
                            Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
                        ) =>
                    {
                        ask(&binary.left);
                        ask(&binary.right);
                    }
                    Expr::Between(between) => ask(&between.expr),
                    Expr::AggregateFunction(call) if matches!(call.func.name(), "min" | "max") => {
                        call.params.args.iter().for_each(&mut ask);
                    }
                    Expr::AggregateFunction(call) => {
                        call.params.order_by.iter().for_each(|key| ask(&key.expr));
                    }
                    Expr::WindowFunction(window) => {
                        window.params.order_by.iter().for_each(|key| ask(&key.expr));
                        if matches!(window.fun.name(), "min" | "max") {
                            window.params.args.iter().for_each(&mut ask);
                        }
                    }
                    Expr::ScalarFunction(call) if matches!(call.func.name(), "greatest" | "least") => {
                        call.args.iter().for_each(&mut ask);
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    found
}
