//! A dbt project, out of what `dbt compile` or `dbt run` (and `dbt docs generate`) leave in its folder `target`:
//! `manifest.json` with the compiled SQL of the models, `catalog.json` with the columns of what is in the database.
//!
//! A model is a SELECT; what dbt makes of it is a table or a view. The query that is imported says so, so that lineage
//! goes on through it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sqm_domain::{CatalogName, Dialect, Tag};

use crate::record::{CatalogRecord, Kind, Origin, QueryRecord, Record};
use crate::{Outcome, title};

/// The versions of the manifest's schema that have what is read here.
const VERSIONS: std::ops::RangeInclusive<u32> = 7..=12;

/// What goes with the whole project.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The dialect, where it is not that of the adapter.
    pub dialect: Option<Dialect>,
    /// What the catalog is called; the name of the project where nobody says.
    pub catalog: Option<CatalogName>,
    /// Tags of all models.
    pub tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Manifest {
    metadata: Metadata,
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Metadata {
    dbt_schema_version: String,
    #[serde(default)]
    project_name: Option<String>,
    #[serde(default)]
    adapter_type: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    resource_type: String,
    name: String,
    #[serde(default)]
    relation_name: Option<String>,
    #[serde(default, alias = "compiled_sql")]
    compiled_code: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    config: Config,
}

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    materialized: Option<String>,
}

#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    nodes: BTreeMap<String, Table>,
    #[serde(default)]
    sources: BTreeMap<String, Table>,
}

#[derive(Deserialize)]
struct Table {
    metadata: TableMetadata,
    columns: BTreeMap<String, Column>,
}

#[derive(Deserialize)]
struct TableMetadata {
    #[serde(default)]
    database: Option<String>,
    schema: String,
    name: String,
}

#[derive(Deserialize)]
struct Column {
    #[serde(rename = "type")]
    data_type: Option<String>,
    index: u32,
    name: String,
}

/// Reads a project. Without `catalog`, nothing is known of its tables.
///
/// # Errors
/// What of the files cannot be used at all; a single model that cannot is left out.
pub fn read(manifest: &str, catalog: Option<&str>, options: &Options) -> Result<Vec<Outcome>, String> {
    let manifest: Manifest = document("manifest.json", manifest)?;
    let version = version(&manifest.metadata.dbt_schema_version)?;
    if !VERSIONS.contains(&version) {
        return Err(format!(
            "manifest.json has version {version} of its schema; known are {} to {}",
            VERSIONS.start(),
            VERSIONS.end()
        ));
    }
    let adapter = manifest.metadata.adapter_type.as_deref().unwrap_or_default();
    let dialect = match options.dialect {
        Some(dialect) => dialect,
        None => adapter
            .parse()
            .map_err(|_| format!("no dialect is known for the adapter {adapter:?}: say it with --dialect"))?,
    };
    let mut outcomes = Vec::new();
    let mut name = options.catalog.clone();
    if let Some(catalog) = catalog {
        let project = manifest.metadata.project_name.as_deref().unwrap_or("dbt");
        let named = name.clone().or_else(|| project.parse().ok());
        let named = named.ok_or("the project's name is none of a catalog: say one with --catalog")?;
        let catalog: Catalog = document("catalog.json", catalog)?;
        if let Some(record) = tables(catalog, named.clone(), dialect)? {
            outcomes.push(Record::Catalog(record).into());
            name = Some(named);
        }
    }
    for (id, node) in manifest.nodes {
        outcomes.extend(model(&id, node, dialect, name.as_ref(), options));
    }
    Ok(outcomes)
}

fn document<'a, T: Deserialize<'a>>(file: &str, text: &'a str) -> Result<T, String> {
    // What serde derives would take an array for an object without fields.
    if !text.trim_start().starts_with('{') {
        return Err(format!("{file}: expected an object"));
    }
    serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))
}

/// The number in `https://schemas.getdbt.com/dbt/manifest/v12.json`.
fn version(url: &str) -> Result<u32, String> {
    let number = url.rsplit('/').next().and_then(|name| name.strip_prefix('v')?.strip_suffix(".json"));
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("manifest.json does not say the version of its schema: {url:?}"))
}

