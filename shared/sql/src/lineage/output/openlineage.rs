//! Lineage as OpenLineage events, version 2-0-2: the `columnLineage` facet 1-2-0 on each output, and the
//! `lineage` facet 1-0-0 on the job.
//!
//! What OpenLineage cannot say is left out: sources whose table is not known, columns behind a star.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::model::{Edge, Lineage};

const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json";
const FACETS: &str = "https://openlineage.io/spec/facets";

/// What an event says beside the lineage: who, when, which job. It is taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventContext {
    /// When it happened, in RFC 3339.
    pub event_time: String,
    /// The URI of what makes the event: [`producer`], unless events are made for somebody else.
    pub producer: String,
    /// The namespace of the job.
    pub job_namespace: String,
    /// The name of the job within it.
    pub job_name: String,
    /// The namespace of every table: the data source.
    pub dataset_namespace: String,
    /// The text and its dialect, for the job's `sql` facet; nothing, and the event has none.
    pub sql: Option<(String, String)>,
}

/// The URI of this engine, as the producer of events.
pub fn producer() -> String {
    format!("urn:sqm:{}", crate::ENGINE_VERSION)
}

/// A JobEvent: what the job is, apart from any run of it.
pub fn job_event(lineage: &Lineage, context: &EventContext) -> Value {
    event(lineage, context, "JobEvent")
}

/// A RunEvent of the type COMPLETE: what one run, whose id is a UUID, has read and written.
pub fn run_event(lineage: &Lineage, context: &EventContext, run_id: &str) -> Value {
    let mut event = event(lineage, context, "RunEvent");
    event["eventType"] = json!("COMPLETE");
    event["run"] = json!({ "runId": run_id });
    event
}

fn event(lineage: &Lineage, context: &EventContext, kind: &str) -> Value {
    let targets = targets(lineage);
    let mut facets = Map::new();
    let mut facet = |name: &str, version: &str, definition: &str, mut content: Value| {
        base(&mut content, context, version, definition);
        facets.insert(name.to_owned(), content);
    };
    let job_type = json!({ "processingType": "BATCH", "integration": "SQM", "jobType": "QUERY" });
    facet("jobType", "2-0-4", "JobTypeJobFacet", job_type);
    if let Some((query, dialect)) = &context.sql {
        facet("sql", "1-1-0", "SQLJobFacet", json!({ "query": query, "dialect": dialect }));
    }
    let entries: Vec<Value> =
        targets.iter().map(|(table, target)| entry(lineage, context, table, target)).collect();
    if !entries.is_empty() {
        facet("lineage", "1-0-0", "LineageJobFacet", json!({ "entries": entries }));
    }
    let dataset = |name: &str| json!({ "namespace": context.dataset_namespace, "name": name });
    let inputs: Vec<Value> = lineage.tables_in.iter().map(|table| dataset(&table.name)).collect();
    let outputs: Vec<Value> = lineage
        .tables_out
        .iter()
        .map(|table| {
            let mut output = dataset(&table.name);
            if let Some(target) = targets.get(&*table.name) {
                output["facets"] = json!({ "columnLineage": column_lineage(context, target) });
            }
            output
        })
        .collect();
    json!({
        "eventTime": context.event_time,
        "producer": context.producer,
        "schemaURL": format!("{EVENT}#/$defs/{kind}"),
        "job": { "namespace": context.job_namespace, "name": context.job_name, "facets": facets },
        "inputs": inputs,
        "outputs": outputs,
    })
}

fn base(facet: &mut Value, context: &EventContext, version: &str, definition: &str) {
    // The facets of both kinds of the explicit lineage are defined in one file.
    let file = if definition.starts_with("Lineage") { "LineageFacet" } else { definition };
    facet["_producer"] = json!(context.producer);
    facet["_schemaURL"] = json!(format!("{FACETS}/{version}/{file}.json#/$defs/{definition}"));
}

/// A column of a source: its table and name.
type Source<'l> = (&'l str, &'l str);

/// What goes into one table.
#[derive(Default)]
struct Target<'l> {
    /// Column → its sources, with the edges from each.
    fields: BTreeMap<&'l str, BTreeMap<Source<'l>, Vec<&'l Edge>>>,
    /// What chooses, groups and orders its rows.
    rows: BTreeMap<Source<'l>, Vec<&'l Edge>>,
}

