//! A plan of PostgreSQL, written as the query that it amounts to.
//!
//! With VERBOSE every expression names columns by the alias of the relation that is scanned, however far below,
//! and aliases differ in the whole plan. So a level of the query is one SELECT over all that is scanned in it:
//! conditions of two relations are those of a join, others filter; expressions of nodes between add nothing.
//! What a level is made of is collected in `level.rs`; here it is put into words.

mod level;
mod modify;
mod outputs;

use std::collections::HashMap;

use serde_json::Value;

use super::PlanError;
use super::expression::{parses, quoted, without_brackets};
use super::node::Node;
use crate::catalog::Catalog;
use crate::lineage::NamedColumns;
use level::Level;
use outputs::{Shape, outputs_of};

/// Most bytes of the query that a plan amounts to.
pub(super) const MOST_BYTES: usize = 256 * 1024;

/// A plan as a query.
pub(super) struct Written {
    pub(super) sql: String,
    /// What it does not say, in words.
    pub(super) unsaid: Vec<String>,
}

/// Writes a plan as a query, whose columns have the names of the text that it was made for.
pub(super) fn write(plan: &Value, names: &NamedColumns, catalog: &Catalog) -> Result<Written, PlanError> {
    let root = root_of(plan)?;
    let mut writer = Writer {
        catalog,
        relations: &names.relations,
        apart: HashMap::new(),
        returned: HashMap::new(),
        scans: HashMap::new(),
        open: Vec::new(),
        unsaid: Vec::new(),
        left: MOST_BYTES,
    };
    if !writer.gather(&root)? {
        return Err(PlanError::NotVerbose);
    }
    let names = names.outputs.as_deref();
    let shape = Shape { names, width: names.map(<[_]>::len), only: None };
    let sql = match root.kind()? {
        "ModifyTable" => writer.change(&root, shape)?,
        _ => writer.query(&root, shape)?,
    };
    Ok(Written { sql, unsaid: writer.unsaid })
}

/// The topmost node: in what EXPLAIN prints, in one member of that, or as it is.
fn root_of(plan: &Value) -> Result<Node<'_>, PlanError> {
    let first = match plan {
        Value::Array(list) => list.first().ok_or(PlanError::Unknown)?,
        other => other,
    };
    match first.get("Plan") {
        Some(node) => Node::new(node, "[0].Plan".to_owned()),
        None => Node::new(first, "[0]".to_owned()),
    }
}

struct Writer<'p> {
    catalog: &'p Catalog,
    /// The columns, in order, of the queries of the text that are relations.
    relations: &'p [Vec<String>],
    /// Queries that expressions refer to, as `SubPlan 1`.
    apart: HashMap<String, Node<'p>>,
    /// Values that expressions refer to, as `$0`: the query, and which of its outputs.
    returned: HashMap<String, (String, usize)>,
    /// What scans of a WITH call its columns.
    scans: HashMap<String, Vec<Vec<&'p str>>>,
    /// Those of `apart` that are being written.
    open: Vec<String>,
    unsaid: Vec<String>,
    left: usize,
}

impl<'p> Writer<'p> {
    /// Looks through the plan for what expressions refer to. Gives whether any node says what it gives.
    fn gather(&mut self, node: &Node<'p>) -> Result<bool, PlanError> {
        let mut is_verbose = node.get("Output").is_some();
        if let Some(name) = node.text("Subplan Name") {
            let plain = name.split(" (returns ").next().unwrap_or(name);
            if let Some((_, params)) = name.split_once("(returns ") {
                for (at, param) in params.trim_end_matches(')').split(',').enumerate() {
                    self.returned.insert(param.trim().to_owned(), (plain.to_owned(), at));
                }
            }
            self.apart.insert(plain.to_owned(), node.clone());
        }
        if let Some(cte) = node.text("CTE Name") {
            self.scans.entry(cte.to_owned()).or_default().push(node.texts("Output"));
        }
        for child in &node.children()? {
            is_verbose |= self.gather(child)?;
        }
        // What changes a table and gives nothing has nothing to say.
        Ok(is_verbose || node.kind()? == "ModifyTable" || node.kind()? == "Result")
    }

    /// A node and what is below it as a query.
    fn query(&mut self, node: &Node<'p>, shape: Shape<'_>) -> Result<String, PlanError> {
        let sql = match node.kind()? {
            "Append" | "Merge Append" | "Recursive Union" => {
                let with = self.with_of(node)?;
                with + &self.union(&node.inputs()?, shape)?
            }
            "SetOp" => {
                let with = self.with_of(node)?;
                with + &self.set_operation(node, shape)?
            }
            "ModifyTable" => self.change(node, shape)?,
            _ => self.select(node, shape)?,
        };
        self.spend(sql.len())?;
        Ok(sql)
    }

