//! Plans of DuckDB: `EXPLAIN (FORMAT json)`, the profile that EXPLAIN ANALYZE writes as JSON, in the words of
//! all its versions, and the boxes that it draws for people.

use serde_json::Value;

use super::document::Object;
use super::tree::{
    Builder, MOST_NODES, Node, Operation, Plan, Relation, Role, Spill, Spilled, Total, number,
};
use super::{Engine, ExplainError, Format};

/// How far lines between boxes are followed, in boxes that are looked at on the way: a hundred inputs of one step
/// take a million.
const MOST_WAY: usize = 100_000_000;

/// Steps of a profile that only hold others.
const AROUND: [&str; 3] = ["EXPLAIN_ANALYZE", "RESULT_COLLECTOR", "QUERY"];

/// Reads JSON.
pub(super) fn read_json(plan: Object<'_>) -> Result<Plan, ExplainError> {
    let mut builder = Builder::default();
    let mut top = plan;
    while let [only] = inputs(top)
        && (name(top).is_empty() || AROUND.contains(&name(top).to_uppercase().as_str()))
    {
        top = Object::of(only, "children[0]")?;
    }
    add(&mut builder, None, top)?;
    let query = plan.object("query").unwrap_or(plan);
    let seconds = query.number(&["total_time", "latency", "timing"]);
    let total = Total { execution_ms: seconds.map(|seconds| seconds * 1000.0), ..Total::default() };
    // The whole query is said to have spilled, and no step of it.
    let system = plan.object("system").unwrap_or(plan);
    let spilled = ["total_bytes_spilled", "peak_temp_dir_size", "system_peak_temp_dir_size"];
    let spilled = spilled.iter().filter_map(|key| system.number(&[key])).fold(0.0, f64::max);
    if spilled > 0.0
        && let Some(root) = builder.node(0)
    {
        root.spill = Some(Spill { what: Spilled::Rows, bytes: Some(spilled), batches: None });
    }
    builder.finish(Engine::DuckDb, Format::Json, total)
}

fn inputs(object: Object<'_>) -> &[Value] {
    match object.list("children") {
        [] => object.list("operator"),
        children => children,
    }
}

fn name(object: Object<'_>) -> &str {
    ["operator_type", "operator_name", "name"]
        .iter()
        .find_map(|key| object.text(key))
        .unwrap_or_default()
        .trim()
}

fn add(builder: &mut Builder, parent: Option<usize>, object: Object<'_>) -> Result<(), ExplainError> {
    let kind = ["operator_name", "name", "operator_type"].iter().find_map(|key| object.text(key));
    let mut node = Node::new(kind.unwrap_or("?").trim(), operation(kind.unwrap_or("?")));
    if let Some(info) = object.object("extra_info") {
        for (key, value) in info.members() {
            match value {
                Value::String(text) => said(&mut node, key, text),
                Value::Array(list) => {
                    let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                    said(&mut node, key, &texts.join(" AND "));
                }
                _ => {}
            }
        }
    }
    let rows = object.number(&["operator_cardinality", "cardinality", "intermediate_rows"]);
    // A plan that was not run has figures of a profile too, where a client makes one document of both.
    if object.has(&["operator_timing", "timing"]) {
        node.actual_rows = rows;
        let seconds = object.number(&["operator_timing", "timing"]);
        node.time_ms = seconds.map(|seconds| seconds * 1000.0);
        let scanned = object.number(&["operator_rows_scanned", "rows_scanned"]).filter(|rows| *rows > 0.0);
        node.rows_removed = scanned.zip(rows).map(|(scanned, rows)| (scanned - rows).max(0.0));
    }
    let at = builder.add(parent, node)?;
    for (place, child) in inputs(object).iter().enumerate() {
        add(builder, Some(at), Object::of(child, &format!("{}: children[{place}]", name(object)))?)?;
    }
    Ok(())
}

