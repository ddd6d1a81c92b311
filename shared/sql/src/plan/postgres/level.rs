//! What a level of the query is made of: all that is scanned between one SELECT and the next.

use std::collections::BTreeSet;

use sqlparser::tokenizer::Token;

use super::super::PlanError;
use super::super::expression::{named, plain, quoted, sorted_by, without_brackets};
use super::super::node::Node;
use super::Writer;
use super::outputs::{Shape, columns_of, outputs_of};
use crate::parse::{Grammar, raw_tokens};

/// A window that an expression does not describe, up to version 17.
const OPEN_WINDOW: &str = "OVER (?)";

/// Members of a node that say which rows it lets through.
const CONDITIONS: &[&str] = &[
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Index Cond",
    "Recheck Cond",
    "TID Cond",
    "Filter",
    "One-Time Filter",
    "Run Condition",
];

/// A level, in expressions of the plan.
#[derive(Debug, Default)]
pub(super) struct Level {
    ctes: Vec<String>,
    is_recursive: bool,
    /// What is scanned, in words.
    pub(super) from: Vec<String>,
    aliases: BTreeSet<String>,
    /// The target of a change, which is not among what is scanned then.
    target: Option<String>,
    pub(super) conditions: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) having: Vec<String>,
    pub(super) windows: Vec<String>,
    /// Calls of window functions whose windows expressions leave open, and by what their rows are sorted.
    calls: Vec<(String, Vec<String>)>,
    pub(super) sorts: Vec<String>,
    /// Expressions of what is scanned, as the plan repeats them above, and the columns that they are here.
    renames: Vec<(String, String)>,
}

impl Level {
    /// That of a change of the relation that goes by this alias.
    pub(super) fn of_change(alias: &str) -> Self {
        Self { target: Some(alias.to_owned()), ..Self::default() }
    }

    /// Whether it is known to give no row, and so reads nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.from.is_empty() && self.conditions.iter().any(|condition| condition == "false")
    }

    /// The WITH in words.
    pub(super) fn with(&self) -> String {
        match &self.ctes[..] {
            [] => String::new(),
            ctes => format!("WITH {}{} ", if self.is_recursive { "RECURSIVE " } else { "" }, ctes.join(", ")),
        }
    }

    /// How many relations of the level an expression names.
    pub(super) fn relations_in(&self, expression: &str) -> usize {
        let named = named(expression).into_iter().map(|named| named.alias);
        named.filter(|alias| self.aliases.contains(alias)).collect::<BTreeSet<_>>().len()
    }

    /// The expression with the columns of this level.
    pub(super) fn renamed(&self, expression: &str) -> String {
        if self.renames.is_empty() {
            return expression.to_owned();
        }
        let bare = without_brackets(expression);
        if let Some((_, column)) = self.renames.iter().find(|(given, _)| given == bare) {
            return column.clone();
        }
        let mut text = expression.to_owned();
        for (given, column) in self.renames.iter().filter(|(given, _)| plain(given).is_none()) {
            text = text.replace(&format!("({given})"), column);
        }
        let Some(tokens) = raw_tokens(Grammar::Postgres, &text) else {
            return text;
        };
        let mut done = String::with_capacity(text.len());
        let mut at = 0;
        while at < tokens.len() {
            if let [Token::Word(alias), Token::Period, Token::Word(column), ..] = &tokens[at..] {
                let whole = format!("{alias}.{column}");
                let found = self.renames.iter().find(|(given, _)| *given == whole);
                done += found.map_or(&whole, |(_, column)| column);
                at += 3;
            } else {
                done += &tokens[at].to_string();
                at += 1;
            }
        }
        done
    }

    /// The expression with the windows that it leaves open, as far as an order of rows tells them.
    pub(super) fn windowed(&self, expression: &str) -> String {
        if !expression.contains(OPEN_WINDOW) {
            return expression.to_owned();
        }
        let mut text = expression.to_owned();
        for (call, keys) in &self.calls {
            let keys: Vec<String> = keys.iter().map(|key| self.renamed(key)).collect();
            let keys = if keys.is_empty() { String::new() } else { format!("ORDER BY {}", keys.join(", ")) };
            let call = self.renamed(call);
            text = text.replace(&call, &call.replace(OPEN_WINDOW, &format!("OVER ({keys})")));
        }
        text.replace(OPEN_WINDOW, "OVER ()")
    }

    fn add(&mut self, item: String, alias: &str) {
        self.aliases.insert(alias.to_owned());
        self.from.push(item);
    }
}