    fn union(&mut self, members: &[Node<'p>], shape: Shape<'_>) -> Result<String, PlanError> {
        let mut arms = Vec::with_capacity(members.len());
        for member in members {
            arms.push(format!("({})", self.query(member, shape)?));
        }
        Ok(if arms.is_empty() { "SELECT NULL".to_owned() } else { arms.join(" UNION ALL ") })
    }

    /// INTERSECT and EXCEPT: up to version 17 over one list of rows, the last column of which says whether
    /// they are those of the right side.
    fn set_operation(&mut self, node: &Node<'p>, shape: Shape<'_>) -> Result<String, PlanError> {
        let mut members = node.inputs()?;
        while let [only] = &members[..] {
            let is_between = matches!(only.kind()?, "Append" | "Merge Append" | "Sort" | "Incremental Sort");
            if !is_between {
                return Err(node.malformed("the two sides of a set operation"));
            }
            members = only.inputs()?;
        }
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut width = shape.width;
        let is_flagged = members.iter().all(|member| {
            let last = outputs_of(member).ok().and_then(|outputs| outputs.last().copied());
            last.is_some_and(|last| matches!(without_brackets(last), "0" | "1"))
        });
        for (at, member) in members.into_iter().enumerate() {
            let outputs = outputs_of(&member)?;
            let is_right = if is_flagged {
                outputs.last().map(|last| without_brackets(last)) == Some("1")
            } else {
                at > 0
            };
            if is_flagged {
                width = Some(shape.width.unwrap_or(usize::MAX).min(outputs.len().saturating_sub(1)));
            }
            if is_right { right.push(member) } else { left.push(member) }
        }
        let operator = node.text("Command").unwrap_or("Intersect").to_uppercase();
        let sides = Shape { width, ..shape };
        Ok(format!("({}) {operator} ({})", self.union(&left, sides)?, self.union(&right, sides)?))
    }

    /// One level as a SELECT.
    fn select(&mut self, node: &Node<'p>, shape: Shape<'_>) -> Result<String, PlanError> {
        let mut level = Level::default();
        self.collect(node, &mut level, true)?;
        let list = self.list(&outputs_of(node)?, &level, shape);
        Ok(self.in_words(&level, &list))
    }

    /// The outputs in words.
    fn list(&mut self, outputs: &[&str], level: &Level, shape: Shape<'_>) -> Vec<String> {
        let mut list = Vec::new();
        let kept = outputs.iter().filter(|output| !outputs::is_of_the_system(output));
        for (at, output) in kept.take(shape.width.unwrap_or(usize::MAX)).enumerate() {
            if shape.only.is_some_and(|only| only != at) {
                continue;
            }
            let text = self.in_level(output, level).filter(|_| !level.is_empty());
            let text = text.unwrap_or_else(|| "NULL".to_owned());
            list.push(match shape.names.and_then(|names| names.get(at)) {
                Some(name) => format!("{text} AS {}", quoted(name)),
                None => text,
            });
        }
        if list.is_empty() {
            list.push("NULL".to_owned());
        }
        list
    }

    fn in_words(&mut self, level: &Level, list: &[String]) -> String {
        let mut sql = level.with();
        sql += &format!("SELECT {}", list.join(", "));
        let (joins, filters) = self.conditions(level);
        if let Some((first, rest)) = level.from.split_first() {
            sql += &format!(" FROM {first}");
            for (at, item) in rest.iter().enumerate() {
                let on = if at + 1 == rest.len() && !joins.is_empty() {
                    joins.join(" AND ")
                } else {
                    "TRUE".to_owned()
                };
                sql += &format!(" JOIN {item} ON {on}");
            }
        }
        let mut clause = |word: &str, list: Vec<String>, between: &str| {
            if !list.is_empty() {
                sql += &format!(" {word} {}", list.join(between));
            }
        };
        clause("WHERE", filters, " AND ");
        clause("GROUP BY", self.all_in_level(&level.groups, level), ", ");
        clause("HAVING", self.all_in_level(&level.having, level), " AND ");
        clause("WINDOW", level.windows.clone(), ", ");
        clause("ORDER BY", self.all_in_level(&level.sorts, level), ", ");
        sql
    }

    /// The conditions of a level: those of two of its relations, and the others.
    fn conditions(&mut self, level: &Level) -> (Vec<String>, Vec<String>) {
        let (mut joins, mut filters) = (Vec::new(), Vec::new());
        for condition in &level.conditions {
            let Some(text) = self.in_level(condition, level) else { continue };
            if level.relations_in(&text) > 1 && level.from.len() > 1 {
                joins.push(text);
            } else {
                filters.push(text);
            }
        }
        (joins, filters)
    }

    fn all_in_level(&mut self, expressions: &[String], level: &Level) -> Vec<String> {
        expressions.iter().filter_map(|expression| self.in_level(expression, level)).collect()
    }

    /// An expression with the names of a level.
    fn in_level(&mut self, expression: &str, level: &Level) -> Option<String> {
        let text = self.convert(&level.windowed(&level.renamed(expression))).ok()?;
        if parses(&text) {
            return Some(text);
        }
        self.say(format!("not understood: {expression}"));
        None
    }

    fn say(&mut self, what: String) {
        if self.unsaid.len() < 100 && !self.unsaid.contains(&what) {
            self.unsaid.push(what);
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), PlanError> {
        self.left = self.left.checked_sub(bytes).ok_or(PlanError::TooLarge)?;
        Ok(())
    }

    /// An expression with the queries that it refers to, and in words that SQL has.
    fn convert(&mut self, expression: &str) -> Result<String, PlanError> {
        let mut text = expression.replace("PARTIAL ", "");
        for word in ["(ANY (", "(ALL ("] {
            if text.contains(word) {
                text = text.replace(word, "((");
                text = text
                    .replace(" = (hashed SubPlan ", " IN (SubPlan ")
                    .replace(" = (SubPlan ", " IN (SubPlan ");
            }
        }
        if let Some((before, rest)) = text.split_once("alternatives: ")
            && let Some((first, rest)) = rest.split_once(" or ")
            && let Some((_, after)) = rest.split_once(')')
        {
            text = format!("{before}{first}){after}");
        }
        self.with_queries(&text)
    }

    /// Puts queries where an expression refers to them: `(hashed SubPlan 1).col2`, `(InitPlan 1).col1`, `$0`.
    fn with_queries(&mut self, text: &str) -> Result<String, PlanError> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['\'', '"', '$', 'S', 'I', 'h']) {
            let (before, here) = rest.split_at(at);
            done += before;
            let is_word_start = !done.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let quote = here.chars().next().filter(|c| matches!(c, '\'' | '"'));
            if let Some(quote) = quote {
                let end = here[1..].find(quote).map_or(here.len(), |end| end + 2);
                done += &here[..end];
                rest = &here[end..];
                continue;
            }
            let Some((name, output, length)) = is_word_start.then(|| self.reference(here)).flatten() else {
                let next = here.chars().next().map_or(0, char::len_utf8);
                done += &here[..next];
                rest = &here[next..];
                continue;
            };
            rest = &here[length..];
            // The column that is meant stands behind the bracket.
            if let Some((column, more)) = column_behind(rest) {
                done += &self.apart_query(&name, Some(column))?;
                done.push(')');
                rest = &rest[more..];
            } else if here.starts_with('$') {
                done += &format!("({})", self.apart_query(&name, output)?);
            } else {
                if here.starts_with("hashed ") {
                    self.say(format!("what is compared with the rows of {name}"));
                    done += "NULL IN (";
                }
                done += &self.apart_query(&name, None)?;
                if here.starts_with("hashed ") {
                    done.push(')');
                }
            }
        }
        done += rest;
        Ok(done)
    }