/// What goes into each table, the output of a plain query included.
fn targets(lineage: &Lineage) -> BTreeMap<&str, Target<'_>> {
    let mut targets: BTreeMap<&str, Target<'_>> = BTreeMap::new();
    for table in &lineage.tables_out {
        targets.entry(&table.name).or_default();
    }
    for edge in &lineage.columns {
        let source: Source<'_> = (&edge.source.table, &edge.source.column);
        if source.0 == "?" {
            continue;
        }
        match (&edge.target, &edge.rows_of) {
            (Some(target), _) => {
                let fields = &mut targets.entry(&target.table).or_default().fields;
                fields.entry(&target.column).or_default().entry(source).or_default().push(edge);
            }
            (None, Some(table)) => {
                targets.entry(table).or_default().rows.entry(source).or_default().push(edge);
            }
            (None, None) => {}
        }
    }
    targets
}

fn column_lineage(context: &EventContext, target: &Target<'_>) -> Value {
    let list = |sources: &BTreeMap<Source<'_>, Vec<&Edge>>| -> Vec<Value> {
        let named = sources.iter().filter(|((_, column), _)| *column != "*");
        named
            .map(|((table, column), edges)| {
                let transformations = transformations(edges);
                json!({
                    "namespace": context.dataset_namespace, "name": table, "field": column,
                    "transformations": transformations,
                })
            })
            .collect()
    };
    let mut fields = Map::new();
    for (column, sources) in target.fields.iter().filter(|(column, _)| **column != "*") {
        let inputs = list(sources);
        if !inputs.is_empty() {
            fields.insert((*column).to_owned(), json!({ "inputFields": inputs }));
        }
    }
    let mut facet = json!({ "fields": fields });
    let rows = list(&target.rows);
    if !rows.is_empty() {
        facet["dataset"] = json!(rows);
    }
    base(&mut facet, context, "1-2-0", "ColumnLineageDatasetFacet");
    facet
}

/// The entry of the `lineage` facet for a table; the output of a plain query goes to the job itself.
fn entry(lineage: &Lineage, context: &EventContext, table: &str, target: &Target<'_>) -> Value {
    let input = |source: Source<'_>, edges: &[&Edge]| {
        let (table, column) = source;
        let mut input = json!({
            "namespace": context.dataset_namespace, "name": table, "type": "DATASET",
            "transformations": transformations(edges),
        });
        if column != "*" {
            input["field"] = json!(column);
        }
        input
    };
    let whole =
        |name: &str| json!({ "namespace": context.dataset_namespace, "name": name, "type": "DATASET" });
    let mut rows: Vec<Value> = target.rows.iter().map(|(source, edges)| input(*source, edges)).collect();
    if table == "<query>" {
        let values = target.fields.values().flatten();
        let mut inputs: Vec<Value> = values.map(|(source, edges)| input(*source, edges)).collect();
        inputs.append(&mut rows);
        return json!({ "type": "JOB", "inputs": inputs });
    }
    if lineage.tables_out.len() == 1 {
        // Nothing else is written: every table that is read has a part in this one.
        rows.extend(lineage.tables_in.iter().map(|table| whole(&table.name)));
    } else {
        let sources = target.fields.values().flat_map(BTreeMap::keys).chain(target.rows.keys());
        let tables: BTreeSet<&str> = sources.map(|source| source.0).collect();
        rows.extend(tables.into_iter().map(whole));
    }
    let mut fields = Map::new();
    for (column, sources) in target.fields.iter().filter(|(column, _)| **column != "*") {
        let inputs: Vec<Value> = sources.iter().map(|(source, edges)| input(*source, edges)).collect();
        fields.insert((*column).to_owned(), json!({ "inputs": inputs }));
    }
    let mut entry = whole(table);
    // An empty list would say that nothing goes into it.
    if !rows.is_empty() {
        entry["inputs"] = json!(rows);
    }
    entry["fields"] = json!(fields);
    entry
}

fn transformations(edges: &[&Edge]) -> Vec<Value> {
    let mut list: Vec<Value> = Vec::with_capacity(edges.len());
    for edge in edges {
        let way = json!({
            "type": edge.edge_type(), "subtype": edge.subtype, "masking": edge.masking,
        });
        if !list.contains(&way) {
            list.push(way);
        }
    }
    list
}

#[cfg(test)]
mod tests;