impl<'p> Writer<'p> {
    /// Collects what a node and those below it, to the next level, say.
    pub(super) fn collect(
        &mut self,
        node: &Node<'p>,
        level: &mut Level,
        orders: bool,
    ) -> Result<(), PlanError> {
        self.collect_ctes(node, level)?;
        let kind = node.kind()?;
        let alias = node.text("Alias");
        if matches!(kind, "Aggregate" | "Group") {
            level.having.extend(node.texts("Filter").into_iter().map(str::to_owned));
        } else {
            for key in CONDITIONS {
                for condition in node.texts(key).into_iter().map(str::to_owned) {
                    if !level.conditions.contains(&condition) {
                        level.conditions.push(condition);
                    }
                }
            }
        }
        let mut passes_order = false;
        match kind {
            "Subquery Scan" => return self.subquery(node, alias.unwrap_or("subquery"), level),
            "Append" | "Merge Append" | "SetOp" => return self.appended(node, level, orders),
            "CTE Scan" | "WorkTable Scan" | "Named Tuplestore Scan" => {
                let name = node.text("CTE Name").or_else(|| node.text("Tuplestore Name")).unwrap_or("?");
                let alias = alias.unwrap_or(name);
                level.add(format!("{} AS {}", quoted(name), quoted(alias)), alias);
            }
            "Function Scan" | "Table Function Scan" => {
                self.function(node, alias.unwrap_or("function"), level)?
            }
            "Values Scan" => {
                let columns = columns_named(node, alias.unwrap_or_default());
                let nulls = vec!["NULL"; columns.len().max(1)].join(", ");
                let alias = alias.unwrap_or("*VALUES*");
                level.add(format!("(VALUES ({nulls})) AS {}", with_columns(alias, &columns)), alias);
            }
            "Aggregate" | "Group" => {
                level.groups.extend(node.texts("Group Key").into_iter().map(str::to_owned));
                let sets = node.get("Grouping Sets").and_then(serde_json::Value::as_array);
                for set in sets.into_iter().flatten() {
                    let keys = ["Group Keys", "Hash Keys"].iter().filter_map(|key| set.get(*key)?.as_array());
                    let keys = keys.flatten().filter_map(serde_json::Value::as_array).flatten();
                    for key in keys.filter_map(serde_json::Value::as_str) {
                        if !level.groups.iter().any(|group| group == key) {
                            level.groups.push(key.to_owned());
                        }
                    }
                }
            }
            "Sort" | "Incremental Sort" if orders => {
                level.sorts.extend(node.texts("Sort Key").into_iter().map(|key| sorted_by(key).to_owned()));
            }
            "WindowAgg" => {
                level.windows.extend(node.texts("Window").into_iter().map(str::to_owned));
                for (call, keys) in calls_of(node)? {
                    match level.calls.iter_mut().find(|(other, _)| *other == call) {
                        Some((_, others)) if *others != keys => {
                            others.extend(keys);
                            self.say(format!("which of its windows {call} has at each place"));
                        }
                        Some(_) => {}
                        None => level.calls.push((call, keys)),
                    }
                }
            }
            "Limit" | "LockRows" | "Result" | "Gather" | "Gather Merge" | "ProjectSet" => {
                passes_order = orders
            }
            _ => {}
        }
        if let Some(relation) = node.text("Relation Name") {
            let alias = alias.unwrap_or(relation);
            if level.target.as_deref() == Some(alias) {
                level.aliases.insert(alias.to_owned());
            } else {
                level.add(format!("{} AS {}", relation_name(node, relation), quoted(alias)), alias);
            }
        }
        for below in node.inputs()? {
            self.collect(&below, level, passes_order)?;
        }
        Ok(())
    }

    /// The WITH of a node that is no SELECT of its own.
    pub(super) fn with_of(&mut self, node: &Node<'p>) -> Result<String, PlanError> {
        let mut level = Level::default();
        self.collect_ctes(node, &mut level)?;
        Ok(level.with())
    }

    fn collect_ctes(&mut self, node: &Node<'p>, level: &mut Level) -> Result<(), PlanError> {
        for below in node.children()?.iter().filter(|below| below.is_apart()) {
            let Some(name) = below.text("Subplan Name").and_then(|name| name.strip_prefix("CTE ")) else {
                continue;
            };
            let is_recursive = below.kind()? == "Recursive Union";
            let body = self.query(below, Shape::default())?;
            let scans = self.scans.get(name).cloned().unwrap_or_default();
            let inner = outputs_of(below)?;
            let columns = self.columns(&format!("WITH {name}"), &inner, &scans, &[]);
            level.is_recursive |= is_recursive;
            level.ctes.push(format!("{} AS ({body})", with_columns(name, &columns)));
        }
        Ok(())
    }

    fn columns(&mut self, what: &str, inner: &[&str], scans: &[Vec<&str>], more: &[&str]) -> Vec<String> {
        let inner: Vec<&str> =
            inner.iter().copied().filter(|output| !super::outputs::is_of_the_system(output)).collect();
        let (columns, left) = columns_of(&inner, scans, more, self.relations);
        for name in left {
            self.say(format!("which column of {what} is called {name}"));
        }
        columns
    }

