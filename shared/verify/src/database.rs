//! The tables that two queries read, with their constraints, and the rows that a generated database
//! holds. Constraints are checked here, in one place, for generator, minimizer and tests alike.

use std::collections::BTreeSet;

use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, Identity, Table};

use crate::checks::{self, Check};
use crate::dialects::{is_mysql, is_unsigned, pads_texts, quoted};
use crate::forms::Form;
use crate::trust;
use crate::unique::{self, Declared, Unique};
use crate::value::{Kind, Value};

/// A column of a [`Relation`].
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name, in lower case.
    pub name: String,
    /// Its name as the catalog spells it.
    pub spelled: String,
    /// What it holds.
    pub kind: Kind,
    /// Its type as the catalog has it.
    pub written: Option<String>,
    /// Whether NULL can occur in it.
    pub nullable: bool,
    /// Whether it holds parts of a second; `None` where that is the dialect's business.
    pub holds_fractions: Option<bool>,
    /// Whether it is a text of fixed length, filled up with blanks.
    pub is_padded: bool,
    /// Whether the order of its values is another one than that of the texts that stand for them.
    pub has_own_order: bool,
    /// Whether it holds no number below zero.
    pub is_unsigned: bool,
    /// The form of its texts, where it does not hold any.
    pub form: Option<Form>,
    /// The collation of its texts, where it has one of its own.
    pub collation: Option<String>,
    /// Whether its values are computed, and never given.
    pub is_generated: bool,
    /// Whether and how the database numbers the rows here.
    pub identity: Option<Identity>,
    /// Whether 0 stands for the next number of the database's.
    pub is_counted_from_one: bool,
}

impl Attribute {
    /// Whether it can hold the value, which is not NULL.
    pub fn holds(&self, value: &Value) -> bool {
        let has_form = match (&self.form, value) {
            (Some(form), Value::Text(text)) => form.takes(text),
            _ => true,
        };
        let is_whole = !(self.is_padded && matches!(value, Value::Text(text) if text.ends_with(' ')));
        let is_number = !(self.is_counted_from_one && *value == Value::Int(0));
        let is_in_range = !(self.is_unsigned && value.is_negative());
        self.kind.holds(value) && is_whole && has_form && is_in_range && is_number
    }

    /// The value, or for a text that it cannot hold one that it can: for equal texts an equal one.
    pub fn adapted(&self, value: Value) -> Value {
        match (&self.form, value) {
            (Some(form), Value::Text(text)) => Value::Text(form.adapted(&text)),
            (_, value) => value,
        }
    }
}

/// A foreign key between two relations of a [`Schema`].
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Positions of the referring columns.
    pub columns: Vec<usize>,
    /// Position of the relation referred to.
    pub relation: usize,
    /// Positions of the columns referred to.
    pub referred: Vec<usize>,
}

/// A table with what holds in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// Its name as the catalog gives it, in parts.
    pub name: Vec<String>,
    /// Its columns.
    pub attributes: Vec<Attribute>,
    /// Keys: positions of columns whose values occur once; where NULL is among them, see [`NullsInKeys`].
    pub keys: Vec<Vec<usize>>,
    /// Those of the keys to which NULL is a value like any other, whatever it is to others.
    pub null_once: Vec<Vec<usize>>,
    /// Foreign keys.
    pub references: Vec<Reference>,
    /// CHECK constraints that its rows keep.
    pub kept: Vec<Check>,
    /// Those that they may break, as written.
    pub checks: Vec<String>,
    /// Unique indexes that are no keys, which its rows keep.
    pub kept_unique: Vec<Unique>,
    /// Those that they may break.
    pub unique: Vec<Declared>,
    /// Constraints of other kinds, which they may break as well, as written.
    pub left_out: Vec<String>,
    /// Whether names that differ in case alone leave open what a reference to it means.
    pub is_ambiguous: bool,
    /// What its rows may break besides, as verdicts say it.
    pub loose: Vec<&'static str>,
}

/// Every table that matters for a pair of queries: those they read and, since generated rows must refer
/// to something, those that these refer to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    /// The relations, those read first.
    pub relations: Vec<Relation>,
    /// What NULL is to a key that does not say so itself.
    pub nulls: NullsInKeys,
}

