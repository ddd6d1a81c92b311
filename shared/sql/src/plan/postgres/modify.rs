//! Statements that change a table.

use super::super::PlanError;
use super::super::expression::quoted;
use super::super::node::Node;
use super::Writer;
use super::level::{Level, relation_name};
use super::outputs::{Shape, is_of_the_system, outputs_of};

impl<'p> Writer<'p> {
    /// INSERT, UPDATE, DELETE and MERGE. A plan names the columns that get values nowhere: those of INSERT are
    /// all of the table, in its order, which a catalog knows.
    pub(super) fn change(&mut self, node: &Node<'p>, shape: Shape<'_>) -> Result<String, PlanError> {
        let relation =
            node.text("Relation Name").ok_or_else(|| node.malformed("the one table that is changed"))?;
        let target = relation_name(node, relation);
        let alias = node.text("Alias").unwrap_or(relation);
        let inputs = node.inputs()?;
        let below = inputs.first().ok_or_else(|| node.malformed("the rows of a change"))?;
        let operation = node.text("Operation").unwrap_or_default();
        let sql = if operation == "Insert" {
            let with = self.with_of(node)?;
            let columns = self.inserted(node, relation, &outputs_of(below)?);
            let body = self.query(below, Shape::default())?;
            format!("{with}INSERT INTO {target} AS {} ({}) {body}", quoted(alias), columns.join(", "))
        } else {
            self.changed(node, below, (&target, alias), operation)?
        };
        let returned = node.texts("Output");
        if returned.is_empty() {
            return Ok(sql);
        }
        let level = Level::of_change(alias);
        Ok(format!("{sql} RETURNING {}", self.list(&returned, &level, shape).join(", ")))
    }

    fn changed(
        &mut self,
        node: &Node<'p>,
        below: &Node<'p>,
        (target, alias): (&str, &str),
        operation: &str,
    ) -> Result<String, PlanError> {
        let mut level = Level::of_change(alias);
        let with = self.with_of(node)?;
        self.collect(below, &mut level, false)?;
        let (joins, filters) = self.conditions(&level);
        let conditions: Vec<String> = joins.into_iter().chain(filters).collect();
        let others = level.from.join(", ");
        let others = |word: &str| if others.is_empty() { String::new() } else { format!(" {word} {others}") };
        let rows = match &conditions[..] {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let with = with + &level.with();
        if operation == "Delete" {
            return Ok(format!("{with}DELETE FROM {target} AS {}{}{rows}", quoted(alias), others("USING")));
        }
        let mut values = Vec::new();
        if operation == "Update" {
            for output in outputs_of(below)?.into_iter().filter(|output| !is_of_the_system(output)) {
                values.extend(self.in_level(output, &level));
            }
        }
        let column = |at: usize| quoted(&format!("(column {})", at + 1));
        let set: Vec<String> =
            values.iter().enumerate().map(|(at, value)| format!("{} = {value}", column(at))).collect();
        self.say(format!("into which columns of {target} the values of {} go", operation.to_uppercase()));
        let set = if set.is_empty() { format!("{} = NULL", column(0)) } else { set.join(", ") };
        Ok(format!("{with}UPDATE {target} AS {} SET {set}{}{rows}", quoted(alias), others("FROM")))
    }

    fn inserted(&mut self, node: &Node<'_>, relation: &str, outputs: &[&str]) -> Vec<String> {
        let parts: Vec<&str> = node.text("Schema").into_iter().chain([relation]).collect();
        let table = self.catalog.find(&parts).or_else(|| self.catalog.find(&[relation]));
        match table.filter(|table| table.columns.len() == outputs.len()) {
            Some(table) => table.columns.iter().map(|column| quoted(&column.name)).collect(),
            None => {
                self.say(format!(
                    "into which columns of {relation} the values of INSERT go; a catalog would tell"
                ));
                (1..=outputs.len()).map(|at| quoted(&format!("(column {at})"))).collect()
            }
        }
    }
}
