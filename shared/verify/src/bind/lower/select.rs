//! Builds whole SELECTs of syntax tree, for what becomes a subquery.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, Query, Select, SelectFlavor, SelectItem, SetExpr, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins,
};

/// `SELECT outputs FROM from WHERE condition`.
pub fn select(projection: Vec<SelectItem>, from: TableFactor, selection: Option<Expr>) -> SetExpr {
    let from = vec![TableWithJoins { relation: from, joins: Vec::new() }];
    SetExpr::Select(Box::new(Select { from, selection, ..bare(projection) }))
}

/// `SELECT outputs`: one row.
pub fn row(projection: Vec<SelectItem>) -> SetExpr {
    SetExpr::Select(Box::new(bare(projection)))
}

fn bare(projection: Vec<SelectItem>) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from: Vec::new(),
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

/// A query of nothing but this body.
pub fn query(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

/// `(query) AS name (columns)`.
pub fn derived(subquery: Query, name: &str, columns: &[String]) -> TableFactor {
    let columns = columns.iter().map(TableAliasColumnDef::from_name).collect();
    TableFactor::Derived {
        lateral: false,
        subquery: Box::new(subquery),
        alias: Some(TableAlias { explicit: true, name: Ident::new(name), columns, at: None }),
        sample: None,
    }
}

/// A column of a relation.
pub fn column(relation: &str, name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![Ident::new(relation), Ident::new(name)])
}
