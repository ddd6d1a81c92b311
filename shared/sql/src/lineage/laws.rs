//! Laws of lineage, on generated queries. `tests/lineage_laws.rs` holds those for texts of the corpora.

mod query;

use proptest::prelude::*;
use sqm_domain::Dialect;

use self::query::{PLAIN, Style, query, text};
use super::tests::{edges_of, edges_with};
use super::{Options, Views};
use crate::catalog::{Catalog, Column, Table};
use crate::guard;
use crate::parse::Tree;

fn catalog(style: Style) -> Catalog {
    let column = |at: usize| Column { name: format!("{}{at}", style.column), ..Column::default() };
    let table = |at: usize| Table {
        name: vec![format!("{}{at}", style.table)],
        columns: vec![column(0), column(1)],
        ..Table::default()
    };
    Catalog::from((0..3).map(table).collect::<Vec<_>>())
}

fn edges(sql: &str, style: Style) -> Vec<String> {
    edges_of(sql, Dialect::Postgres, &catalog(style))
}

/// The text as the parser prints it.
fn printed(sql: &str) -> String {
    let texts = guard::with_script(sql, Dialect::Postgres, |script| {
        let trees = script.statements.iter().map(|statement| match &statement.tree {
            Ok(Tree::Sql(tree)) => tree.to_string(),
            other => panic!("{sql}: {other:?}"),
        });
        trees.collect::<Vec<_>>()
    });
    texts.unwrap().join(";")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn renaming_everything_renames_the_edges(text in text()) {
        let style = Style { table: "tab", column: "col", alias: "al", cte: "named", ..PLAIN };
        let mut renamed: Vec<String> = edges(&text.sql(PLAIN), PLAIN)
            .iter()
            .map(|edge| {
                let edge = edge.replace(".c", ".col");
                if let Some(rest) = edge.strip_prefix('t') { format!("tab{rest}") } else { edge }
            })
            .collect();
        renamed.sort();
        prop_assert_eq!(edges(&text.sql(style), style), renamed);
    }

    #[test]
    fn aliases_and_orders_that_mean_nothing_do_not_matter(text in text()) {
        let expected = edges(&text.sql(PLAIN), PLAIN);
        for style in [
            Style { alias: "other", ..PLAIN },
            Style { cte: "other", ..PLAIN },
            Style { reversed: true, ..PLAIN },
            Style { ctes_reversed: true, ..PLAIN },
        ] {
            prop_assert_eq!(&edges(&text.sql(style), PLAIN), &expected);
        }
    }

    #[test]
    fn wrapping_changes_nothing(text in text()) {
        let sql = text.sql(PLAIN);
        let expected = edges(&sql, PLAIN);
        prop_assert_eq!(&edges(&format!("WITH q AS ({sql}) SELECT * FROM q"), PLAIN), &expected);
        prop_assert_eq!(&edges(&format!("SELECT q.c0, c1 FROM ({sql}) AS q"), PLAIN), &expected);
        prop_assert_eq!(&edges(&format!("SELECT * FROM ({sql}) AS q (c0, c1)"), PLAIN), &expected);
    }

    #[test]
    fn printing_and_parsing_again_changes_nothing(text in text()) {
        let sql = text.sql(PLAIN);
        prop_assert_eq!(edges(&printed(&sql), PLAIN), edges(&sql, PLAIN));
    }

    #[test]
    fn an_insert_takes_the_columns_by_position(text in text()) {
        let sql = text.sql(PLAIN);
        let mut expected: Vec<String> = edges(&sql, PLAIN)
            .iter()
            .map(|edge| edge.replace("<query>.c0", "u.second").replace("<query>.c1", "u.first"))
            .collect();
        expected.sort();
        prop_assert_eq!(edges(&format!("INSERT INTO u (second, first) {sql}"), PLAIN), expected);
    }

    #[test]
    fn a_view_in_the_script_is_its_query(query in query()) {
        let sql = query.sql(PLAIN, 0);
        let expected = edges(&sql, PLAIN);
        prop_assert_eq!(&edges(&format!("CREATE VIEW w AS {sql}; SELECT c0, c1 FROM w"), PLAIN), &expected);
        prop_assert_eq!(&edges(&format!("CREATE TABLE w AS {sql}; SELECT * FROM w"), PLAIN), &expected);
    }

    #[test]
    fn a_view_of_the_catalog_is_its_query_where_it_is_followed(text in text()) {
        let sql = text.sql(PLAIN);
        let mut catalog = catalog(PLAIN);
        catalog.insert(Table { name: vec!["v".to_owned()], view: Some(sql.clone()), ..Table::default() });
        let options = Options { views: Views::Follow, ..Options::default() };
        let found = edges_with("SELECT c0, c1 FROM v", Dialect::Postgres, &catalog, &options);
        prop_assert_eq!(found, edges(&sql, PLAIN));
    }
}