/// What a step does, by its name in JSON or in a box.
fn operation(kind: &str) -> Operation {
    let kind = kind.trim().to_uppercase().replace(' ', "_");
    let has = |word: &str| kind.contains(word);
    match kind.as_str() {
        "SEQ_SCAN" | "TABLE_SCAN" => Operation::SequentialScan,
        "FILTER" => Operation::Filter,
        "UNION" => Operation::Append,
        "HASH_JOIN" => Operation::HashJoin,
        "ORDER_BY" | "TOP_N" => Operation::Sort,
        "INSERT" | "UPDATE" | "DELETE" | "BATCH_INSERT" => Operation::Modify,
        _ if has("NESTED_LOOP") || has("NL_JOIN") || has("CROSS_PRODUCT") => Operation::NestedLoop,
        _ if has("MERGE_JOIN") || has("IE_JOIN") || has("ASOF") => Operation::MergeJoin,
        _ if has("INDEX_SCAN") => Operation::IndexScan,
        _ if has("GROUP_BY") || has("AGGREGATE") => Operation::Aggregate,
        _ if has("LIMIT") => Operation::Limit,
        _ if has("CTE") && !has("SCAN") => Operation::Materialize,
        _ if has("SCAN") || has("READ_") => Operation::OtherScan,
        _ => Operation::Other,
    }
}

/// What a step says of itself.
fn said(node: &mut Node, key: &str, text: &str) {
    match key.trim() {
        "Table" => node.relation = Some(Relation::new(text.trim(), None)),
        "Type" if text.contains("Index") => node.operation = Operation::IndexScan,
        "Filters" => node.predicate(Role::Filter, text.replace('\n', " AND ")),
        "Expression" | "Filter" if node.operation == Operation::Filter => node.predicate(Role::Filter, text),
        "Conditions" | "Condition" => node.predicate(Role::Join, text.replace('\n', " AND ")),
        "Estimated Cardinality" => node.estimated_rows = number(text),
        _ => {}
    }
}

/// A box on the page: the lines and columns of its border, and what stands in it.
struct Drawn {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
    /// Whether it stands in another, as titles do.
    is_framed: bool,
    lines: Vec<String>,
}

/// Reads boxes. A step is a box; it belongs to the box from whose bottom a line leads to its top.
pub(super) fn read_boxes(text: &str) -> Result<Plan, ExplainError> {
    let page: Vec<Vec<char>> = text.lines().map(|line| line.trim_end().chars().collect()).collect();
    let mut boxes = boxes(&page);
    if boxes.len() > MOST_NODES {
        return Err(ExplainError::TooManyNodes);
    }
    let mut way = MOST_WAY;
    boxes.sort_by_key(|it| (it.top, it.left));
    let mut builder = Builder::default();
    let mut total = Total::default();
    let mut places: Vec<Option<usize>> = Vec::with_capacity(boxes.len());
    for (at, it) in boxes.iter().enumerate() {
        let parent = above(&page, it, &boxes[..at], &mut way).and_then(|parent| places[parent]);
        let node = of_box(it, &mut total).filter(|node| {
            let kind = node.kind.to_uppercase().replace(' ', "_");
            parent.is_some() || !AROUND.contains(&kind.as_str())
        });
        places.push(match node {
            // A step that is lost would take what is wrong with it along.
            Some(_) if parent.is_none() && !builder.is_empty() => {
                return Err(ExplainError::Malformed {
                    place: format!("line {}", it.top + 1),
                    expected: "a line from this box to another above it; EXPLAIN (FORMAT json) needs no lines",
                });
            }
            Some(node) => Some(builder.add(parent, node)?),
            None => None,
        });
    }
    builder.finish(Engine::DuckDb, Format::Text, total)
}

fn at(page: &[Vec<char>], line: usize, column: usize) -> char {
    page.get(line).and_then(|line| line.get(column)).copied().unwrap_or(' ')
}

