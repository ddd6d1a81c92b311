//! Reads from the deployment's template what a local stand-in needs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// The logical name of the table in the template.
pub const TABLE: &str = "Table";

/// Where the template lies in a checkout.
const PATH: &str = "infra/template.yaml";

/// Properties that CloudFormation and `CreateTable` write alike.
const ALIKE: &[&str] =
    &["AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"];

/// Properties that say how the service guards or names a table; they do not change what it answers.
const WITHOUT_EFFECT: &[&str] = &[
    "TableName",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "TableClass",
    "Tags",
    "ContributorInsightsSpecification",
];

/// A template, as read.
#[derive(Debug)]
pub struct Template {
    resources: serde_yaml_ng::Value,
}

/// The definition of a table.
#[derive(Debug, PartialEq)]
pub struct Table {
    /// The body of a `CreateTable` call, without the table's name.
    pub create: Map<String, Value>,
    /// The attribute that says when an item expires.
    pub expires: Option<String>,
}

impl Template {
    /// The template of the checkout that holds `start`: the nearest `infra/template.yaml` upwards.
    pub fn path_from(start: &Path) -> Result<PathBuf> {
        start
            .ancestors()
            .map(|folder| folder.join(PATH))
            .find(|path| path.is_file())
            .with_context(|| format!("no {PATH} in {} or above it", start.display()))
    }

    /// Reads the template at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut whole: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
        let resources = whole.get_mut("Resources").context("it has no Resources")?.clone();
        Ok(Self { resources })
    }

    /// The definition of the table of this logical name. A property that no local table can have is an
    /// error, so that a local run never differs from the deployment unnoticed.
    pub fn table(&self, logical: &str) -> Result<Table> {
        let resource = self.resources.get(logical).with_context(|| format!("no resource {logical}"))?;
        let kind = resource.get("Type").and_then(|kind| kind.as_str());
        ensure!(kind == Some("AWS::DynamoDB::Table"), "{logical} is no AWS::DynamoDB::Table");
        let properties = resource.get("Properties").and_then(|p| p.as_mapping());
        let properties = properties.with_context(|| format!("{logical} has no Properties"))?;

        let mut table = Table { create: Map::new(), expires: None };
        for (name, value) in properties {
            let name = name.as_str().context("a property's name is no text")?;
            let value = || {
                serde_json::to_value(value)
                    .ok()
                    .filter(plain)
                    .with_context(|| format!("{logical}.{name} is not plain data"))
            };
            match name {
                "TimeToLiveSpecification" => table.expires = expires(&value()?)?,
                "StreamSpecification" => {
                    let mut stream = value()?;
                    stream["StreamEnabled"] = json!(true);
                    table.create.insert(name.to_owned(), stream);
                }
                name if ALIKE.contains(&name) => {
                    table.create.insert(name.to_owned(), value()?);
                }
                name if WITHOUT_EFFECT.contains(&name) => {}
                name => bail!("{logical}.{name} has no local counterpart"),
            }
        }
        Ok(table)
    }
}

fn expires(specification: &Value) -> Result<Option<String>> {
    let enabled = specification["Enabled"].as_bool().context("TimeToLiveSpecification.Enabled")?;
    let name = specification["AttributeName"].as_str().context("TimeToLiveSpecification.AttributeName")?;
    Ok(enabled.then(|| name.to_owned()))
}

/// Whether no intrinsic function (`!Ref` reads as a map of one key that starts with `!`) is left.
fn plain(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().all(|(key, value)| !key.starts_with('!') && plain(value)),
        Value::Array(values) => values.iter().all(plain),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(properties: &str) -> Result<Table> {
        let text = format!(
            "Resources:\n  Other: {{Type: AWS::S3::Bucket, Name: !Ref X}}\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties: {properties}\n"
        );
        Template::parse(&text)?.table("T")
    }

    #[test]
    fn the_definition_becomes_a_call() {
        let read = table(
            "{BillingMode: PAY_PER_REQUEST, TimeToLiveSpecification: {AttributeName: e, Enabled: true}, SSESpecification: {SSEEnabled: true}}",
        )
        .unwrap();
        assert_eq!(Value::Object(read.create), json!({"BillingMode": "PAY_PER_REQUEST"}));
        assert_eq!(read.expires.as_deref(), Some("e"));
    }

    #[test]
    fn what_a_local_table_cannot_have_is_refused() {
        let why = |properties| format!("{:#}", table(properties).unwrap_err());
        assert_eq!(why("{Replicas: []}"), "T.Replicas has no local counterpart");
        assert_eq!(why("{BillingMode: !Ref Mode}"), "T.BillingMode is not plain data");
    }

    #[test]
    fn the_project_s_template_holds_a_table() {
        let path = Template::path_from(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let table = Template::read(&path).unwrap().table(TABLE).unwrap();
        assert_eq!(table.expires.as_deref(), Some("expires"));
        assert_eq!(table.create["KeySchema"][0]["AttributeName"], "pk");
    }
}