/// Whether rows that agree on a key break it where NULL is among its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NullsInKeys {
    /// They do not, as the standard has it.
    #[default]
    Free,
    /// They do: NULL is a value like any other.
    Bound,
    /// They do, unless all values are NULL.
    BoundBesideValues,
}

impl NullsInKeys {
    /// What it is in the dialect.
    pub fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::TSql | Dialect::Fabric | Dialect::Db2 => Self::Bound,
            Dialect::Oracle => Self::BoundBesideValues,
            _ => Self::Free,
        }
    }

    /// The values of a key as one text that occurs once; `None` where they may repeat.
    pub fn key_text(self, row: &[Value], columns: &[usize]) -> Option<String> {
        let absent = columns.iter().filter(|&&column| row[column].is_null()).count();
        self.bind(absent, columns.len()).then(|| text_of(row, columns))
    }

    /// Whether a key of so many values, of which so many are absent, occurs once.
    pub fn bind(self, absent: usize, values: usize) -> bool {
        match self {
            Self::Free => absent == 0,
            Self::Bound => true,
            Self::BoundBesideValues => absent < values,
        }
    }
}

/// A row: a value for each attribute.
pub type Row = Vec<Value>;

/// Rows for each relation of a schema, in the same order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Database {
    /// The rows of each relation.
    pub tables: Vec<Vec<Row>>,
}

impl Relation {
    /// The position of the attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<usize> {
        self.attributes.iter().position(|a| a.name == name)
    }

    /// Its name with dots.
    pub fn dotted(&self) -> String {
        self.name.join(".")
    }
}

impl Schema {
    /// The relations for the tables of these positions in the catalog and all they refer to.
    ///
    /// `kinds` says what a column's written type means in the dialect. A foreign key to a table or column that the
    /// catalog does not have constrains nothing.
    pub fn new(
        catalog: &Catalog,
        read: &[usize],
        kinds: impl Fn(Option<&str>) -> Kind,
        dialect: Dialect,
    ) -> Self {
        let tables = catalog.tables();
        let mut order: Vec<usize> = read.to_vec();
        let mut at = 0;
        while at < order.len() {
            for target in referred_tables(catalog, &tables[order[at]]) {
                if !order.contains(&target) {
                    order.push(target);
                }
            }
            at += 1;
        }
        let relations =
            order.iter().map(|&table| relation(catalog, &order, &tables[table], &kinds, dialect)).collect();
        Self { relations, nulls: NullsInKeys::of(dialect) }
    }

    /// Has databases keep the CHECK constraints and unique indexes that can be understood; the others remain in
    /// [`Relation::checks`] and [`Relation::unique`].
    pub fn keep_constraints(&mut self, dialect: Dialect) {
        for relation in &mut self.relations {
            checks::keep(relation, dialect);
            unique::keep(relation, dialect);
        }
    }

    /// Has the texts of these CHAR columns, by their names in lower case, fill them, so that no blanks follow.
    pub fn fill(&mut self, columns: &BTreeSet<String>) {
        for attribute in self.relations.iter_mut().flat_map(|relation| &mut relation.attributes) {
            if let Kind::Text { length } = attribute.kind
                && attribute.is_padded
                && attribute.form.is_none()
                && columns.contains(&attribute.name)
            {
                attribute.form = Some(Form::Full(length.unwrap_or(1) as usize));
            }
        }
    }

    /// The values of a key as one text that occurs once; `None` where they may repeat.
    pub fn key_text(&self, relation: usize, row: &[Value], key: &[usize]) -> Option<String> {
        let relation = &self.relations[relation];
        let has_one_null = relation.null_once.iter().any(|other| other == key);
        let nulls = if has_one_null { NullsInKeys::Bound } else { self.nulls };
        nulls.key_text(row, key)
    }

    /// An empty database of this schema.
    pub fn empty(&self) -> Database {
        Database { tables: vec![Vec::new(); self.relations.len()] }
    }

    /// What the database violates, in words; `None` when it keeps every type, key, NOT NULL, foreign key,
    /// CHECK and unique index.
    pub fn violation(&self, database: &Database) -> Option<String> {
        self.relations.iter().zip(&database.tables).enumerate().find_map(|(at, (relation, rows))| {
            unheld_value(relation, rows)
                .or_else(|| self.repeated_key(at, rows))
                .or_else(|| dangling_reference(relation, rows, database))
                .or_else(|| broken_check(relation, rows))
                .or_else(|| self.repeated_in_index(at, rows))
        })
    }

