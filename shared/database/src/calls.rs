//! What a query really calls on this database: behind a view there may be anything, and a function that has
//! the name of a harmless one may be somebody's own. The database itself says both, before anything is run.

use std::collections::BTreeSet;

use serde_json::Value;
use sqm_sql::read_only::{ReadOnly, is_harmless};

use crate::error::DatabaseError;
use crate::explain::{Estimate, each_step};
use crate::session::Session;

/// What a plan writes before a parenthesis that is no function.
const NO_FUNCTIONS: &[&str] = &[
    "bit",
    "bpchar",
    "character",
    "interval",
    "numeric",
    "time",
    "timestamp",
    "varbit",
    "varchar",
    "varying",
];

/// Functions of these names that are not the database's, and operators and casts of users that may do
/// anything. One of either is enough.
const OWN: &str = "SELECT p.proname::text FROM pg_catalog.pg_proc p \
    WHERE p.proname = ANY($1::text[]) AND p.pronamespace <> 'pg_catalog'::regnamespace \
    UNION ALL \
    SELECT o.oprname::text FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode \
    WHERE o.oprnamespace <> 'pg_catalog'::regnamespace AND p.provolatile = 'v' \
    UNION ALL \
    SELECT p.proname::text FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc \
    WHERE p.pronamespace <> 'pg_catalog'::regnamespace AND p.provolatile = 'v' LIMIT 1";

impl Session {
    /// Why a query may not be run on this database, if there is a reason; `estimate` is its own.
    pub(crate) async fn objection(
        &mut self,
        query: &ReadOnly,
        estimate: &Estimate,
    ) -> Result<Option<String>, DatabaseError> {
        let mut calls = query.functions().clone();
        if let Err(why) = planned(&estimate.tree, &mut calls) {
            return Ok(Some(why));
        }
        let Some(behind) = self.behind_views(query.relations()).await? else {
            return Ok(Some("it reads too many views to be sure what they call".to_owned()));
        };
        for name in behind {
            if is_harmless(&name) {
                calls.insert(name);
            } else if !NO_FUNCTIONS.contains(&name.as_str()) {
                return Ok(Some(format!("a view that it reads may call the function {name}")));
            }
        }
        self.mark(None).await?;
        let names: Vec<&str> = calls.iter().map(String::as_str).collect();
        let found = self.ask(OWN, &[&names]).await;
        self.back().await?;
        let found = found?.first().and_then(|row| row.try_get::<_, String>(0).ok());
        Ok(found.map(|name| format!("the database has a function or operator {name} of its own")))
    }
}

/// Adds the functions that a plan calls.
fn planned(tree: &Value, calls: &mut BTreeSet<String>) -> Result<(), String> {
    let mut wrong = None;
    each_step(tree, &mut |step| {
        if step["Node Type"] == "Foreign Scan" {
            wrong = Some("it reads a table of another server".to_owned());
        }
        if let Some(name) = step["Function Name"].as_str()
            && !is_harmless(name)
        {
            wrong = Some(format!("it calls the function {name}"));
        }
        let members = step.as_object().into_iter().flatten();
        for text in members.flat_map(|(_, value)| texts(value)) {
            for name in called(text) {
                if is_harmless(&name) {
                    calls.insert(name);
                } else if !NO_FUNCTIONS.contains(&name.as_str()) {
                    wrong = Some(format!("it calls the function {name}"));
                }
            }
        }
    });
    wrong.map_or(Ok(()), Err)
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The names that stand right before a parenthesis in an expression as PostgreSQL prints it, which puts a space
/// before any other parenthesis. Quoted and qualified ones come as they are written.
pub(crate) fn called(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut name = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                // A quote inside is doubled, which reads as two texts in a row: that comes to the same.
                let inside: String = rest.by_ref().take_while(|&inner| inner != c).collect();
                if c == '"' {
                    name.extend(['"'].into_iter().chain(inside.chars()).chain(['"']));
                } else {
                    name.clear();
                }
            }
            '(' => {
                if !name.is_empty() {
                    found.push(std::mem::take(&mut name));
                }
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '$' | '.') => name.push(c),
            _ => name.clear(),
        }
    }
    // Keywords that take parentheses are printed in capitals; a function in capitals is printed in quotes.
    found.retain(|name| !name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    found
        .into_iter()
        .map(|name| name.strip_prefix("pg_catalog.").map(str::to_owned).unwrap_or(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(expression: &str, expected: &[&str]) {
        assert_eq!(called(expression), expected, "{expression}");
    }

    #[test]
    fn calls_in_what_a_plan_prints() {
        check("(t.a > 5)", &[]);
        check("lower((t.a)::text)", &["lower"]);
        check("((t.a)::character varying(20) ~~ 'f(x)'::text)", &["varying"]);
        check("nextval('s'::regclass)", &["nextval"]);
        check("COALESCE(sum(t.a), '0'::bigint)", &["sum"]);
        check("PARTIAL count(*)", &["count"]);
        check("(SubPlan 1)", &[]);
        check("(ANY (t.a = (hashed SubPlan 1).col1))", &[]);
        check("public.f(t.a) OVER (PARTITION BY t.b)", &["public.f"]);
        check("\"F\"(t.a)", &["\"F\""]);
        check("pg_catalog.lower('it''s (x)')", &["lower"]);
        check("EXTRACT(year FROM t.d)", &[]);
        check("(t.a = ANY ('{1,2}'::integer[]))", &[]);
        check("'f(' || g(1)", &["g"]);
    }

    #[test]
    fn what_stands_behind_a_view_counts() {
        let plan = |step: Value| planned(&json!([{ "Plan": step }]), &mut BTreeSet::new());
        assert!(plan(json!({"Node Type": "Seq Scan", "Output": ["a", "abs(b)"]})).is_ok());
        let sleeping = json!({"Node Type": "Seq Scan", "Plans": [{"Filter": "(pg_sleep('1'::double precision) IS NULL)"}]});
        assert!(plan(sleeping).unwrap_err().contains("pg_sleep"));
        assert!(plan(json!({"Node Type": "Function Scan", "Function Name": "dblink"})).is_err());
        assert!(plan(json!({"Node Type": "Foreign Scan"})).is_err());
    }
}
