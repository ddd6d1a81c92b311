//! Laws of lineage, on generated queries.

use proptest::prelude::*;
use sqm_domain::Dialect;

use super::tests::edges_of;
use crate::catalog::{Catalog, Column, Table};

/// A query of two columns over tables of two columns.
#[derive(Debug, Clone)]
enum Query {
    Select { items: [Item; 2], from: Vec<Source>, filter: Option<(usize, usize)>, grouped: bool },
    Union(Box<Query>, Box<Query>),
}

#[derive(Debug, Clone)]
enum Source {
    Table(usize),
    Derived(Box<Query>),
}

#[derive(Debug, Clone)]
enum Item {
    Column(usize, usize),
    Sum(usize, usize, usize),
    Case(usize, usize),
    Window(usize, usize),
    Scalar(usize, usize),
}

/// How names are written.
#[derive(Clone, Copy)]
struct Style {
    table: &'static str,
    column: &'static str,
    alias: &'static str,
    /// Whether the relations of a FROM clause stand in reverse.
    reversed: bool,
}

const PLAIN: Style = Style { table: "t", column: "c", alias: "x", reversed: false };

fn source() -> impl Strategy<Value = Source> {
    (0..3usize).prop_map(Source::Table)
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Column(r, c)),
        (0..2usize, 0..2usize, 0..2usize).prop_map(|(r, a, b)| Item::Sum(r, a, b)),
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Case(r, c)),
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Window(r, c)),
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Scalar(r, c)),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let filter = proptest::option::of((0..2usize, 0..2usize));
    let leaf = (item(), item(), proptest::collection::vec(source(), 1..3), filter.clone(), any::<bool>())
        .prop_map(|(a, b, from, filter, grouped)| Query::Select { items: [a, b], from, filter, grouped });
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let source = prop_oneof![source(), inner.clone().prop_map(|query| Source::Derived(Box::new(query)))];
        prop_oneof![
            (item(), item(), proptest::collection::vec(source, 1..3), filter.clone(), any::<bool>())
                .prop_map(|(a, b, from, filter, grouped)| Query::Select {
                    items: [a, b],
                    from,
                    filter,
                    grouped
                }),
            (inner.clone(), inner).prop_map(|(a, b)| Query::Union(Box::new(a), Box::new(b))),
        ]
    })
}

impl Query {
    fn sql(&self, style: Style) -> String {
        let Style { table, column, alias, reversed } = style;
        let (items, from, filter, grouped) = match self {
            Self::Union(a, b) => return format!("{} UNION ALL {}", a.sql(style), b.sql(style)),
            Self::Select { items, from, filter, grouped } => (items, from, filter, grouped),
        };
        let name = |relation: usize, at: usize| format!("{alias}{}.{column}{at}", relation % from.len());
        let items = items.iter().enumerate().map(|(at, item)| {
            let expr = match item {
                Item::Column(r, c) => name(*r, *c),
                Item::Sum(r, a, b) => format!("{} + {}", name(*r, *a), name(*r, *b)),
                Item::Case(r, c) => format!("CASE WHEN {} > 0 THEN {} END", name(*r, *c), name(*r, 1 - c)),
                Item::Window(r, c) => {
                    format!("max({}) OVER (PARTITION BY {})", name(*r, *c), name(*r, 1 - c))
                }
                Item::Scalar(r, c) => {
                    format!(
                        "(SELECT min({column}0) FROM {table}2 WHERE {table}2.{column}1 = {})",
                        name(*r, *c)
                    )
                }
            };
            format!("{expr} AS {column}{at}")
        });
        let items: Vec<String> = items.collect();
        let mut relations: Vec<String> = from
            .iter()
            .enumerate()
            .map(|(at, source)| match source {
                Source::Table(number) => format!("{table}{number} AS {alias}{at}"),
                Source::Derived(query) => format!("({}) AS {alias}{at}", query.sql(style)),
            })
            .collect();
        if reversed {
            relations.reverse();
        }
        let mut sql = format!("SELECT {} FROM {}", items.join(", "), relations.join(" CROSS JOIN "));
        if let Some((r, c)) = filter {
            sql.push_str(&format!(" WHERE {} = 1", name(*r, *c)));
        }
        if *grouped {
            sql.push_str(&format!(" GROUP BY {}", name(0, 0)));
        }
        sql
    }
}

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn renaming_everything_renames_the_edges(query in query()) {
        let style = Style { table: "tab", column: "col", alias: "al", reversed: false };
        let renamed: Vec<String> = edges(&query.sql(PLAIN), PLAIN)
            .iter()
            .map(|edge| {
                let edge = edge.replace(".c", ".col");
                if let Some(rest) = edge.strip_prefix('t') { format!("tab{rest}") } else { edge }
            })
            .collect();
        prop_assert_eq!(edges(&query.sql(style), style), renamed);
    }

    #[test]
    fn aliases_and_the_order_of_relations_do_not_matter(query in query()) {
        let expected = edges(&query.sql(PLAIN), PLAIN);
        prop_assert_eq!(&edges(&query.sql(Style { alias: "other", ..PLAIN }), PLAIN), &expected);
        prop_assert_eq!(&edges(&query.sql(Style { reversed: true, ..PLAIN }), PLAIN), &expected);
    }

    #[test]
    fn wrapping_changes_nothing(query in query()) {
        let sql = query.sql(PLAIN);
        let expected = edges(&sql, PLAIN);
        prop_assert_eq!(&edges(&format!("WITH q AS ({sql}) SELECT * FROM q"), PLAIN), &expected);
        prop_assert_eq!(&edges(&format!("SELECT q.c0, c1 FROM ({sql}) AS q"), PLAIN), &expected);
    }

    #[test]
    fn an_insert_takes_the_columns_by_position(query in query()) {
        let sql = query.sql(PLAIN);
        let expected: Vec<String> = edges(&sql, PLAIN)
            .iter()
            .map(|edge| edge.replace("<query>.c0", "u.second").replace("<query>.c1", "u.first"))
            .collect();
        let mut found = edges(&format!("INSERT INTO u (second, first) {sql}"), PLAIN);
        let mut expected = expected;
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_view_in_the_script_is_its_query(query in query()) {
        let sql = query.sql(PLAIN);
        let expected = edges(&sql, PLAIN);
        prop_assert_eq!(edges(&format!("CREATE VIEW w AS {sql}; SELECT c0, c1 FROM w"), PLAIN), expected);
    }
}
