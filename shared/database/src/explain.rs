//! What the planner expects of a statement. It is planned and not run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::error::DatabaseError;
use crate::session::{Session, Text};

/// What the planner expects.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Total cost, in the database's own unit.
    pub cost: f64,
    /// Rows that it returns.
    pub rows: f64,
    /// The plan as `EXPLAIN (VERBOSE, FORMAT JSON)` prints it.
    pub plan: String,
    /// The tables that it reads, views and partitions resolved.
    pub relations: BTreeSet<Relation>,
    /// The plan, read.
    pub(crate) tree: Value,
}

/// A table of a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
}

impl Session {
    /// What a statement is expected to cost. One that writes is planned as well.
    ///
    /// # Errors
    /// The statement cannot be planned here, or the database does not answer.
    pub async fn explain(&mut self, sql: &str) -> Result<Estimate, DatabaseError> {
        let given = self.mark(None).await?;
        let found = self.explain_here(sql, given).await;
        self.back().await?;
        found
    }

    pub(crate) async fn explain_here(
        &mut self,
        sql: &str,
        given: Duration,
    ) -> Result<Estimate, DatabaseError> {
        let plan = self.explained("VERBOSE, FORMAT JSON", sql, given).await?;
        Estimate::read(plan)
    }

    /// What EXPLAIN prints, with these options.
    pub(crate) async fn explained(
        &mut self,
        options: &str,
        sql: &str,
        time: Duration,
    ) -> Result<String, DatabaseError> {
        let statement = self.prepare(&format!("EXPLAIN ({options}) {sql}"), time).await?;
        let rows = self.rows(&statement, time).await?;
        let row = rows.first().ok_or(DatabaseError::Answer("there is no plan"))?;
        let Text(plan) = row.try_get(0).map_err(|_| DatabaseError::Answer("the plan is no text"))?;
        Ok(plan)
    }
}

impl Estimate {
    fn read(plan: String) -> Result<Self, DatabaseError> {
        let no_plan = DatabaseError::Answer("the plan cannot be read, or is nested too deeply");
        let Ok(tree) = serde_json::from_str::<Value>(&plan) else { return Err(no_plan) };
        let top = &tree[0]["Plan"];
        let (Some(cost), Some(rows)) = (top["Total Cost"].as_f64(), top["Plan Rows"].as_f64()) else {
            return Err(DatabaseError::NotExplained("the statement has no plan of its own"));
        };
        let mut relations = BTreeSet::new();
        each_step(&tree, &mut |step| {
            if let (Some(schema), Some(name)) = (step["Schema"].as_str(), step["Relation Name"].as_str()) {
                relations.insert(Relation { schema: schema.to_owned(), name: name.to_owned() });
            }
        });
        Ok(Self { cost, rows, plan, relations, tree })
    }
}

/// Goes over every object in a plan.
pub(crate) fn each_step<'a>(tree: &'a Value, look: &mut impl FnMut(&'a Value)) {
    match tree {
        Value::Array(list) => list.iter().for_each(|value| each_step(value, look)),
        Value::Object(members) => {
            look(tree);
            members.values().for_each(|value| each_step(value, look));
        }
        _ => {}
    }
}
