//! EXPLAIN of Snowflake: USING JSON, USING TEXT and USING TABULAR. It says which parts of tables are read and
//! has no rows.

use serde_json::Value;

use super::document::Object;
use super::rows::{Row, Step, add_steps};
use super::tree::{Builder, Node, Operation, Partitions, Plan, Relation, Role, Total, number};
use super::{Engine, ExplainError, Format};

/// A step as all forms tell of it.
#[derive(Default)]
struct Told<'p> {
    operation: &'p str,
    object: &'p str,
    alias: Option<&'p str>,
    expressions: String,
    partitions: (Option<f64>, Option<f64>),
}

impl Told<'_> {
    fn node(&self) -> Node {
        let has = |word: &str| self.operation.contains(word);
        let operation = match self.operation {
            "TableScan" => Operation::SequentialScan,
            "CartesianJoin" => Operation::NestedLoop,
            "Filter" | "JoinFilter" => Operation::Filter,
            "SortWithLimit" | "Sort" => Operation::Sort,
            "Limit" => Operation::Limit,
            "UnionAll" => Operation::Append,
            "Insert" | "Update" | "Delete" | "Merge" => Operation::Modify,
            _ if has("Join") => Operation::HashJoin,
            _ if has("Aggregate") || has("GroupingSets") => Operation::Aggregate,
            _ if has("Scan") || has("ValuesClause") || has("Generator") => Operation::OtherScan,
            _ => Operation::Other,
        };
        let mut node = Node::new(self.operation, operation);
        if operation == Operation::SequentialScan && !self.object.is_empty() {
            node.relation = Some(Relation::new(self.object, self.alias));
        }
        match operation {
            Operation::Filter => node.predicate(Role::Filter, self.expressions.as_str()),
            Operation::HashJoin | Operation::NestedLoop => {
                node.predicate(Role::Join, self.expressions.trim_start_matches("joinKey: "));
            }
            _ => {}
        }
        if let (Some(read), Some(total)) = self.partitions {
            node.partitions = Some(Partitions { read, total });
        }
        node
    }
}

/// USING JSON.
pub(super) fn read_json(plan: Object<'_>) -> Result<Plan, ExplainError> {
    let mut steps = Vec::new();
    for (number, operations) in plan.list("Operations").iter().enumerate() {
        for operation in operations.as_array().map_or(&[][..], Vec::as_slice) {
            let object = Object::of(operation, &format!("Operations[{number}]"))?;
            let told = Told {
                operation: object.text("operation").unwrap_or("?"),
                object: object.texts("objects").first().copied().unwrap_or_default(),
                alias: object.text("alias"),
                expressions: object.texts("expressions").join(" AND "),
                partitions: (object.number(&["partitionsAssigned"]), object.number(&["partitionsTotal"])),
            };
            let id = |value: &Value| format!("{number}:{value}");
            let parent = object.list("parentOperators").first().or_else(|| object.get("parent"));
            steps.push(Step {
                id: object.get("id").map(id).unwrap_or_default(),
                parent: parent.map(id),
                node: told.node(),
            });
        }
    }
    finish(steps, Format::Json)
}

/// USING TABULAR.
pub(super) fn read_rows(rows: &[Row]) -> Result<Plan, ExplainError> {
    let mut steps = Vec::new();
    // A row of figures of the whole comes first, without an operation that has an id.
    for row in rows.iter().filter(|row| row.contains_key("id")) {
        let cell = |names: &[&str]| names.iter().find_map(|name| row.get(*name)).map(String::as_str);
        let figure = |names: &[&str]| cell(names).and_then(number);
        let told = Told {
            operation: cell(&["operation"]).unwrap_or("?"),
            object: cell(&["objects"]).unwrap_or_default().trim_matches(['[', ']', '"']),
            alias: cell(&["alias"]),
            expressions: cell(&["expressions"]).unwrap_or_default().to_owned(),
            partitions: (
                figure(&["partitionsassigned", "assignedpartitions"]),
                figure(&["partitionstotal", "totalpartitions"]),
            ),
        };
        let step = cell(&["step"]).unwrap_or_default();
        let parent = cell(&["parentoperators", "parent"]).map(|parent| parent.trim_matches(['[', ']']));
        let parent = parent.and_then(|parents| parents.split(',').next());
        steps.push(Step {
            id: format!("{step}:{}", cell(&["id"]).unwrap_or_default()),
            parent: parent.map(|parent| format!("{step}:{}", parent.trim())),
            node: told.node(),
        });
    }
    finish(steps, Format::Rows)
}