/// Every box of the page. A box in a box is what it is without the outer one, which only frames a title.
fn boxes(page: &[Vec<char>]) -> Vec<Drawn> {
    let mut found = Vec::new();
    for (top, line) in page.iter().enumerate() {
        for (left, _) in line.iter().enumerate().filter(|(_, c)| matches!(c, '┌' | '╭')) {
            // Another corner before it is another box: a line is not read again for each.
            let is_corner = |c: &char| matches!(c, '┐' | '╮' | '┌' | '╭' | '│');
            let Some(width) = line[left + 1..].iter().position(is_corner) else { continue };
            let right = left + 1 + width;
            if !matches!(line[right], '┐' | '╮') {
                continue;
            }
            let is_side = |row: &usize| matches!(at(page, *row, left), '│' | '├' | '╎');
            let bottom = (top + 1..page.len()).find(|row| !is_side(row)).unwrap_or(page.len());
            if !matches!(at(page, bottom, left), '└' | '╰') {
                continue;
            }
            // Newer versions write the name into the border.
            let inside = |row: usize| -> String {
                let line = page.get(row).map_or(&[][..], Vec::as_slice);
                line.iter().take(right).skip(left + 1).collect()
            };
            let border = inside(top);
            let title = border.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
            let mut lines = vec![title.to_owned()];
            lines.extend((top + 1..bottom).map(inside));
            let is_frame = lines.iter().any(|line| line.contains(['┌', '╭']));
            if !is_frame {
                let is_framed = left > 0 && at(page, top, left - 1) == '│';
                found.push(Drawn { top, bottom, left, right, is_framed, lines });
            }
        }
    }
    found
}

/// The box whose bottom leads to the top of this one: straight up, or to the left along a line first.
fn above(page: &[Vec<char>], it: &Drawn, before: &[Drawn], way: &mut usize) -> Option<usize> {
    let is_joint = |c: char| matches!(c, '┴' | '┚' | '┖' | '┸');
    let is_end = |c: char| matches!(c, '┬' | '┒' | '┎' | '┰' | '╮' | '┐');
    let mut row = it.top.checked_sub(1)?;
    // A long name is written over the joint: what ends above it says where it would be.
    let column = (it.left..=it.right).find(|&column| is_joint(at(page, it.top, column)));
    let mut column =
        column.or_else(|| (it.left + 1..it.right).find(|&column| is_end(at(page, row, column))))?;
    loop {
        *way = way.checked_sub(before.len())?;
        let holds = |it: &Drawn| it.bottom == row && it.left <= column && column <= it.right;
        if let Some(parent) = before.iter().position(holds) {
            return Some(parent);
        }
        match at(page, row, column) {
            '│' | '┃' | '├' | '┟' | '┠' | '┣' => row = row.checked_sub(1)?,
            '┐' | '╮' | '─' | '━' | '┬' | '┰' | '┒' | '┎' => {
                column = column.checked_sub(1)?
            }
            _ => return None,
        }
    }
}

/// The step that a box is; `None` for what is drawn beside them.
fn of_box(it: &Drawn, total: &mut Total) -> Option<Node> {
    let mut lines = it.lines.iter().map(|line| line.trim().trim_matches(|c| matches!(c, '│')).trim());
    let mut name = lines.next().unwrap_or_default();
    if name.is_empty() {
        name = lines.find(|line| !line.is_empty())?;
    }
    let lines: Vec<&str> = lines.filter(|line| !line.chars().all(|c| matches!(c, '─' | '-' | '┄'))).collect();
    if let Some(seconds) = lines.iter().chain([&name]).find_map(|line| line.strip_prefix("Total Time: ")) {
        total.execution_ms = number(seconds.trim_end_matches('s')).map(|seconds| seconds * 1000.0);
        return None;
    }
    if it.is_framed || name.is_empty() || name.contains(':') {
        return None;
    }
    let mut node = Node::new(name, operation(name));
    // What goes on in the next line has no colon of its own, or stands further in.
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in lines {
        if figures(&mut node, line) {
            continue;
        }
        match line.split_once(':') {
            Some((key, value)) if key.chars().all(|c| c.is_alphabetic() || c == ' ') => {
                entries.push((key.to_owned(), value.trim().to_owned()));
            }
            _ => {
                if let Some((_, value)) = entries.last_mut() {
                    *value = format!("{value} {line}").trim().to_owned();
                }
            }
        }
    }
    for (key, value) in entries {
        let value = if key == "Filters" { value.replace(", ", " AND ") } else { value };
        said(&mut node, &key, &value);
    }
    Some(node)
}

