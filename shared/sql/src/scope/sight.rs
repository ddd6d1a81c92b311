//! What is in sight of a place: relations by name, and words that are no columns.

use sqlparser::ast::ObjectName;

use super::names::Name;
use super::{RelationId, ScopeId, Scopes, Source};

impl Scopes<'_> {
    /// The relation of this name, here or in a scope around: an alias, or as many trailing parts of a
    /// table's name as are given.
    pub(super) fn relation_named(&self, scope: ScopeId, parts: &[Name]) -> Option<RelationId> {
        let (&last, prefix) = parts.split_last()?;
        let key = self.names.key(last);
        let mut level = Some(scope);
        while let Some(here) = level {
            let found = self.scope(here).relations.iter().copied().find(|&id| {
                let relation = self.relation(id);
                if relation.alias.is_none_or(|alias| self.names.key(alias) != key) {
                    return false;
                }
                prefix.is_empty()
                    || match relation.source {
                        Source::Table(table) => {
                            let own = self.tables.parts(table);
                            own.len() >= parts.len()
                                && own
                                    .iter()
                                    .rev()
                                    .zip(parts.iter().rev())
                                    .all(|(&a, &b)| self.names.key(a) == self.names.key(b))
                        }
                        Source::Shape(_) => false,
                    }
            });
            if found.is_some() {
                return found;
            }
            level = self.scope(here).parent;
        }
        self.relation_by_table(scope, parts)
    }

    /// Some engines take a table's own name even where it has an alias.
    fn relation_by_table(&self, scope: ScopeId, parts: &[Name]) -> Option<RelationId> {
        self.scope(scope).relations.iter().copied().find(|&id| match self.relation(id).source {
            Source::Table(table) => {
                let own = self.tables.parts(table);
                own.len() >= parts.len()
                    && own
                        .iter()
                        .rev()
                        .zip(parts.iter().rev())
                        .all(|(&a, &b)| self.names.key(a) == self.names.key(b))
            }
            Source::Shape(_) => false,
        })
    }

    /// Whether there is anything here, or around, that columns could come from.
    pub(super) fn sees_relations(&self, scope: ScopeId) -> bool {
        let mut level = Some(scope);
        while let Some(here) = level {
            if !self.scope(here).relations.is_empty() {
                return true;
            }
            level = self.scope(here).parent;
        }
        false
    }

    /// The table that is alone in sight, here and around.
    pub(super) fn only_table(&self, scope: ScopeId) -> Option<RelationId> {
        let mut level = Some(scope);
        let mut found = None;
        while let Some(here) = level {
            for &relation in &self.scope(here).relations {
                if found.is_some() || !matches!(self.relation(relation).source, Source::Table(_)) {
                    return None;
                }
                found = Some(relation);
            }
            level = self.scope(here).parent;
        }
        found
    }

    /// Whether it is one of the columns that tables of some dialect have without declaring them.
    pub(super) fn is_pseudo(&self, name: Name) -> bool {
        matches!(
            self.names.text(name).to_ascii_lowercase().as_str(),
            "rowid"
                | "rownum"
                | "ctid"
                | "oid"
                | "xmin"
                | "xmax"
                | "nextval"
                | "currval"
                | "tableoid"
                | "_partitiontime"
                | "_partitiondate"
                | "_table_suffix"
                | "_file_name"
        )
    }

    /// Whether it is the table of one row that some dialects select constants from.
    pub(super) fn is_dual(&self, name: Name) -> bool {
        use sqm_domain::Dialect::*;
        matches!(
            self.dialect,
            Oracle | MySql | MariaDb | Snowflake | Exasol | Db2 | ClickHouse | Vertica | Hive
        ) && self.names.text(name).eq_ignore_ascii_case("dual")
    }

    /// Whether the dialect has fields that are reached with a dot.
    /// Whether a call is one of a method of T-SQL's XML: `t.doc.value('…', 'int')`. `last` is the last part of its
    /// name, in lower case.
    pub(super) fn is_xml_method(&self, name: &ObjectName, last: &str) -> bool {
        matches!(self.dialect, sqm_domain::Dialect::TSql | sqm_domain::Dialect::Fabric)
            && name.0.len() > 1
            && matches!(last, "value" | "query" | "exist" | "nodes" | "modify")
    }

    pub(super) fn has_structs(&self) -> bool {
        use sqm_domain::Dialect::*;
        matches!(
            self.dialect,
            BigQuery
                | SparkSql
                | Databricks
                | Hive
                | DuckDb
                | Trino
                | Presto
                | Athena
                | ClickHouse
                | Impala
                | Generic
                | Drill
                | Dremio
                | Redshift
                | StarRocks
                | Doris
        )
    }

    /// Whether a relation in sight is known to have a column of this name.
    pub(super) fn knows_column(&self, scope: ScopeId, name: Name) -> bool {
        let key = self.names.key(name);
        let mut level = Some(scope);
        while let Some(here) = level {
            let scope = self.scope(here);
            if scope.relations.iter().any(|&relation| self.has(relation, name, key)) {
                return true;
            }
            level = scope.parent;
        }
        false
    }
}

/// Words that some dialect reads as a value without parentheses, in places where a column could stand.
pub(super) fn is_constant(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "SYSDATE",
        "SYSTIMESTAMP",
        "ROWNUM",
        "LEVEL",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "CURRENT_USER",
        "SESSION_USER",
        "SYSTEM_USER",
        "DEFAULT",
        "MAXVALUE",
        "CURRENT_ROLE",
        "CURRENT_SCHEMA",
        "CURRENT_CATALOG",
        "GETDATE",
        "TODAY",
        "UNKNOWN",
        "CURRENT",
        "INFINITY",
        "NAN",
        "SQLCODE",
        "SQLERRM",
        "SYSDATETIME",
    ];
    text.starts_with('@') || text.len() < 18 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