    /// The query that is referred to here, which of its outputs where that is said, and the length of the words.
    fn reference(&self, here: &str) -> Option<(String, Option<usize>, usize)> {
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
        if let Some(rest) = here.strip_prefix('$') {
            let length = 1 + digits(rest);
            let (name, output) = self.returned.get(&here[..length])?;
            return Some((name.clone(), Some(*output), length));
        }
        let bare = here.strip_prefix("hashed ").unwrap_or(here);
        let word = ["SubPlan ", "InitPlan "].into_iter().find(|word| bare.starts_with(word))?;
        let length = word.len() + digits(&bare[word.len()..]);
        let name = &bare[..length];
        self.apart.contains_key(name).then(|| (name.to_owned(), None, here.len() - bare.len() + length))
    }

    /// A query that an expression refers to, all of its outputs or one.
    fn apart_query(&mut self, name: &str, output: Option<usize>) -> Result<String, PlanError> {
        if self.open.iter().any(|open| open == name) {
            self.say(format!("{name} refers to itself"));
            return Ok("SELECT NULL".to_owned());
        }
        let Some(node) = self.apart.get(name).cloned() else { return Ok("SELECT NULL".to_owned()) };
        self.open.push(name.to_owned());
        let query = self.query(&node, Shape { only: output, ..Shape::default() });
        self.open.pop();
        query
    }
}

/// `).col2`: which output, from 0, and the length of the words.
fn column_behind(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix(").col")?;
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let number: usize = rest[..digits].parse().ok()?;
    Some((number.checked_sub(1)?, ").col".len() + digits))
}
