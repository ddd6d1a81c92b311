//! Generated queries: two columns over tables of two columns, in every style of writing.

use proptest::prelude::*;

/// A query with CTEs in front, none of which refers to another.
#[derive(Debug, Clone)]
pub(super) struct Text {
    ctes: Vec<Query>,
    body: Query,
}

/// A query of two columns.
#[derive(Debug, Clone)]
pub(super) enum Query {
    Select { items: [Item; 2], from: From, filter: Option<(usize, usize)>, grouped: bool },
    Union(Box<Query>, Box<Query>),
}

#[derive(Debug, Clone)]
pub(super) struct From {
    sources: Vec<Source>,
    join: Join,
}

/// How the second relation is joined, with the columns of both sides.
#[derive(Debug, Clone, Copy)]
enum Join {
    Cross,
    Inner(usize, usize),
    Left(usize, usize),
    Using(usize),
}

#[derive(Debug, Clone)]
enum Source {
    Table(usize),
    Cte(usize),
    Derived(Box<Query>),
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    Column(usize, usize),
    Sum(usize, usize, usize),
    Case(usize, usize),
    Window(usize, usize),
    Scalar(usize, usize),
    Constant,
}

/// How names are written, and in which order things stand that have none.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) alias: &'static str,
    pub(super) cte: &'static str,
    /// Whether the relations of a FROM clause stand in reverse.
    pub(super) reversed: bool,
    /// Whether the CTEs do.
    pub(super) ctes_reversed: bool,
}

pub(super) const PLAIN: Style =
    Style { table: "t", column: "c", alias: "x", cte: "w", reversed: false, ctes_reversed: false };

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![3 => (0..3usize).prop_map(Source::Table), 1 => (0..3usize).prop_map(Source::Cte)]
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Column(r, c)),
        (0..2usize, 0..2usize, 0..2usize).prop_map(|(r, a, b)| Item::Sum(r, a, b)),
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Case(r, c)),
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Window(r, c)),
        (0..2usize, 0..2usize).prop_map(|(r, c)| Item::Scalar(r, c)),
        Just(Item::Constant),
    ]
}

fn join() -> impl Strategy<Value = Join> {
    prop_oneof![
        Just(Join::Cross),
        (0..2usize, 0..2usize).prop_map(|(a, b)| Join::Inner(a, b)),
        (0..2usize, 0..2usize).prop_map(|(a, b)| Join::Left(a, b)),
        (0..2usize).prop_map(Join::Using),
    ]
}

fn select(source: impl Strategy<Value = Source>) -> impl Strategy<Value = Query> {
    let from = (proptest::collection::vec(source, 1..3), join());
    let filter = proptest::option::of((0..2usize, 0..2usize));
    (item(), item(), from, filter, any::<bool>()).prop_map(|(a, b, (sources, join), filter, grouped)| {
        Query::Select { items: [a, b], from: From { sources, join }, filter, grouped }
    })
}

pub(super) fn query() -> impl Strategy<Value = Query> {
    select(source()).prop_recursive(3, 12, 3, |inner| {
        let source = prop_oneof![source(), inner.clone().prop_map(|query| Source::Derived(Box::new(query)))];
        prop_oneof![
            select(source),
            (inner.clone(), inner).prop_map(|(a, b)| Query::Union(Box::new(a), Box::new(b))),
        ]
    })
}

pub(super) fn text() -> impl Strategy<Value = Text> {
    (proptest::collection::vec(query(), 0..4), query()).prop_map(|(ctes, body)| Text { ctes, body })
}

impl Text {
    pub(super) fn sql(&self, style: Style) -> String {
        let mut ctes: Vec<String> = self
            .ctes
            .iter()
            .enumerate()
            .map(|(at, query)| format!("{}{at} AS ({})", style.cte, query.sql(style, 0)))
            .collect();
        if style.ctes_reversed {
            ctes.reverse();
        }
        let with = if ctes.is_empty() { String::new() } else { format!("WITH {} ", ctes.join(", ")) };
        format!("{with}{}", self.body.sql(style, self.ctes.len()))
    }
}

impl Query {
    /// Its text, where so many CTEs are in sight.
    pub(super) fn sql(&self, style: Style, ctes: usize) -> String {
        let Style { column, alias, .. } = style;
        let (items, from, filter, grouped) = match self {
            Self::Union(a, b) => {
                return format!("{} UNION ALL {}", a.sql(style, ctes), b.sql(style, ctes));
            }
            Self::Select { items, from, filter, grouped } => (items, from, filter, grouped),
        };
        let name =
            |relation: usize, at: usize| format!("{alias}{}.{column}{at}", relation % from.sources.len());
        let items: Vec<String> = items
            .iter()
            .enumerate()
            .map(|(at, item)| format!("{} AS {column}{at}", item.sql(style, &name)))
            .collect();
        let mut sql = format!("SELECT {} FROM {}", items.join(", "), from.sql(style, ctes));
        if let Some((r, c)) = filter {
            sql.push_str(&format!(" WHERE {} = 1", name(*r, *c)));
        }
        if *grouped {
            sql.push_str(&format!(" GROUP BY {}", name(0, 0)));
        }
        sql
    }
}

impl Item {
    fn sql(&self, style: Style, name: &dyn Fn(usize, usize) -> String) -> String {
        let Style { table, column, .. } = style;
        match self {
            Self::Column(r, c) => name(*r, *c),
            Self::Sum(r, a, b) => format!("{} + {}", name(*r, *a), name(*r, *b)),
            Self::Case(r, c) => format!("CASE WHEN {} > 0 THEN {} END", name(*r, *c), name(*r, 1 - c)),
            Self::Window(r, c) => format!("max({}) OVER (PARTITION BY {})", name(*r, *c), name(*r, 1 - c)),
            Self::Scalar(r, c) => {
                format!("(SELECT min({column}0) FROM {table}2 WHERE {table}2.{column}1 = {})", name(*r, *c))
            }
            Self::Constant => "1".to_owned(),
        }
    }
}

impl From {
    fn sql(&self, style: Style, ctes: usize) -> String {
        let Style { table, column, alias, cte, reversed, .. } = style;
        let relation = |(at, source): (usize, &Source)| match source {
            Source::Cte(number) if ctes > 0 => format!("{cte}{} AS {alias}{at}", number % ctes),
            Source::Table(number) | Source::Cte(number) => format!("{table}{number} AS {alias}{at}"),
            Source::Derived(query) => format!("({}) AS {alias}{at}", query.sql(style, ctes)),
        };
        let relations: Vec<String> = self.sources.iter().enumerate().map(relation).collect();
        let [first, second] = &relations[..] else { return relations.concat() };
        let on = |a: usize, b: usize| format!(" ON {alias}0.{column}{a} = {alias}1.{column}{b}");
        let (left, right) = if reversed { (second, first) } else { (first, second) };
        let (kind, condition) = match self.join {
            Join::Cross => ("CROSS", String::new()),
            Join::Inner(a, b) => ("INNER", on(a, b)),
            Join::Left(a, b) => (if reversed { "RIGHT" } else { "LEFT" }, on(a, b)),
            Join::Using(a) => ("INNER", format!(" USING ({column}{a})")),
        };
        format!("{left} {kind} JOIN {right}{condition}")
    }
}