/// A model, an analysis or a snapshot; what is neither is passed over.
fn model(
    id: &str,
    node: Node,
    dialect: Dialect,
    catalog: Option<&CatalogName>,
    options: &Options,
) -> Option<Outcome> {
    if !matches!(node.resource_type.as_str(), "model" | "analysis" | "snapshot") {
        return None;
    }
    let skipped = |why: &str| Some(Outcome::skipped(id, why));
    if node.language.as_deref().is_some_and(|language| language != "sql") {
        return skipped("it is not written in SQL");
    }
    let Some(select) = node.compiled_code.filter(|sql| !sql.trim().is_empty()) else {
        return skipped("it is not compiled: run `dbt compile`, or `dbt run`, for the whole project");
    };
    let select = select.trim().trim_end_matches(';').trim_end();
    let sql = match (node.config.materialized.as_deref(), node.relation_name) {
        // Written into those that read it.
        (Some("ephemeral"), _) => return None,
        (Some("view" | "materialized_view"), Some(relation)) => {
            format!("CREATE VIEW {relation} AS\n{select}\n")
        }
        (_, Some(relation)) if node.resource_type != "analysis" => {
            format!("CREATE TABLE {relation} AS\n{select}\n")
        }
        _ => format!("{select}\n"),
    };
    let Some(title) = title::title(&node.name) else { return skipped("it has no name") };
    let origin = match Origin::try_from(format!("dbt:{id}")) {
        Ok(origin) => origin,
        Err(why) => return skipped(&why),
    };
    let mut tags = options.tags.clone();
    tags.extend(node.tags.iter().filter_map(|tag| title::tag(tag)));
    tags.sort();
    tags.dedup();
    let query = QueryRecord {
        description: title::note(node.description.as_deref().unwrap_or_default()),
        tags,
        catalog: catalog.cloned(),
        ..QueryRecord::new(origin, title, sql, dialect)
    };
    Some(Record::Query(query).into())
}

