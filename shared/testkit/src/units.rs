//! What requests to DynamoDB cost: request units, counted from what is sent and answered, as the pricing of DynamoDB
//! says. <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>

use std::collections::BTreeMap;
use std::ops::AddAssign;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What one or more requests cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Units {
    /// Write request units.
    pub writes: u64,
    /// Read request units, of consistent reads.
    pub reads: u64,
    /// How many requests of each operation.
    pub requests: BTreeMap<String, usize>,
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.writes += other.writes;
        self.reads += other.reads;
        for (operation, count) in other.requests {
            *self.requests.entry(operation).or_default() += count;
        }
    }
}

impl Units {
    /// What a request of this operation cost. Of an update the item is not known: it counts as one of up to a kilobyte.
    pub(crate) fn of(operation: &str, request: &Value, answer: &Value) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let tables = |value: &Value| -> Vec<Value> {
            value.as_object().into_iter().flat_map(|all| all.values().flat_map(list)).collect()
        };
        let (mut writes, mut reads) = (0, 0);
        match operation {
            "PutItem" => writes = written(&request["Item"]),
            "UpdateItem" | "DeleteItem" => writes = 1,
            "BatchWriteItem" => {
                for request in tables(&request["RequestItems"]) {
                    writes += match &request["PutRequest"] {
                        Value::Null => 1,
                        put => written(&put["Item"]),
                    };
                }
            }
            // In a transaction everything counts twice.
            "TransactWriteItems" => {
                for item in list(&request["TransactItems"]) {
                    writes += 2 * match &item["Put"] {
                        Value::Null => 1,
                        put => written(&put["Item"]),
                    };
                }
            }
            "GetItem" => reads = read(&[answer["Item"].clone()]),
            "BatchGetItem" => {
                let found = tables(&answer["Responses"]);
                let asked = request["RequestItems"].as_object().into_iter().flat_map(|all| all.values());
                let asked: usize = asked.map(|table| list(&table["Keys"]).len()).sum();
                reads = found.iter().map(|item| read(std::slice::from_ref(item))).sum::<u64>();
                reads += (asked - found.len()) as u64;
            }
            "Query" => reads = read(&list(&answer["Items"])),
            _ => {}
        }
        Self { writes, reads, requests: BTreeMap::from([(operation.to_owned(), 1)]) }
    }
}

/// A write of an item: a unit for each kilobyte that was begun.
fn written(item: &Value) -> u64 {
    size(item).div_ceil(1_024).max(1)
}

/// A consistent read of items together: a unit for each four kilobytes that were begun.
fn read(items: &[Value]) -> u64 {
    items.iter().map(size).sum::<u64>().div_ceil(4_096).max(1)
}

/// The size of an item: names and values.
fn size(item: &Value) -> u64 {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| name.len() as u64 + size_of_value(value)).sum()
}

fn size_of_value(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|one| one.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "N" => text.len() as u64 / 2 + 1,
        "B" => STANDARD.decode(text).map_or(0, |bytes| bytes.len() as u64),
        "SS" => value.as_array().into_iter().flatten().map(|it| it.as_str().map_or(0, str::len) as u64).sum(),
        _ => text.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn units_are_begun_kilobytes() {
        let item = |bytes: usize| json!({ "pk": { "S": "x".repeat(bytes) } });
        let put = |bytes| Units::of("PutItem", &json!({ "Item": item(bytes) }), &json!({})).writes;
        assert_eq!((put(1), put(1_022), put(1_023)), (1, 1, 2));
        let transaction = json!({ "TransactItems": [{ "Put": { "Item": item(1_500) } }, { "Delete": {} }] });
        assert_eq!(Units::of("TransactWriteItems", &transaction, &json!({})).writes, 6);
        let answer = json!({ "Items": [item(3_000), item(3_000)] });
        assert_eq!(Units::of("Query", &json!({}), &answer).reads, 2);
        assert_eq!(Units::of("GetItem", &json!({}), &json!({})).reads, 1);
        let keys = json!({ "RequestItems": { "t": { "Keys": [{}, {}] } } });
        let found = json!({ "Responses": { "t": [item(5_000)] } });
        assert_eq!(Units::of("BatchGetItem", &keys, &found).reads, 3);
    }
}
