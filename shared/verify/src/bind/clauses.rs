//! Clauses that DataFusion passes over: what it does not read would be missing in a plan without a word, and
//! a sample proved to be the whole. Every field of every node is named here, so that a new one of the grammar
//! asks for a decision.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte, Expr, ForClause, Function, FunctionArguments, GroupByExpr, GroupByWithModifier, JoinConstraint,
    JoinOperator, LimitClause, NonBlock, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectItem,
    SelectModifiers, Statement, TableAlias, TableFactor, TableWithJoins, Visit, Visitor,
    WildcardAdditionalOptions, WindowSpec, WindowType, With,
};

use super::refusal::{Refusal, at};

/// Refuses a statement that has one of them.
///
/// # Errors
/// Which, and where.
pub fn known(statement: &Statement) -> Result<(), Refusal> {
    match statement.visit(&mut Pass) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(Refusal { reason, position }) => {
            Err(Refusal { reason: format!("{reason} is not verified"), position })
        }
    }
}

struct Pass;

/// Goes on unless the clause is there.
fn none(is_there: bool, what: &'static str) -> ControlFlow<&'static str> {
    if is_there { ControlFlow::Break(what) } else { ControlFlow::Continue(()) }
}

impl Visitor for Pass {
    type Break = Refusal;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        at(known_query(query), query, None)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        at(known_select(select), select, None)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        at(known_factor(factor), factor, None)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        at(known_expr(expr), expr, None)
    }
}

fn known_query(query: &Query) -> ControlFlow<&'static str> {
    // What is bound to `_` has a meaning in the plan, is refused where it has none, or never changes rows.
    let Query {
        with,
        body: _,
        order_by,
        limit_clause,
        fetch: _,
        locks,
        for_clause,
        settings,
        format_clause: _,
        pipe_operators: _,
    } = query;
    if let Some(With { with_token: _, recursive: _, cte_tables }) = with {
        for Cte { alias, query: _, from, materialized: _, closing_paren_token: _ } in cte_tables {
            known_alias(Some(alias))?;
            none(from.is_some(), "FROM behind a common table expression")?;
        }
    }
    if let Some(OrderBy { kind, interpolate }) = order_by {
        none(interpolate.is_some(), "INTERPOLATE")?;
        if let OrderByKind::Expressions(keys) = kind {
            known_keys(keys)?;
        }
    }
    if let Some(LimitClause::LimitOffset { limit: _, offset: _, limit_by }) = limit_clause {
        none(!limit_by.is_empty(), "LIMIT … BY")?;
    }
    none(locks.iter().any(|lock| lock.nonblock == Some(NonBlock::SkipLocked)), "SKIP LOCKED")?;
    none(matches!(for_clause, Some(ForClause::Json { .. })), "FOR JSON")?;
    none(matches!(for_clause, Some(ForClause::Xml { .. })), "FOR XML")?;
    none(settings.as_ref().is_some_and(|settings| !settings.is_empty()), "SETTINGS")
}

fn known_select(select: &Select) -> ControlFlow<&'static str> {
    let Select {
        select_token: _,
        optimizer_hints: _,
        distinct: _,
        select_modifiers,
        top: _,
        top_before_distinct: _,
        projection,
        exclude,
        into: _,
        from,
        lateral_views: _,
        prewhere: _,
        selection: _,
        connect_by: _,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window: _,
        qualify: _,
        window_before_qualify: _,
        value_table_mode,
        flavor: _,
    } = select;
    // They say how a result is made, buffered and counted, and not what it is.
    if let Some(SelectModifiers {
        high_priority: _,
        straight_join: _,
        sql_small_result: _,
        sql_big_result: _,
        sql_buffer_result: _,
        sql_no_cache: _,
        sql_calc_found_rows: _,
    }) = select_modifiers
    {}
    for item in projection {
        match item {
            SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
                known_star(options)?;
            }
            SelectItem::ExprWithAliases { .. } => return ControlFlow::Break("a list of aliases"),
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => {}
        }
    }
    none(exclude.is_some(), "EXCLUDE behind the columns")?;
    from.iter().try_for_each(known_joins)?;
    let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = group_by;
    let is_lowered = |modifier: &GroupByWithModifier| {
        matches!(modifier, GroupByWithModifier::Rollup | GroupByWithModifier::Cube)
    };
    let by_all = matches!(group_by, GroupByExpr::All(_)) && !modifiers.is_empty();
    none(by_all || modifiers.len() > 1 || !modifiers.iter().all(is_lowered), "GROUP BY … WITH")?;
    none(!(cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty()), "SORT BY")?;
    none(value_table_mode.is_some(), "SELECT AS STRUCT or AS VALUE")
}

