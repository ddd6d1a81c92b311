//! What the steps of PostgreSQL do, by what it calls them in text; those of JSON are brought to the same names.

use super::document::Object;
use super::tree::Operation;

/// What a step does.
pub(super) fn operation(kind: &str) -> Operation {
    let kind = kind.strip_prefix("Parallel ").unwrap_or(kind);
    let has = |word: &str| kind.contains(word);
    match kind {
        "Seq Scan" => Operation::SequentialScan,
        "Hash" => Operation::Hash,
        "Limit" => Operation::Limit,
        "Gather" | "Gather Merge" => Operation::Gather,
        "Materialize" | "Memoize" => Operation::Materialize,
        "Append" | "Merge Append" | "Recursive Union" => Operation::Append,
        "Insert" | "Update" | "Delete" | "Merge" => Operation::Modify,
        _ if kind.starts_with("Nested Loop") => Operation::NestedLoop,
        _ if kind.starts_with("Merge") && kind.ends_with("Join") => Operation::MergeJoin,
        _ if kind.starts_with("Hash") && kind.ends_with("Join") => Operation::HashJoin,
        _ if has("Index") || has("Bitmap") || kind.starts_with("Tid") => Operation::IndexScan,
        _ if kind.ends_with("Sort") => Operation::Sort,
        _ if has("Aggregate") || has("Group") || has("Unique") || has("SetOp") => Operation::Aggregate,
        _ if kind.ends_with("Scan") => Operation::OtherScan,
        _ => Operation::Other,
    }
}

/// What text calls a step of JSON.
pub(super) fn of_json(node: Object<'_>) -> String {
    let kind = node.text("Node Type").unwrap_or("?");
    let join = node.text("Join Type").filter(|join| *join != "Inner");
    let strategy = node.text("Strategy");
    let mut name = match (kind, join, strategy) {
        ("Nested Loop", Some(join), _) => format!("Nested Loop {join} Join"),
        ("Hash Join" | "Merge Join", Some(join), _) => kind.replace(" Join", &format!(" {join} Join")),
        ("Aggregate", _, Some("Hashed")) => "HashAggregate".to_owned(),
        ("Aggregate", _, Some("Sorted")) => "GroupAggregate".to_owned(),
        ("Aggregate", _, Some("Mixed")) => "MixedAggregate".to_owned(),
        ("SetOp", _, strategy) => {
            let command = node.text("Command").unwrap_or_default();
            let hashed = if strategy == Some("Hashed") { "Hash" } else { "" };
            format!("{hashed}SetOp {command}").trim_end().to_owned()
        }
        ("ModifyTable", ..) => node.text("Operation").unwrap_or(kind).to_owned(),
        ("Foreign Scan", ..) => match node.text("Operation") {
            None | Some("Select") => kind.to_owned(),
            Some(operation) => format!("Foreign {operation}"),
        },
        ("Custom Scan", ..) => match node.text("Custom Plan Provider") {
            Some(provider) => format!("Custom Scan ({provider})"),
            None => kind.to_owned(),
        },
        _ => kind.to_owned(),
    };
    if node.text("Scan Direction") == Some("Backward") {
        name += " Backward";
    }
    if let Some(mode @ ("Partial" | "Finalize")) = node.text("Partial Mode") {
        name = format!("{mode} {name}");
    }
    if node.is("Parallel Aware") { format!("Parallel {name}") } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_of_json_are_those_of_text() {
        for (node, kind, does) in [
            (
                json!({"Node Type": "Seq Scan", "Parallel Aware": true}),
                "Parallel Seq Scan",
                Operation::SequentialScan,
            ),
            (json!({"Node Type": "Hash Join", "Join Type": "Left"}), "Hash Left Join", Operation::HashJoin),
            (
                json!({"Node Type": "Merge Join", "Join Type": "Full"}),
                "Merge Full Join",
                Operation::MergeJoin,
            ),
            (
                json!({"Node Type": "Nested Loop", "Join Type": "Semi"}),
                "Nested Loop Semi Join",
                Operation::NestedLoop,
            ),
            (json!({"Node Type": "Nested Loop", "Join Type": "Inner"}), "Nested Loop", Operation::NestedLoop),
            (
                json!({"Node Type": "Aggregate", "Strategy": "Hashed", "Partial Mode": "Partial"}),
                "Partial HashAggregate",
                Operation::Aggregate,
            ),
            (json!({"Node Type": "Aggregate", "Strategy": "Plain"}), "Aggregate", Operation::Aggregate),
            (
                json!({"Node Type": "SetOp", "Strategy": "Hashed", "Command": "Except"}),
                "HashSetOp Except",
                Operation::Aggregate,
            ),
            (json!({"Node Type": "ModifyTable", "Operation": "Update"}), "Update", Operation::Modify),
            (
                json!({"Node Type": "Index Only Scan", "Scan Direction": "Backward"}),
                "Index Only Scan Backward",
                Operation::IndexScan,
            ),
            (json!({"Node Type": "Incremental Sort"}), "Incremental Sort", Operation::Sort),
            (json!({"Node Type": "CTE Scan"}), "CTE Scan", Operation::OtherScan),
            (json!({"Node Type": "Gather Merge"}), "Gather Merge", Operation::Gather),
            (json!({"Node Type": "WindowAgg"}), "WindowAgg", Operation::Other),
        ] {
            let named = of_json(Object::of(&node, "").unwrap());
            assert_eq!((named.as_str(), operation(&named)), (kind, does));
        }
    }
}