    fn repeated_key(&self, at: usize, rows: &[Row]) -> Option<String> {
        let relation = &self.relations[at];
        relation.keys.iter().find_map(|key| {
            repeated(rows.iter().filter_map(|row| self.key_text(at, row, key)))
                .then(|| format!("a key of {} occurs twice", relation.dotted()))
        })
    }

    fn repeated_in_index(&self, at: usize, rows: &[Row]) -> Option<String> {
        let relation = &self.relations[at];
        relation.kept_unique.iter().find_map(|index| {
            repeated(rows.iter().filter_map(|row| index.value(row, self.nulls)))
                .then(|| format!("a unique index of {} has a value twice", relation.dotted()))
        })
    }

    /// The relations in an order in which each comes after those it refers to, as far as cycles allow.
    pub fn parents_first(&self) -> Vec<usize> {
        let mut done: Vec<usize> = Vec::with_capacity(self.relations.len());
        while done.len() < self.relations.len() {
            let ready = (0..self.relations.len()).find(|&at| {
                !done.contains(&at)
                    && self.relations[at]
                        .references
                        .iter()
                        .all(|r| r.relation == at || done.contains(&r.relation))
            });
            let next = ready.or_else(|| (0..self.relations.len()).find(|at| !done.contains(at)));
            done.extend(next);
        }
        done
    }
}

impl Database {
    /// How many rows it holds in all.
    pub fn rows(&self) -> usize {
        self.tables.iter().map(Vec::len).sum()
    }
}

fn referred_tables(catalog: &Catalog, table: &Table) -> Vec<usize> {
    table.foreign_keys.iter().filter_map(|key| position(catalog, &key.table)).collect()
}

/// The position of the table that a reference of these parts can mean.
pub fn position(catalog: &Catalog, parts: &[String]) -> Option<usize> {
    let found = catalog.find(parts)?;
    catalog.tables().iter().position(|table| std::ptr::eq(table, found))
}

/// What a type says of the digits after the second: `TIMESTAMP(3)`, `SMALLDATETIME`.
fn holds_fractions(written: Option<&str>) -> Option<bool> {
    let lower = written?.to_ascii_lowercase();
    if matches!(lower.trim(), "date" | "smalldatetime") {
        return Some(false);
    }
    let digits = lower.split_once('(')?.1.split(')').next()?.trim().parse::<u8>().ok()?;
    Some(digits > 0)
}

fn relation(
    catalog: &Catalog,
    order: &[usize],
    table: &Table,
    kinds: &impl Fn(Option<&str>) -> Kind,
    dialect: Dialect,
) -> Relation {
    let positions = |key: &[u32]| key.iter().map(|&c| c as usize).collect::<Vec<_>>();
    let generated = table.columns.iter().filter_map(|column| {
        let expression = column.generated.as_ref()?;
        let name = quoted(&column.name, dialect);
        // A CHECK that is NULL holds.
        let is_null = format!("{name} IS NULL AND ({expression}) IS NULL");
        Some(format!("CASE WHEN {name} = ({expression}) THEN TRUE ELSE {is_null} END"))
    });
    let spelled = |at: u32| table.columns.get(at as usize).map(|column| quoted(&column.name, dialect));
    let whole = table.whole_or_null.iter().flat_map(|columns| {
        columns.windows(2).filter_map(|two| {
            let (one, other) = (spelled(two[0])?, spelled(two[1])?);
            Some(format!("CASE WHEN {one} IS NULL THEN {other} IS NULL ELSE {other} IS NOT NULL END"))
        })
    });
    Relation {
        name: table.name.clone(),
        attributes: table
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| Attribute {
                name: column.name.to_lowercase(),
                spelled: column.name.clone(),
                kind: kinds(column.data_type.as_deref()),
                written: column.data_type.clone(),
                nullable: !table.is_not_null(at),
                holds_fractions: holds_fractions(column.data_type.as_deref()),
                is_padded: pads_texts(dialect) && trust::is_padded(column.data_type.as_deref()),
                has_own_order: trust::has_own_order(
                    kinds(column.data_type.as_deref()),
                    column.data_type.as_deref(),
                    &column.labels,
                ),
                is_unsigned: column.data_type.as_deref().is_some_and(|of| is_unsigned(of, dialect)),
                form: Form::of(column.data_type.as_deref(), &column.labels),
                collation: column.collation.clone(),
                is_generated: column.generated.is_some(),
                identity: column.identity,
                is_counted_from_one: column.identity == Some(Identity::ByDefault) && is_mysql(dialect),
            })
            .collect(),
        keys: table.keys().map(positions).collect(),
        null_once: table.null_once.iter().map(|key| positions(key)).collect(),
        references: table
            .foreign_keys
            .iter()
            .filter_map(|key| {
                let target = position(catalog, &key.table)?;
                let parent = &catalog.tables()[target];
                let referred = if key.referred_columns.is_empty() {
                    positions(&parent.primary_key)
                } else {
                    key.referred_columns.iter().map(|name| parent.column(name)).collect::<Option<_>>()?
                };
                let columns = positions(&key.columns);
                (columns.len() == referred.len() && !columns.is_empty()).then_some(())?;
                let relation = order.iter().position(|&known| known == target)?;
                Some(Reference { columns, relation, referred })
            })
            .collect(),
        kept: Vec::new(),
        checks: table.checks.iter().cloned().chain(generated).chain(whole).collect(),
        kept_unique: Vec::new(),
        unique: Declared::of(table, dialect),
        left_out: table.left_out.clone(),
        is_ambiguous: table.is_ambiguous,
        loose: loose(catalog, table),
    }
}

