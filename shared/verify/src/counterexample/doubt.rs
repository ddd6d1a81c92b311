//! Differences that a dialect may not see: those between texts that its usual collation, or a type, takes for the
//! same. Where two such texts meet, a difference may be that between them.

use std::collections::BTreeMap;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use sqm_domain::Dialect;

use crate::bind::Bound;
use crate::database::{Attribute, Schema};
use crate::dialects::compares_without_case;
use crate::forms::Form;
use crate::value::Value;
use crate::verdict::Counterexample;

/// Two texts of the counterexample, or of the queries, that are the same to the dialect and not to the engines.
pub fn rests_on_case(
    counterexample: &Counterexample,
    queries: [&Bound; 2],
    schema: &Schema,
    dialect: Dialect,
) -> Option<(String, String)> {
    let has = |is: fn(&Attribute) -> bool| {
        schema.relations.iter().flat_map(|relation| &relation.attributes).any(is)
    };
    let without_case = compares_without_case(dialect) || has(|attribute| attribute.form == Some(Form::Uuid));
    let without_blanks = compares_without_case(dialect) || has(|attribute| attribute.is_padded);
    if !without_case && !without_blanks {
        return None;
    }
    let mut texts: Vec<String> = Vec::new();
    for value in counterexample.tables.values().flat_map(|table| table.rows.iter().flatten()) {
        if let Value::Text(text) = value {
            texts.push(text.clone());
        }
    }
    queries.into_iter().for_each(|query| literals(&query.plan, &mut texts));
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    texts.into_iter().find_map(|text| {
        let mut folded = if without_case { text.to_lowercase() } else { text.clone() };
        if without_blanks {
            folded.truncate(folded.trim_end().len());
        }
        let other = known.entry(folded).or_insert_with(|| text.clone());
        (*other != text).then(|| (other.clone(), text))
    })
}

/// The texts that a plan says.
fn literals(plan: &LogicalPlan, texts: &mut Vec<String>) {
    // Looking at a plan does not fail.
    let _ = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = part {
                    texts.push(text.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
}