/// `~100 rows` is an estimate; `571 rows   10.0ms` was measured.
fn figures(node: &mut Node, line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(count), Some("rows" | "row" | "Rows" | "Row")) = (words.next(), words.next()) else {
        return false;
    };
    match count.strip_prefix('~') {
        Some(estimate) => node.estimated_rows = number(estimate),
        None => node.actual_rows = number(count),
    }
    if let Some(time) = words.next() {
        let scale = [("µs", 0.001), ("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
        let read = scale.iter().find_map(|(unit, ms)| Some(number(time.strip_suffix(unit)?)? * ms));
        node.time_ms = read;
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(plan: &Value) -> Plan {
        read_json(Object::of(plan, "").unwrap()).unwrap()
    }

    #[test]
    fn profiles_of_all_versions_are_one() {
        let old = json!({"children": [{
            "operator_name": "SEQ_SCAN", "operator_type": "TABLE_SCAN", "operator_timing": 0.002,
            "operator_cardinality": 10, "operator_rows_scanned": 1000, "children": [],
            "extra_info": {"Table": "t", "Filters": "a=1", "Estimated Cardinality": "200"},
        }], "query_name": "SELECT 1", "latency": 0.004, "system_peak_temp_dir_size": 0});
        let new = json!({"operator": [{"name": "RESULT_COLLECTOR", "timing": 0.0, "children": [{
            "name": "SEQ_SCAN", "type": "TABLE_SCAN", "timing": 0.002, "intermediate_rows": 10, "rows_scanned": 1000,
            "extra_info": {"Table": "t", "Filters": ["a=1"], "Estimated Cardinality": "200"},
        }]}], "query": {"total_time": 0.004, "sql": "SELECT 1"}, "system": {"total_bytes_spilled": 0}});
        let (old, new) = (parsed(&old), parsed(&new));
        assert_eq!(old, new);
        let scan = &new.root;
        assert_eq!(
            (scan.actual_rows, scan.rows_removed, scan.estimated_rows),
            (Some(10.0), Some(990.0), Some(200.0))
        );
        assert_eq!((&*scan.predicates[0].text, new.total.execution_ms), ("a=1", Some(4.0)));
    }

    #[test]
    fn what_the_query_spills_is_the_root_s() {
        let plan = parsed(&json!({
            "operator": [{"name": "ORDER_BY", "timing": 0.1, "intermediate_rows": 5}],
            "query": {"sql": "SELECT 1"}, "system": {"total_bytes_spilled": 4096},
        }));
        assert_eq!(plan.root.spill, Some(Spill { what: Spilled::Rows, bytes: Some(4096.0), batches: None }));
        assert_eq!(plan.total.spilled_bytes, Some(4096.0));
    }

    #[test]
    fn a_plan_that_was_not_run_has_estimates_alone() {
        let plan = parsed(&json!({
            "name": "HASH_JOIN", "extra_info": {"Conditions": ["a = b", "c = d"], "Estimated Cardinality": "7"},
            "children": [{"name": "SEQ_SCAN ", "children": [], "extra_info": {"Table": "t"}}],
        }));
        assert_eq!((plan.total.measured, plan.root.estimated_rows), (false, Some(7.0)));
        assert_eq!(
            (&*plan.root.predicates[0].text, plan.root.children[0].operation),
            ("a = b AND c = d", Operation::SequentialScan)
        );
    }

    const ROUND: &str = "\
╭─ Hash Join ─────────┴────────────────────╮
│ Join Type: INNER                         │
│ Conditions: id = customer_id             │
│ ~1 row                                   │
╰─────────────────────┬────────────────────╯
                      ├─────────────────────────────────────╮
╭─ Seq Scan ──────────┴────────────────────╮  ╭─ Seq Scan ──┴─────────────╮
│ Table: memory.main.customers             │  │ Table: memory.main.orders │
│ Projections: id, full_name               │  │ Projections: customer_id, │
│ 1,234 rows                        10.0ms │  │              total        │
╰──────────────────────────────────────────╯  │ Filters: status = 'st1',  │
                                              │          (id % 7) = 3     │
                                              │ ~20 rows                  │
                                              ╰───────────────────────────╯
";

    const SQUARE: &str = "\
┌─────────────────────────────┐
│┌───────────────────────────┐│
││       Physical Plan       ││
│└───────────────────────────┘│
└─────────────────────────────┘
┌───────────────────────────┐
│         HASH_JOIN         │
│    ────────────────────   │
│      Conditions: a = b    │
│         ~5 Rows           │
└─────────────┬─────────────┘
              ├────────────────────────────┐
┌─────────────┴─────────────┐┌─────────────┴─────────────┐
│         SEQ_SCAN          ││           FILTER          │
│    ────────────────────   ││    ────────────────────   │
│          Table: t         ││    Expression: x = 1      │
│         ~5 Rows           ││          10 Rows          │
└───────────────────────────┘└─────────────┬─────────────┘
                             ┌─────────────┴─────────────┐
                             │         SEQ_SCAN          │
                             │          Table: u         │
                             └───────────────────────────┘
";

    #[test]
    fn boxes_are_read() {
        let plan = read_boxes(ROUND).unwrap();
        assert_eq!((plan.root.operation, plan.root.children.len()), (Operation::HashJoin, 2));
        let [customers, orders] = &plan.root.children[..] else { panic!("{plan:?}") };
        assert_eq!((customers.actual_rows, customers.time_ms), (Some(1234.0), Some(10.0)));
        assert_eq!(orders.relation.as_ref().unwrap().name, "memory.main.orders");
        assert_eq!(
            (&*orders.predicates[0].text, orders.estimated_rows),
            ("status = 'st1' AND (id % 7) = 3", Some(20.0))
        );
        let plan = read_boxes(SQUARE).unwrap();
        let kinds: Vec<_> = plan.root.children.iter().map(|child| child.operation).collect();
        assert_eq!(kinds, [Operation::SequentialScan, Operation::Filter]);
        assert_eq!(plan.root.children[1].children[0].relation.as_ref().unwrap().name, "u");
    }

    /// As version 2 prints a long name over the joint, and what runs in several pipelines.
    const LONG: &str = "\
╭─ Summary ───────────╮
│ Total Time: 0.0103s │
╰─────────────────────╯
╭─ Ungrouped Aggregate ────────────╮
│ 1 row                        0µs │
╰─────────────────┒┎───────────────╯
╭─ Blockwise Nl Join ──────────────╮
│ Condition: (id = 7) OR (id < id) │
│ 1,999,008 rows            10.0ms │
╰─────────────────┬────────────────╯
                  ┟───────────────────────────────────┒
╭─ Table Scan ────┸────────────────╮  ╭─ Table Scan ──┸──────────────╮
│ Table: memory.main.customers     │  │ Table: memory.main.customers │
╰──────────────────────────────────╯  ╰──────────────────────────────╯
";

    #[test]
    fn no_box_is_lost() {
        let plan = read_boxes(LONG).unwrap();
        assert_eq!((plan.total.nodes, plan.total.execution_ms), (4, Some(10.3)));
        assert_eq!(plan.root.children[0].children.len(), 2);
        let broken = LONG.replace('┟', " ");
        let error = read_boxes(&broken).unwrap_err();
        assert!(error.to_string().starts_with("line 12: expected a line from this box"), "{error}");
    }

    #[test]
    fn pages_that_nobody_draws_take_no_time() {
        let started = std::time::Instant::now();
        let corners = "┌".repeat(600_000);
        let small =
            format!("{0}\n{1}\n{2}\n", "┌─┐".repeat(60_000), "│a│".repeat(60_000), "└┬┘".repeat(60_000));
        let far = format!("┌─┐\n│a│\n└┬┘\n ├{}\n", "─".repeat(200_000));
        for page in [corners, small, far] {
            assert!(read_boxes(&page).is_err() || page.starts_with("┌─┐\n"));
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    #[test]
    fn boxes_that_are_broken_do_no_harm() {
        for text in [
            "┌",
            "┌─┐",
            "┌─┐\n│a│",
            "╭┴╮\n│x│\n╰─╯",
            "┌─┐┌─┐┌─┐\n│a││b││c│\n└┬┘└┬┘└┬┘\n┌┴┐┌┴┐┌┴┐\n│d││e││f│\n└─┘└─┘└─┘",
        ] {
            let _ = read_boxes(text);
        }
    }
}
