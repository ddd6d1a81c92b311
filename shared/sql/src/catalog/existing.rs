//! A catalog with the indexes that a database says it has.

use std::collections::BTreeMap;

use sqm_domain::Dialect;

use super::{Catalog, CatalogError};
use crate::guard::GuardError;
use crate::indexes::quoted;

impl Catalog {
    /// The same with further indexes: the table of each, in parts, and the CREATE INDEX that makes it. A unique one
    /// is kept as an index too, and no key comes of it: whether it holds tomorrow is not for a proof to rest on.
    /// Those of tables that are not known are left out, and so is what is no index as the catalog keeps them.
    ///
    /// # Errors
    /// Texts over the limits.
    pub fn with_indexes<'i>(
        &self,
        indexes: impl IntoIterator<Item = (&'i [String], &'i str)>,
        dialect: Dialect,
    ) -> Result<Self, GuardError> {
        let mut known: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
        for (table, definition) in indexes {
            known.entry(table).or_default().push(definition);
        }
        let mut catalog = self.clone();
        for (name, definitions) in known {
            let Some(table) = self.find(name) else { continue };
            let columns: Vec<String> =
                table.columns.iter().map(|column| format!("{} INT", quoted(&column.name, dialect))).collect();
            let parts: Vec<String> = name.iter().map(|part| quoted(part, dialect)).collect();
            let mut ddl = format!("CREATE TABLE {} ({});\n", parts.join("."), columns.join(", "));
            for definition in definitions {
                ddl += &definition.replacen("CREATE UNIQUE INDEX", "CREATE INDEX", 1);
                ddl += ";\n";
            }
            let declared = match Self::from_ddl(&ddl, dialect) {
                Ok((declared, _)) => declared,
                Err(CatalogError::Guard(error)) => return Err(error),
                Err(_) => continue,
            };
            let mut table = table.clone();
            for index in declared.tables().first().map(|made| made.indexes.as_slice()).unwrap_or_default() {
                if !table.indexes.contains(index) {
                    table.indexes.push(index.clone());
                }
            }
            catalog.insert(table);
        }
        Ok(catalog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::IndexPart;
    use crate::indexes::advise;

    #[test]
    fn what_a_database_has_is_not_advised_again() {
        let ddl = "CREATE TABLE orders (id INT PRIMARY KEY, state TEXT, \"Customer\" INT, placed DATE)";
        let (catalog, _) = Catalog::from_ddl(ddl, Dialect::Postgres).unwrap();
        let sql = "SELECT id FROM orders WHERE \"Customer\" = 7 AND placed > DATE '2024-01-01'";
        let advised = |catalog: &Catalog| advise(sql, Dialect::Postgres, catalog).unwrap().indexes;
        assert_eq!(advised(&catalog)[0].columns, ["Customer", "placed"]);
        let table = ["public".to_owned(), "orders".to_owned()];
        let with = |definition: &str| {
            catalog.with_indexes([(table.as_slice(), definition)], Dialect::Postgres).unwrap()
        };
        let served = with("CREATE UNIQUE INDEX i ON public.orders USING btree (\"Customer\", placed, state)");
        assert_eq!(served.tables()[0].indexes, [[2, 3, 1].map(IndexPart::Column).to_vec()]);
        assert_eq!(served.tables()[0].unique, Vec::<Vec<u32>>::new(), "no key comes of it");
        assert!(advised(&served).is_empty());
        for other in [
            "CREATE INDEX i ON public.orders USING btree (placed)",
            "CREATE INDEX i ON public.orders USING hash (\"Customer\")",
            "CREATE INDEX i ON public.orders USING btree (\"Customer\", placed) WHERE (state = 'open'::text)",
            "no index",
        ] {
            assert!(!advised(&with(other)).is_empty(), "{other}");
        }
        let nowhere = ["nowhere".to_owned()];
        let same =
            catalog.with_indexes([(nowhere.as_slice(), "CREATE INDEX ON nowhere (a)")], Dialect::Postgres);
        assert_eq!(same.unwrap(), catalog);
    }
}