/// What rows of a table that shares them with others may break.
fn loose(catalog: &Catalog, table: &Table) -> Vec<&'static str> {
    let below = |is_partition: bool| {
        catalog.tables().iter().any(|other| {
            let is_parent = |name: &Vec<String>| catalog.find(name).is_some_and(|it| it.name == table.name);
            other.is_partition == is_partition && other.parents.iter().any(is_parent)
        })
    };
    let mut loose = Vec::new();
    if table.is_partition {
        loose.push("rows that are outside of the bounds of the partition");
    }
    if below(true) {
        loose.push("rows that no partition takes");
    }
    if below(false) {
        loose.push("rows that repeat a key, as those of tables that inherit from it may");
    }
    loose
}

/// A value that its column does not take, NULL or another.
fn unheld_value(relation: &Relation, rows: &[Row]) -> Option<String> {
    rows.iter().find_map(|row| {
        let is_unheld = |(attribute, value): &(&Attribute, &Value)| {
            if value.is_null() { !attribute.nullable } else { !attribute.holds(value) }
        };
        let (attribute, value) = relation.attributes.iter().zip(row).find(is_unheld)?;
        Some(format!("{value} in {}.{}", relation.dotted(), attribute.name))
    })
}

/// Whether one of the values occurs twice.
fn repeated(values: impl Iterator<Item = String>) -> bool {
    let mut seen = BTreeSet::new();
    values.into_iter().any(|value| !seen.insert(value))
}

fn broken_check(relation: &Relation, rows: &[Row]) -> Option<String> {
    let is_broken = rows.iter().any(|row| checks::broken(&relation.kept, row).is_some());
    is_broken.then(|| format!("a row of {} breaks a CHECK", relation.dotted()))
}

fn dangling_reference(relation: &Relation, rows: &[Row], database: &Database) -> Option<String> {
    relation.references.iter().find_map(|reference| {
        let parents: BTreeSet<String> = database.tables[reference.relation]
            .iter()
            .filter_map(|row| key_text(row, &reference.referred))
            .collect();
        rows.iter().find_map(|row| {
            let value = key_text(row, &reference.columns)?;
            (!parents.contains(&value)).then(|| format!("a row of {} refers to nothing", relation.dotted()))
        })
    })
}

/// The values of these columns as one comparable text; `None` when one of them is NULL.
pub fn key_text(row: &[Value], columns: &[usize]) -> Option<String> {
    NullsInKeys::Free.key_text(row, columns)
}

fn text_of(row: &[Value], columns: &[usize]) -> String {
    let mut text = String::new();
    for &column in columns {
        match &row[column] {
            Value::Null => text.push('\u{0}'),
            value => text.push_str(&value.to_string()),
        }
        text.push('\u{1f}');
    }
    text
}
