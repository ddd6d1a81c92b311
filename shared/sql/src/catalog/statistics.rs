//! What somebody knows of the rows of tables: how many there are, how many values a column has, how much of it
//! is NULL. Held against the catalog before anything is made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Catalog, Table, json};

/// Statistics as somebody sends them: tables by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatisticsInput(BTreeMap<String, TableStatisticsInput>);

/// What is said of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableStatisticsInput {
    rows: u64,
    #[serde(default)]
    columns: BTreeMap<String, ColumnStatistics>,
}

/// What is known of a column's values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnStatistics {
    /// How many different values there are, NULL not counted.
    pub distinct: Option<u64>,
    /// How much of the rows is NULL, from 0 to 1.
    pub null_fraction: Option<f64>,
}

/// What is known of a table's rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableStatistics {
    /// How many there are.
    pub rows: u64,
    /// By the position of the column.
    pub columns: BTreeMap<usize, ColumnStatistics>,
}

/// Statistics of tables of a catalog, which they do not contradict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// By the name of the table as the catalog has it.
    tables: BTreeMap<Vec<String>, TableStatistics>,
}

/// Statistics that cannot be true of the tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct StatisticsError {
    /// The keys on the way there, as `orders.columns.state.distinct`.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
}

impl StatisticsInput {
    /// Holds them against the tables.
    ///
    /// # Errors
    /// The first that contradicts them: a table or column that is not there, more values than rows, a fraction
    /// that is none.
    pub fn read(&self, catalog: &Catalog) -> Result<Statistics, StatisticsError> {
        let mut tables = BTreeMap::new();
        for (name, input) in &self.0 {
            let refuse =
                |place: &str, why: String| Err(StatisticsError { place: format!("{name}{place}"), why });
            let Some(table) = catalog.find(&json::parts(name)) else {
                return refuse(
                    "",
                    "the catalog has no table of this name, or several that it can mean".to_owned(),
                );
            };
            let mut columns = BTreeMap::new();
            for (column, known) in &input.columns {
                let place = format!(".columns.{column}");
                let Some(at) = table.column(column) else {
                    return refuse(&place, "the table has no column of this name".to_owned());
                };
                if let Err((key, why)) = check(table, at, input.rows, *known) {
                    return refuse(&format!("{place}.{key}"), why);
                }
                if columns.insert(at, *known).is_some() {
                    return refuse(&place, "the column is there already, in another spelling".to_owned());
                }
            }
            let statistics = TableStatistics { rows: input.rows, columns };
            if tables.insert(table.name.clone(), statistics).is_some() {
                return refuse("", "the table is there already, in another spelling".to_owned());
            }
        }
        Ok(Statistics { tables })
    }
}

/// What of a column's statistics cannot be, and why.
fn check(table: &Table, at: usize, rows: u64, known: ColumnStatistics) -> Result<(), (&'static str, String)> {
    let nulls = known.null_fraction.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&nulls) {
        return Err(("null_fraction", format!("{nulls} is no fraction: expected a number from 0 to 1")));
    }
    if nulls > 0.0 && table.is_not_null(at) {
        return Err(("null_fraction", format!("{nulls} of it is NULL, and the column is NOT NULL")));
    }
    let Some(distinct) = known.distinct else { return Ok(()) };
    if distinct > rows {
        return Err(("distinct", format!("{distinct} different values in {rows} rows")));
    }
    let is_key = table.keys().any(|key| matches!(key, [only] if *only as usize == at));
    if is_key && nulls == 0.0 && table.is_not_null(at) && distinct < rows {
        return Err((
            "distinct",
            format!("{distinct} different values in {rows} rows, and the column is a key"),
        ));
    }
    if distinct == 0 && rows > 0 && nulls < 1.0 && known.null_fraction.is_some() {
        return Err(("distinct", "no value, and not all of it is NULL".to_owned()));
    }
    Ok(())
}

impl Statistics {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Those of the table that the catalog has under this name.
    pub fn table(&self, name: &[String]) -> Option<&TableStatistics> {
        self.tables.get(name)
    }
}

#[cfg(test)]
mod tests {
    use sqm_domain::Dialect;

    use super::*;

    fn read(text: &str) -> Result<Statistics, String> {
        let ddl = "CREATE TABLE sales.orders (id INT PRIMARY KEY, state TEXT NOT NULL, coupon TEXT)";
        let (catalog, _) = Catalog::from_ddl(ddl, Dialect::Postgres).unwrap();
        let input: StatisticsInput = serde_json::from_str(text).map_err(|error| error.to_string())?;
        input.read(&catalog).map_err(|error| error.to_string())
    }

    #[test]
    fn they_are_kept_by_position() {
        let found = read(
            r#"{"Orders": {"rows": 1000, "columns": {"STATE": {"distinct": 4}, "coupon": {"null_fraction": 0.9}}}}"#,
        )
        .unwrap();
        let orders = found.table(&["sales".to_owned(), "orders".to_owned()]).unwrap();
        assert_eq!(orders.rows, 1000);
        assert_eq!(orders.columns[&1].distinct, Some(4));
        assert_eq!(orders.columns[&2].null_fraction, Some(0.9));
    }

    #[test]
    fn what_contradicts_the_tables_is_refused_with_its_place() {
        let check = |text: &str, why: &str| assert_eq!(read(text).unwrap_err(), why, "{text}");
        let of = |column: &str| format!(r#"{{"orders": {{"rows": 10, "columns": {column}}}}}"#);
        check(
            r#"{"order": {"rows": 1}}"#,
            "order: the catalog has no table of this name, or several that it can mean",
        );
        check(&of(r#"{"sate": {}}"#), "orders.columns.sate: the table has no column of this name");
        check(
            &of(r#"{"state": {"distinct": 11}}"#),
            "orders.columns.state.distinct: 11 different values in 10 rows",
        );
        check(
            &of(r#"{"id": {"distinct": 9}}"#),
            "orders.columns.id.distinct: 9 different values in 10 rows, and the column is a key",
        );
        check(
            &of(r#"{"coupon": {"null_fraction": 1.5}}"#),
            "orders.columns.coupon.null_fraction: 1.5 is no fraction: expected a number from 0 to 1",
        );
        check(
            &of(r#"{"state": {"null_fraction": 0.5}}"#),
            "orders.columns.state.null_fraction: 0.5 of it is NULL, and the column is NOT NULL",
        );
        check(
            r#"{"orders": {"rows": 1}, "sales.orders": {"rows": 2}}"#,
            "sales.orders: the table is there already, in another spelling",
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert!(read(r#"{"orders": {"rows": -1}}"#).unwrap_err().contains("-1"));
        assert!(read(r#"{"orders": {"rows": 1, "colums": {}}}"#).unwrap_err().contains("colums"));
        assert!(read(r#"{"orders": {}}"#).unwrap_err().contains("rows"));
    }
}