/// Several steps, or several that nothing is above, get a root.
fn finish(steps: Vec<Step>, format: Format) -> Result<Plan, ExplainError> {
    if steps.is_empty() {
        return Err(ExplainError::Empty(Engine::Snowflake));
    }
    let mut builder = Builder::default();
    let tops = steps.iter().filter(|step| step.parent.is_none()).count();
    let root = if tops == 1 && steps[0].parent.is_none() {
        None
    } else {
        Some(builder.add(None, Node::new("Steps", Operation::Other))?)
    };
    let mut steps = steps.into_iter();
    if root.is_none()
        && let Some(first) = steps.next()
    {
        let id = first.id.clone();
        let at = builder.add(None, first.node)?;
        let rest =
            steps.map(|step| Step { parent: step.parent.filter(|parent| *parent != id), ..step }).collect();
        add_steps(&mut builder, Some(at), rest)?;
    } else {
        add_steps(&mut builder, root, steps.collect())?;
    }
    builder.finish(Engine::Snowflake, format, Total::default())
}

/// USING TEXT: `1:2               ->TableScan  DB.S.T  A, B  {partitionsTotal=1, partitionsAssigned=1, …}`.
pub(super) fn read_text(text: &str) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((head, rest)) = line.split_once("->") else { continue };
        let mut words = rest.trim().splitn(2, "  ");
        let operation = words.next().unwrap_or("?").trim();
        let (said, braces) = match words.next().unwrap_or_default().rsplit_once('{') {
            Some((said, braces)) => (said.trim(), braces),
            None => (rest.split_once("  ").map_or("", |(_, said)| said.trim()), ""),
        };
        let figure = |name: &str| {
            let (_, value) = braces.split_once(name)?;
            number(value.trim_start_matches('=').split([',', '}']).next()?)
        };
        let mut parts = said.split("  ");
        let told = Told {
            operation,
            object: parts.next().unwrap_or_default(),
            alias: None,
            expressions: said.to_owned(),
            partitions: (figure("partitionsAssigned"), figure("partitionsTotal")),
        };
        found.push((head.chars().count(), told.node()));
    }
    let least = found.iter().map(|(column, _)| *column).min();
    let several = found.iter().filter(|(column, _)| Some(*column) == least).count() > 1;
    let root = if several { Some(builder.add(None, Node::new("Steps", Operation::Other))?) } else { None };
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (column, node) in found {
        while open.last().is_some_and(|(above, _)| *above >= column) {
            open.pop();
        }
        let at = builder.add(open.last().map(|(_, above)| *above).or(root), node)?;
        open.push((column, at));
    }
    builder.finish(Engine::Snowflake, Format::Text, Total::default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::explain::rows::drawn;

    fn plan(parent: &str) -> Plan {
        let mut plan = json!({
            "GlobalStats": {"partitionsTotal": 900, "partitionsAssigned": 900, "bytesAssigned": 1024},
            "Operations": [[
                {"id": 0, "operation": "Result", "expressions": ["O.ID"]},
                {"id": 1, "operation": "InnerJoin", "expressions": ["joinKey: (C.ID = O.CUSTOMER_ID)"]},
                {"id": 2, "operation": "TableScan", "objects": ["SHOP.PUBLIC.CUSTOMERS"], "alias": "C",
                 "partitionsTotal": 1, "partitionsAssigned": 1},
                {"id": 3, "operation": "Filter", "expressions": ["O.STATUS = 'open'"]},
                {"id": 4, "operation": "TableScan", "objects": ["SHOP.PUBLIC.ORDERS"], "alias": "O",
                 "partitionsTotal": 899, "partitionsAssigned": 899},
            ]],
        });
        for (at, above) in [(1, 0), (2, 1), (3, 1), (4, 3)] {
            plan["Operations"][0][at][parent] =
                if parent == "parent" { json!(above) } else { json!([above]) };
        }
        read_json(Object::of(&plan, "").unwrap()).unwrap()
    }

    #[test]
    fn json_of_both_releases() {
        let read = plan("parent");
        assert_eq!(read, plan("parentOperators"));
        let join = &read.root.children[0];
        assert_eq!(
            (join.operation, &*join.predicates[0].text),
            (Operation::HashJoin, "(C.ID = O.CUSTOMER_ID)")
        );
        let orders = &join.children[1].children[0];
        assert_eq!(orders.partitions, Some(Partitions { read: 899.0, total: 899.0 }));
        assert_eq!(
            orders.relation,
            Some(Relation { name: "SHOP.PUBLIC.ORDERS".into(), alias: Some("O".into()) })
        );
    }

    #[test]
    fn text_and_table_are_the_same_tree() {
        let text = "\
GlobalStats:
    partitionsTotal=900
Operations:
1:0     ->Result  O.ID
1:1          ->InnerJoin  joinKey: (C.ID = O.CUSTOMER_ID)
1:2               ->TableScan  SHOP.PUBLIC.CUSTOMERS  ID  {partitionsTotal=1, partitionsAssigned=1, bytesAssigned=5}
1:3               ->Filter  O.STATUS = 'open'
1:4                    ->TableScan  SHOP.PUBLIC.ORDERS  ID, STATUS  {partitionsTotal=899, partitionsAssigned=899, bytesAssigned=9}
";
        let table = "\
+------+------+-----------------+-------------+-----------------------+-------+----------------------------------+-----------------+--------------------+---------------+
| step | id   | parentOperators | operation   | objects               | alias | expressions                      | partitionsTotal | partitionsAssigned | bytesAssigned |
|------+------+-----------------+-------------+-----------------------+-------+----------------------------------+-----------------+--------------------+---------------|
| NULL | NULL | NULL            | GlobalStats | NULL                  | NULL  | NULL                             |             900 |                900 |          1024 |
| 1    | 0    | NULL            | Result      | NULL                  | NULL  | O.ID                             |            NULL |               NULL |          NULL |
| 1    | 1    | [0]             | InnerJoin   | NULL                  | NULL  | joinKey: (C.ID = O.CUSTOMER_ID)  |            NULL |               NULL |          NULL |
| 1    | 2    | [1]             | TableScan   | SHOP.PUBLIC.CUSTOMERS | C     | ID                               |               1 |                  1 |             5 |
| 1    | 3    | [1]             | Filter      | NULL                  | NULL  | O.STATUS = 'open'                |            NULL |               NULL |          NULL |
| 1    | 4    | [3]             | TableScan   | SHOP.PUBLIC.ORDERS    | O     | ID, STATUS                       |             899 |                899 |             9 |
+------+------+-----------------+-------------+-----------------------+-------+----------------------------------+-----------------+--------------------+---------------+
";
        let json = plan("parent");
        let table = read_rows(&drawn(table).unwrap()).unwrap();
        assert_eq!(table.root, json.root);
        let mut text = read_text(text).unwrap();
        // The text has no aliases.
        let join = &mut text.root.children[0];
        for (scan, alias) in [(0, "C"), (1, "O")] {
            let node = &mut join.children[scan];
            let node = if node.children.is_empty() { node } else { &mut node.children[0] };
            node.relation.as_mut().unwrap().alias = Some(alias.to_owned());
        }
        assert_eq!(text.root, json.root);
    }

    #[test]
    fn circles_and_steps_do_no_harm() {
        let circle = json!({"Operations": [[{"id": 0, "operation": "Result", "parent": 1}, {"id": 1, "operation": "Filter", "parent": 0}], [{"id": 0, "operation": "Result"}]]});
        let plan = read_json(Object::of(&circle, "").unwrap()).unwrap();
        assert_eq!(plan.total.nodes, 4);
        let empty = json!({"Operations": []});
        assert_eq!(
            read_json(Object::of(&empty, "").unwrap()).unwrap_err(),
            ExplainError::Empty(Engine::Snowflake)
        );
    }
}