    fn subquery(&mut self, node: &Node<'p>, alias: &str, level: &mut Level) -> Result<(), PlanError> {
        let inputs = node.inputs()?;
        let [below] = &inputs[..] else { return Err(node.malformed("one node below a Subquery Scan")) };
        let body = self.query(below, Shape::default())?;
        let scans = [node.texts("Output")];
        let columns = self.columns(alias, &outputs_of(below)?, &scans, &node.texts("Filter"));
        level.add(format!("LATERAL ({body}) AS {}", with_columns(alias, &columns)), alias);
        Ok(())
    }

    /// Rows of several queries: above, the plan calls them as the first does, or, of a table with parts, as the
    /// whole.
    fn appended(&mut self, node: &Node<'p>, level: &mut Level, orders: bool) -> Result<(), PlanError> {
        let body = match node.kind()? {
            "SetOp" => self.set_operation(node, Shape::default())?,
            _ => self.union(&node.inputs()?, Shape::default())?,
        };
        let alias = format!("(rows {})", level.from.len() + 1);
        let outputs = outputs_of(node)?;
        let columns: Vec<String> = (1..=outputs.len()).map(|at| format!("column {at}")).collect();
        for (output, column) in outputs.iter().zip(&columns) {
            let here = format!("{}.{}", quoted(&alias), quoted(column));
            level.renames.push((without_brackets(output).to_owned(), here.clone()));
            let whole = plain(output).and_then(|named| {
                let (whole, number) = named.alias.rsplit_once('_')?;
                number.parse::<u32>().ok()?;
                Some([
                    format!("{whole}.{}", named.column),
                    format!("{}.{}", quoted(whole), quoted(&named.column)),
                ])
            });
            level.renames.extend(whole.into_iter().flatten().map(|whole| (whole, here.clone())));
        }
        level.add(format!("LATERAL ({body}) AS {}", with_columns(&alias, &columns)), &alias);
        if orders && node.kind()? == "Merge Append" {
            level.sorts.extend(node.texts("Sort Key").into_iter().map(|key| sorted_by(key).to_owned()));
        }
        Ok(())
    }

    fn function(&mut self, node: &Node<'p>, alias: &str, level: &mut Level) -> Result<(), PlanError> {
        let columns = columns_named(node, alias);
        let call =
            node.text("Function Call").or_else(|| node.text("Table Function Call")).unwrap_or_default();
        let call = self.convert(&level.renamed(call))?;
        let item = format!("LATERAL {call} AS {}", with_columns(alias, &columns));
        let item = if super::parses(&format!("1 FROM {item}")) {
            item
        } else {
            self.say(format!("what comes out of {call}"));
            format!(
                "(VALUES ({})) AS {}",
                vec!["NULL"; columns.len().max(1)].join(", "),
                with_columns(alias, &columns)
            )
        };
        level.add(item, alias);
        Ok(())
    }
}

/// The calls of window functions that a node computes, and by what it expects its rows to be sorted: by what
/// divides and orders them, unless an index gives that order.
fn calls_of(node: &Node<'_>) -> Result<Vec<(String, Vec<String>)>, PlanError> {
    let mut next = node.inputs()?.into_iter().next();
    let below: Vec<&str> = match &next {
        Some(below) => outputs_of(below)?.into_iter().map(without_brackets).collect(),
        None => Vec::new(),
    };
    let mut keys = Vec::new();
    while let Some(node) = next {
        match node.kind()? {
            "Sort" | "Incremental Sort" => {
                keys = node.texts("Sort Key").into_iter().map(|key| sorted_by(key).to_owned()).collect();
                break;
            }
            "WindowAgg" => next = node.inputs()?.into_iter().next(),
            _ => break,
        }
    }
    // In brackets is what was computed below.
    let is_own = |output: &&str| {
        let bare = without_brackets(output);
        output.contains(OPEN_WINDOW) && (bare == *output || !below.contains(&bare))
    };
    let own = node.texts("Output").into_iter().filter(is_own).map(without_brackets);
    Ok(own.map(|output| (output.to_owned(), keys.clone())).collect())
}

/// The columns that a scan names with its own alias.
fn columns_named(node: &Node<'_>, alias: &str) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for text in node.texts("Output").into_iter().chain(node.texts("Filter")) {
        for named in named(text) {
            if named.alias == alias && !columns.contains(&named.column) {
                columns.push(named.column);
            }
        }
    }
    columns
}

fn with_columns(alias: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    match &columns[..] {
        [] => quoted(alias),
        columns => format!("{}({})", quoted(alias), columns.join(", ")),
    }
}

/// The name of a table, with its schema.
pub(super) fn relation_name(node: &Node<'_>, relation: &str) -> String {
    match node.text("Schema") {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(relation)),
        None => quoted(relation),
    }
}
