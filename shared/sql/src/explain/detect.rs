//! Whose plan it is and how it is written, told by what only one of them has; and what programs draw around
//! a plan, taken off.

use serde_json::Value;

use super::document::Object;
use super::rows::{self, Row};
use super::tree::Plan;
use super::{Engine, ExplainError, duckdb, mysql, mysql_blocks, mysql_tree};
use super::{postgres_json, postgres_text, snowflake, sqlite};

/// A form of a plan.
#[derive(Debug, Clone, Copy)]
enum Form<'p> {
    PostgresJson(Object<'p>),
    PostgresText(&'p str),
    MySqlBlocks(Object<'p>),
    MySqlSteps(Object<'p>),
    MySqlTree(&'p str),
    MySqlRows(&'p [Row]),
    DuckDbJson(Object<'p>),
    DuckDbBoxes(&'p str),
    SqliteTree(&'p str),
    SqliteRows(&'p [Row]),
    SnowflakeJson(Object<'p>),
    SnowflakeText(&'p str),
    SnowflakeRows(&'p [Row]),
}

impl Form<'_> {
    fn engine(self) -> Engine {
        match self {
            Self::PostgresJson(_) | Self::PostgresText(_) => Engine::Postgres,
            Self::MySqlBlocks(_) | Self::MySqlSteps(_) | Self::MySqlTree(_) | Self::MySqlRows(_) => {
                Engine::MySql
            }
            Self::DuckDbJson(_) | Self::DuckDbBoxes(_) => Engine::DuckDb,
            Self::SqliteTree(_) | Self::SqliteRows(_) => Engine::Sqlite,
            Self::SnowflakeJson(_) | Self::SnowflakeText(_) | Self::SnowflakeRows(_) => Engine::Snowflake,
        }
    }

    /// Reads it, where it is of the engine that was asked for.
    fn read(self, asked: Option<Engine>) -> Result<Plan, ExplainError> {
        if let Some(asked) = asked
            && asked != self.engine()
        {
            return Err(ExplainError::NotOf(asked));
        }
        match self {
            Self::PostgresJson(plan) => postgres_json::read(plan),
            Self::PostgresText(text) => postgres_text::read(text),
            Self::MySqlBlocks(plan) => mysql_blocks::read(plan),
            Self::MySqlSteps(plan) => mysql_tree::read_json(plan),
            Self::MySqlTree(text) => mysql_tree::read(text),
            Self::MySqlRows(rows) => mysql::read_rows(rows),
            Self::DuckDbJson(plan) => duckdb::read_json(plan),
            Self::DuckDbBoxes(text) => duckdb::read_boxes(text),
            Self::SqliteTree(text) => sqlite::read_tree(text),
            Self::SqliteRows(rows) => sqlite::read_rows(rows),
            Self::SnowflakeJson(plan) => snowflake::read_json(plan),
            Self::SnowflakeText(text) => snowflake::read_text(text),
            Self::SnowflakeRows(rows) => snowflake::read_rows(rows),
        }
    }
}

fn unknown(asked: Option<Engine>) -> ExplainError {
    asked.map_or(ExplainError::Unknown, ExplainError::NotOf)
}

/// A plan in JSON.
pub(super) fn json(value: &Value, asked: Option<Engine>) -> Result<Plan, ExplainError> {
    let list = match value {
        Value::String(printed) => return text(printed, asked),
        Value::Array(list) => list.as_slice(),
        other => std::slice::from_ref(other),
    };
    let Some(first) = list.first() else { return Err(unknown(asked)) };
    if let Some(printed) = one_column(list) {
        return match printed {
            OneColumn::Lines(lines) => text(&lines, asked),
            OneColumn::Json(inner) => json(inner, asked),
        };
    }
    if let Value::Array(_) = first {
        let rows = sqlite::unnamed(list).ok_or_else(|| unknown(asked))?;
        return Form::SqliteRows(&rows).read(asked);
    }
    let object = Object::maybe(first).ok_or_else(|| unknown(asked))?;
    if let Some(form) = document(object) {
        return form.read(asked);
    }
    let rows = rows::listed(list).ok_or_else(|| unknown(asked))?;
    of_rows(&rows).ok_or_else(|| unknown(asked))?.read(asked)
}

/// The form of a document.
fn document(object: Object<'_>) -> Option<Form<'_>> {
    let has = |keys: &[&str]| object.has(keys);
    Some(if has(&["Plan", "Node Type"]) {
        Form::PostgresJson(object)
    } else if has(&["query_block"]) {
        Form::MySqlBlocks(object)
    } else if has(&["GlobalStats", "Operations"]) {
        Form::SnowflakeJson(object)
    } else if has(&["query_plan"]) || has(&["operation", "query"]) && has(&["inputs", "access_type"]) {
        Form::MySqlSteps(object)
    } else if has(&["children", "operator"])
        && has(&["extra_info", "name", "operator_name", "operator_type", "query", "query_name", "system"])
    {
        Form::DuckDbJson(object)
    } else {
        return None;
    })
}

/// The form of rows.
fn of_rows(rows: &[Row]) -> Option<Form<'_>> {
    let first = rows.first()?;
    Some(if first.contains_key("detail") {
        Form::SqliteRows(rows)
    } else if rows.iter().any(|row| row.contains_key("select_type")) {
        Form::MySqlRows(rows)
    } else if rows.iter().any(|row| row.contains_key("operation")) {
        Form::SnowflakeRows(rows)
    } else {
        return None;
    })
}

/// What stands in the only column of a result.
enum OneColumn<'p> {
    Lines(String),
    Json(&'p Value),
}

/// Names of columns that hold a plan and nothing else.
const COLUMNS: [&str; 5] = ["QUERY PLAN", "EXPLAIN", "content", "explain_value", "ANALYZE"];

/// What a client makes of a result with one column, or with one that counts.
fn one_column(list: &[Value]) -> Option<OneColumn<'_>> {
    let cell = |row: &'_ Value| -> Option<Value> {
        let row = row.as_object()?;
        COLUMNS.iter().find_map(|name| row.get(*name)).cloned()
    };
    let first = list.first()?.as_object()?;
    let held = COLUMNS.iter().find_map(|name| first.get(*name))?;
    if !held.is_string() {
        return Some(OneColumn::Json(held));
    }
    let lines: Option<Vec<String>> = list.iter().map(|row| cell(row)?.as_str().map(str::to_owned)).collect();
    lines.map(|lines| OneColumn::Lines(lines.join("\n")))
}

/// A plan as it was printed.
pub(super) fn text(printed: &str, asked: Option<Engine>) -> Result<Plan, ExplainError> {
    let plain = undecorated(printed);
    let start = plain.trim_start();
    if start.starts_with(['{', '[']) {
        let value: Value =
            serde_json::from_str(start).map_err(|error| ExplainError::Json(error.to_string()))?;
        return json(&value, asked);
    }
    if start.starts_with('+')
        && let Some(rows) = rows::drawn(start)
    {
        return of_rows(&rows).ok_or_else(|| unknown(asked))?.read(asked);
    }
    if let Some(rows) = sqlite::barred(&plain) {
        return Form::SqliteRows(&rows).read(asked);
    }
    of_lines(&plain).ok_or_else(|| unknown(asked))?.read(asked)
}

/// The form of lines for people.
fn of_lines(plain: &str) -> Option<Form<'_>> {
    let first = plain.lines().find(|line| !line.trim().is_empty())?.trim_start();
    if plain.contains(['┌', '╭']) {
        Some(Form::DuckDbBoxes(plain))
    } else if first.starts_with("->") {
        Some(Form::MySqlTree(plain))
    } else if first.starts_with("GlobalStats:") || first.starts_with("Operations:") {
        Some(Form::SnowflakeText(plain))
    } else if sqlite::is_tree(plain) {
        Some(Form::SqliteTree(plain))
    } else if postgres_text::is_plan(first) {
        Some(Form::PostgresText(plain))
    } else {
        None
    }
}

/// The plan without what psql, mysql and snowsql draw around it, and without the quotes that pgAdmin puts around
/// lines.
fn undecorated(printed: &str) -> String {
    let printed = printed.trim_start_matches('\u{feff}');
    let mut lines: Vec<&str> = printed.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let is_quoted = |line: &&str| line.len() > 1 && line.starts_with('"') && line.ends_with('"');
    if !lines.is_empty() && lines.iter().all(is_quoted) {
        return lines.iter().map(|line| line[1..line.len() - 1].replace("\"\"", "\"") + "\n").collect();
    }
    let is_line = |line: &&str| {
        let line = line.trim();
        line.starts_with("---") && line.chars().all(|c| c == '-')
    };
    let is_psql =
        lines.first().is_some_and(|line| line.trim() == "QUERY PLAN") && lines.get(1).is_some_and(is_line);
    if is_psql {
        lines.drain(..2);
        lines.retain(|line| !is_count(line));
        // Cells of several lines have a mark at the end of each but the last.
        return lines
            .iter()
            .map(|line| format!("{}\n", line.strip_suffix('+').unwrap_or(line).trim_end()))
            .collect();
    }
    if lines.first().is_some_and(|line| line.starts_with("***") && line.ends_with("***")) {
        let kept = lines[1..].iter().filter(|line| !line.starts_with("***") && !line.contains(" in set"));
        return kept.map(|line| format!("{}\n", line.strip_prefix("EXPLAIN: ").unwrap_or(line))).collect();
    }
    if let Some(line) = lines.first()
        && line.starts_with("EXPLAIN: ")
    {
        return printed.replacen("EXPLAIN: ", "", 1);
    }
    let is_border = |line: &&str| line.starts_with("+-") && line.chars().all(|c| matches!(c, '+' | '-'));
    let has_one_column = lines.first().is_some_and(|line| is_border(line) && line.matches('+').count() == 2);
    if has_one_column {
        let kept = lines.iter().skip(2).filter(|line| !is_border(line) && !line.starts_with("|-"));
        return kept
            .map(|line| {
                let line = line.strip_prefix("| ").unwrap_or(line);
                format!("{}\n", line.strip_suffix('|').unwrap_or(line).trim_end())
            })
            .collect();
    }
    printed.to_owned()
}

/// `(12 rows)`.
fn is_count(line: &str) -> bool {
    let inner = line.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(|inner| {
        let mut words = inner.split(' ');
        words.next().is_some_and(|count| count.parse::<u64>().is_ok())
            && matches!(words.next(), Some("row" | "rows"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_draw_is_taken_off() {
        for (printed, plain) in [
            (
                " QUERY PLAN \n------\n Seq Scan on t\n   Filter: (a = 1)\n(2 rows)\n",
                " Seq Scan on t\n   Filter: (a = 1)\n",
            ),
            (" QUERY PLAN \n------\n [    +\n   {}+\n ]\n(1 row)\n", " [\n   {}\n ]\n"),
            ("\"Seq Scan on \"\"T\"\"\"\n\"  Filter: (a = 1)\"\n", "Seq Scan on \"T\"\n  Filter: (a = 1)\n"),
            ("*** 1. row ***\nEXPLAIN: -> Limit\n    -> Sort\n1 row in set\n", "-> Limit\n    -> Sort\n"),
            ("+---+\n| EXPLAIN |\n+---+\n| -> Limit\n    -> Sort\n |\n+---+\n", "-> Limit\n    -> Sort\n\n"),
            ("EXPLAIN: -> Limit\n    -> Sort", "-> Limit\n    -> Sort"),
        ] {
            assert_eq!(undecorated(printed).trim_end(), plain.trim_end(), "{printed}");
        }
    }

    #[test]
    fn what_is_no_plan_is_said_to_be_none() {
        for printed in [
            "",
            "  \n",
            "hello",
            "SELECT 1",
            "1|2",
            "+--+",
            "|-",
            "Limited offer",
            "[]",
            "{}",
            "[1]",
            "\"x\"",
            "null",
        ] {
            assert_eq!(text(printed, None).unwrap_err(), ExplainError::Unknown, "{printed}");
            assert_eq!(text(printed, Some(Engine::MySql)).unwrap_err(), ExplainError::NotOf(Engine::MySql));
        }
        assert!(matches!(text("{\"Plan\":", None), Err(ExplainError::Json(_))));
        let deep = "[".repeat(10_000);
        assert!(matches!(text(&deep, None), Err(ExplainError::Json(_))));
        assert_eq!(
            text("-> Limit", Some(Engine::Postgres)).unwrap_err(),
            ExplainError::NotOf(Engine::Postgres)
        );
    }
}