/// The tables in the form in which catalogs are taken as JSON, columns in their order; `None` without any.
fn tables(catalog: Catalog, name: CatalogName, dialect: Dialect) -> Result<Option<CatalogRecord>, String> {
    let mut all = BTreeMap::new();
    for table in catalog.nodes.into_values().chain(catalog.sources.into_values()) {
        let TableMetadata { database, schema, name } = table.metadata;
        let parts = [database, Some(schema), Some(name)].into_iter().flatten().map(|part| quoted(&part));
        let mut columns: Vec<Column> = table.columns.into_values().collect();
        columns.sort_by_key(|column| column.index);
        let columns = columns.iter().map(|column| (&column.name, &column.data_type));
        let columns = columns.map(|(name, data_type)| Ok((text(name)?, text(data_type)?)));
        let columns = columns.collect::<Result<Vec<_>, String>>()?;
        let columns: Vec<String> =
            columns.into_iter().map(|(name, data_type)| format!("{name}:{data_type}")).collect();
        let columns = format!("{{\"cols\":{{{}}}}}", columns.join(","));
        all.insert(parts.collect::<Vec<_>>().join("."), columns);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let tables = all.iter().map(|(name, table)| Ok(format!("{}:{table}", text(name)?)));
    let tables = tables.collect::<Result<Vec<_>, String>>()?.join(",");
    let tables = RawValue::from_string(format!("{{{tables}}}")).map_err(|error| error.to_string())?;
    Ok(Some(CatalogRecord {
        kind: Kind::Catalog,
        name,
        dialect,
        ddl: None,
        tables: Some(tables),
        version: None,
        created_at: None,
        updated_at: None,
        author: None,
    }))
}

/// A part of a name, with quotes where it has a dot.
fn quoted(part: &str) -> String {
    if part.contains('.') { format!("\"{part}\"") } else { part.to_owned() }
}

fn text(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(version: &str, nodes: &str) -> String {
        format!(
            r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/{version}.json",
            "project_name": "shop", "adapter_type": "duckdb"}}, "nodes": {{{nodes}}}}}"#
        )
    }

    fn node(id: &str, rest: &str) -> String {
        format!(r#""{id}": {{"resource_type": "model", "name": "orders", {rest}}}"#)
    }

    #[test]
    fn a_model_says_what_it_makes() {
        for (config, expected) in [
            ("view", "CREATE VIEW \"db\".\"main\".\"orders\" AS\nSELECT 1 AS a\n"),
            ("table", "CREATE TABLE \"db\".\"main\".\"orders\" AS\nSELECT 1 AS a\n"),
            ("incremental", "CREATE TABLE \"db\".\"main\".\"orders\" AS\nSELECT 1 AS a\n"),
        ] {
            let rest = format!(
                r#""relation_name": "\"db\".\"main\".\"orders\"", "compiled_code": " SELECT 1 AS a;\n",
                "config": {{"materialized": "{config}"}}, "tags": ["b c", "a"], "description": "d""#
            );
            let read = read(&manifest("v12", &node("model.shop.orders", &rest)), None, &Options::default());
            let [Outcome::Record(record)] = &read.unwrap()[..] else { panic!() };
            let Record::Query(query) = &**record else { panic!() };
            assert_eq!((query.sql.as_str(), query.dialect), (expected, Dialect::DuckDb));
            assert_eq!(query.tags, ["a", "b-c"].map(|tag| tag.parse().unwrap()));
            assert_eq!(query.origin.as_ref().unwrap().as_str(), "dbt:model.shop.orders");
        }
    }

    #[test]
    fn what_is_not_compiled_is_named_and_what_is_no_model_passed_over() {
        let nodes = [
            node("model.shop.a", r#""compiled_code": null"#),
            node("model.shop.b", r#""compiled_code": "x", "language": "python""#),
            node("model.shop.c", r#""compiled_code": "SELECT 1", "config": {"materialized": "ephemeral"}"#),
            r#""test.shop.d": {"resource_type": "test", "name": "d"}"#.to_owned(),
        ];
        let read = read(&manifest("v11", &nodes.join(",")), None, &Options::default()).unwrap();
        let places: Vec<_> = read
            .iter()
            .map(|outcome| match outcome {
                Outcome::Skipped(skipped) => skipped.place.as_str(),
                Outcome::Record(_) => "?",
            })
            .collect();
        assert_eq!(places, ["model.shop.a", "model.shop.b"]);
    }

    #[test]
    fn files_that_cannot_be_used() {
        let wrong = |text: &str| read(text, None, &Options::default()).unwrap_err();
        assert!(wrong(&manifest("v99", "")).contains("version 99"));
        assert!(wrong("{").contains("manifest.json"));
        assert!(wrong("{}").contains("metadata"));
        assert!(wrong(r#"{"metadata": {"dbt_schema_version": "x"}, "nodes": {}}"#).contains("does not say"));
        let other = manifest("v12", "").replace("duckdb", "cobol");
        assert!(wrong(&other).contains("--dialect"));
        let read = read(&manifest("v12", ""), Some("[]"), &Options::default());
        assert!(read.unwrap_err().contains("catalog.json"));
    }

    #[test]
    fn tables_keep_the_order_of_their_columns() {
        let catalog = r#"{"nodes": {"model.shop.o": {"metadata": {"database": "db", "schema": "main", "name": "o.x"},
            "columns": {"b": {"type": "INTEGER", "index": 2, "name": "b"}, "z": {"type": null, "index": 1, "name": "z"}}}},
            "sources": {}}"#;
        let read = read(&manifest("v12", ""), Some(catalog), &Options::default()).unwrap();
        let Outcome::Record(record) = &read[0] else { panic!() };
        let Record::Catalog(record) = &**record else { panic!() };
        assert_eq!(record.name.as_str(), "shop");
        let expected = r#"{"db.main.\"o.x\"":{"cols":{"z":null,"b":"INTEGER"}}}"#;
        assert_eq!(record.tables.as_ref().unwrap().get(), expected);
    }
}