fn known_factor(factor: &TableFactor) -> ControlFlow<&'static str> {
    match factor {
        TableFactor::Table {
            name: _,
            alias,
            args: _,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints: _,
        } => {
            known_alias(alias.as_ref())?;
            let skips = |hint: &dyn ToString| hint.to_string().eq_ignore_ascii_case("READPAST");
            none(with_hints.iter().any(|hint| skips(hint)), "READPAST")?;
            none(version.is_some(), "a table as of another time")?;
            none(*with_ordinality, "WITH ORDINALITY")?;
            none(!partitions.is_empty(), "PARTITION behind a table")?;
            none(json_path.is_some(), "a path behind a table")?;
            none(sample.is_some(), "a sample of a table")
        }
        TableFactor::Derived { lateral: _, subquery: _, alias, sample } => {
            known_alias(alias.as_ref())?;
            none(sample.is_some(), "a sample of a query")
        }
        TableFactor::UNNEST { alias, array_exprs: _, with_offset, with_offset_alias: _, with_ordinality } => {
            known_alias(alias.as_ref())?;
            none(*with_offset || *with_ordinality, "UNNEST WITH OFFSET or ORDINALITY")
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            none(alias.is_some(), "an alias of several tables")?;
            known_joins(table_with_joins)
        }
        TableFactor::Pivot { .. } => ControlFlow::Break("PIVOT"),
        TableFactor::Unpivot { .. } => ControlFlow::Break("UNPIVOT"),
        TableFactor::MatchRecognize { .. } => ControlFlow::Break("MATCH_RECOGNIZE"),
        TableFactor::JsonTable { .. } => ControlFlow::Break("JSON_TABLE"),
        TableFactor::OpenJsonTable { .. } => ControlFlow::Break("OPENJSON"),
        TableFactor::XmlTable { .. } => ControlFlow::Break("XMLTABLE"),
        TableFactor::SemanticView { .. } => ControlFlow::Break("SEMANTIC_VIEW"),
        TableFactor::TableFunction { .. } => ControlFlow::Break("a table function"),
        TableFactor::Function { alias, with_ordinality, .. } => {
            known_alias(alias.as_ref())?;
            none(*with_ordinality, "WITH ORDINALITY")
        }
    }
}

fn known_expr(expr: &Expr) -> ControlFlow<&'static str> {
    match expr {
        Expr::Function(Function {
            name: _,
            uses_odbc_syntax: _,
            parameters,
            args: _,
            filter: _,
            null_treatment: _,
            over,
            within_group,
        }) => {
            none(!matches!(parameters, FunctionArguments::None), "a function with two lists of arguments")?;
            if let Some(WindowType::WindowSpec(WindowSpec {
                window_name,
                partition_by: _,
                order_by,
                window_frame: _,
            })) = over
            {
                none(window_name.is_some(), "a window that extends another one")?;
                known_keys(order_by)?;
            }
            known_keys(within_group)
        }
        // DataFusion keeps the zone where it prints a moment, and passes over it where it takes one apart.
        Expr::AtTimeZone { .. } => ControlFlow::Break("AT TIME ZONE"),
        Expr::MemberOf(_) => ControlFlow::Break("MEMBER OF"),
        Expr::MatchAgainst { .. } => ControlFlow::Break("MATCH … AGAINST"),
        _ => ControlFlow::Continue(()),
    }
}

fn known_alias(alias: Option<&TableAlias>) -> ControlFlow<&'static str> {
    let Some(TableAlias { explicit, name, columns: _, at }) = alias else {
        return ControlFlow::Continue(());
    };
    // ClickHouse's, which the grammar takes for an alias.
    none(!explicit && name.value.eq_ignore_ascii_case("final"), "FINAL")?;
    none(at.is_some(), "AT behind an alias")
}

fn known_keys(keys: &[OrderByExpr]) -> ControlFlow<&'static str> {
    keys.iter()
        .try_for_each(|OrderByExpr { expr: _, options: _, with_fill }| none(with_fill.is_some(), "WITH FILL"))
}

fn known_star(options: &WildcardAdditionalOptions) -> ControlFlow<&'static str> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude: _,
        opt_except: _,
        opt_replace: _,
        opt_rename,
        opt_alias,
    } = options;
    none(opt_ilike.is_some(), "* ILIKE")?;
    none(opt_rename.is_some(), "* RENAME")?;
    none(opt_alias.is_some(), "* AS")
}

fn known_joins(from: &TableWithJoins) -> ControlFlow<&'static str> {
    let TableWithJoins { relation: _, joins } = from;
    joins.iter().try_for_each(|join| match &join.join_operator {
        JoinOperator::CrossJoin(constraint) => {
            none(!matches!(constraint, JoinConstraint::None), "CROSS JOIN with a condition")
        }
        JoinOperator::AsOf { .. } => ControlFlow::Break("ASOF JOIN"),
        JoinOperator::ArrayJoin | JoinOperator::LeftArrayJoin | JoinOperator::InnerArrayJoin => {
            ControlFlow::Break("ARRAY JOIN")
        }
        JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::Join(_)
        | JoinOperator::Inner(_)
        | JoinOperator::Left(_)
        | JoinOperator::LeftOuter(_)
        | JoinOperator::Right(_)
        | JoinOperator::RightOuter(_)
        | JoinOperator::FullOuter(_)
        | JoinOperator::Semi(_)
        | JoinOperator::LeftSemi(_)
        | JoinOperator::RightSemi(_)
        | JoinOperator::Anti(_)
        | JoinOperator::LeftAnti(_)
        | JoinOperator::RightAnti(_)
        | JoinOperator::StraightJoin(_) => ControlFlow::Continue(()),
    })
}
