//! The JSON schemas of answers, in the part of the language that every endpoint with structured output takes:
//! everything required, nothing more allowed, no bounds.

use serde_json::{Value, json};

/// Of rewrites.
pub(crate) fn rewrites() -> Value {
    let text = json!({"type": "string"});
    object(&[(
        "rewrites",
        json!({"type": "array", "items": object(&[
            ("sql", text.clone()),
            ("title", text.clone()),
            ("explanation", text.clone()),
            ("conditions", json!({"type": "array", "items": text})),
        ])}),
    )])
}

/// Of what a statement is for.
pub(crate) fn description() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": text});
    let index = object(&[("table", text.clone()), ("columns", texts.clone()), ("reason", text.clone())]);
    object(&[
        ("explanation", text.clone()),
        ("name", text),
        ("tags", texts),
        ("indexes", json!({"type": "array", "items": index})),
    ])
}

fn object(properties: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
