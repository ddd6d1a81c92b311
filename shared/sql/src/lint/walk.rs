//! One walk over a statement: every statement, query, block, relation and expression once, with the
//! place where it stands.
//!
//! The walk keeps its own stack of what is left to visit, so that no shape of SQL makes it recurse.
//! The order of visits means nothing: findings are sorted afterwards.

use sqlparser::ast::{
    Assignment, ConditionalStatementBlock, ConditionalStatements, ConnectByKind, CopySource, Distinct, Expr,
    FromTable, GroupByExpr, GroupByWithModifier, Join, JoinConstraint, JoinOperator, LimitClause,
    MergeAction, MergeInsertKind, NamedWindowExpr, OnInsert, OrderBy, OrderByKind, PipeOperator, Query,
    Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, TableObject,
    TableWithJoins, UpdateTableFromKind,
};

use super::children::{Child, argument, call, children, window};
use super::rule::Node;

/// The part of a statement in which a node stands; below a subquery it starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Named after the keywords.
pub enum Clause {
    Projection,
    From,
    On,
    Where,
    GroupBy,
    Having,
    Qualify,
    Window,
    OrderBy,
    Limit,
    Set,
    Values,
    Other,
}

/// What a query is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The statement's own.
    Top,
    /// A common table expression.
    Cte,
    /// A subquery in FROM, or the argument of a table function.
    Derived,
    /// A single value inside an expression.
    Scalar,
    /// The right side of IN.
    In,
    /// Tested for rows.
    Exists,
    /// In brackets inside a set operation, or as the body of another query.
    Arm,
    /// The rows that INSERT, COPY, UNLOAD and the like write.
    Source,
    /// The definition of a view or the content of a new table.
    Definition,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The part of the block or statement.
    pub clause: Clause,
    /// What the innermost query is for.
    pub role: Role,
    /// The innermost query around the node (for a query: the one around it).
    pub query: Option<&'a Query>,
    /// The innermost block around the node (for a block: the one around it).
    pub select: Option<&'a Select>,
    /// The expression directly above an expression.
    pub parent: Option<&'a Expr>,
    /// The innermost statement.
    pub statement: &'a Statement,
    /// Whether a CASE or a WHEN stands between the node and its clause.
    pub is_conditional: bool,
}

impl<'a> Site<'a> {
    fn in_clause(self, clause: Clause) -> Self {
        Self { clause, parent: None, is_conditional: false, ..self }
    }
}

/// Visits the statement and all below it.
pub fn walk<'a>(statement: &'a Statement, visit: &mut impl FnMut(Node<'a>, Site<'a>)) {
    let site = Site {
        clause: Clause::Other,
        role: Role::Top,
        query: None,
        select: None,
        parent: None,
        statement,
        is_conditional: false,
    };
    run(Node::Statement(statement), site, visit);
}

/// Visits a query and all below it, as if it stood alone.
pub fn walk_query<'a>(query: &'a Query, site: Site<'a>, visit: &mut impl FnMut(Node<'a>, Site<'a>)) {
    run(Node::Query(query), site, visit);
}

/// Visits an expression and all below it, subqueries included.
pub fn walk_expr<'a>(expr: &'a Expr, site: Site<'a>, visit: &mut impl FnMut(Node<'a>, Site<'a>)) {
    run(Node::Expr(expr), site, visit);
}

fn run<'a>(node: Node<'a>, site: Site<'a>, visit: &mut impl FnMut(Node<'a>, Site<'a>)) {
    let mut left = Left { stack: vec![(node, site)] };
    while let Some((node, site)) = left.stack.pop() {
        visit(node, site);
        match node {
            Node::Statement(statement) => left.statement(statement, site),
            Node::Query(query) => left.query(query, site),
            Node::SetOperation(body) => {
                if let SetExpr::SetOperation { left: a, right: b, .. } = body {
                    left.body(a, site);
                    left.body(b, site);
                }
            }
            Node::Select(select) => left.select(select, site),
            Node::Relation(relation) => left.below_relation(relation, site),
            Node::Join(join) => left.below_join(join, site),
            Node::Expr(expr) => left.below_expr(expr, site),
        }
    }
}

/// What is left to visit.
struct Left<'a> {
    stack: Vec<(Node<'a>, Site<'a>)>,
}

impl<'a> Left<'a> {
    fn expr(&mut self, expr: &'a Expr, site: Site<'a>) {
        self.stack.push((Node::Expr(expr), site));
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>, site: Site<'a>) {
        exprs.into_iter().for_each(|expr| self.expr(expr, site));
    }

    fn sub(&mut self, query: &'a Query, role: Role, site: Site<'a>) {
        self.stack.push((Node::Query(query), Site { role, ..site }));
    }

    fn nested(&mut self, statement: &'a Statement, site: Site<'a>) {
        self.stack.push((Node::Statement(statement), Site { statement, ..site }));
    }

    fn below_expr(&mut self, expr: &'a Expr, site: Site<'a>) {
        let is_conditional = site.is_conditional || matches!(expr, Expr::Case { .. });
        let below = Site { parent: Some(expr), is_conditional, ..site };
        children(expr, &mut |child| match child {
            Child::Expr(child) => self.expr(child, below),
            Child::Window(child) => self.expr(child, Site { clause: Clause::Window, ..below }),
            Child::Query(query, role) => self.sub(query, role, below),
        });
    }

    fn query(&mut self, query: &'a Query, site: Site<'a>) {
        let site = Site { query: Some(query), ..site.in_clause(Clause::Other) };
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.sub(&cte.query, Role::Cte, site);
        }
        self.body(&query.body, site);
        if let Some(order_by) = &query.order_by {
            self.order_by(order_by, site);
        }
        let limits = site.in_clause(Clause::Limit);
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                self.exprs(limit, limits);
                self.exprs(offset.iter().map(|offset| &offset.value), limits);
                self.exprs(limit_by, limits);
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => self.exprs([offset, limit], limits),
            None => {}
        }
        self.exprs(query.fetch.iter().filter_map(|fetch| fetch.quantity.as_ref()), limits);
        query.pipe_operators.iter().for_each(|pipe| self.pipe(pipe, site));
    }

    fn order_by(&mut self, order_by: &'a OrderBy, site: Site<'a>) {
        if let OrderByKind::Expressions(keys) = &order_by.kind {
            self.exprs(keys.iter().map(|key| &key.expr), site.in_clause(Clause::OrderBy));
        }
    }

    fn pipe(&mut self, pipe: &'a PipeOperator, site: Site<'a>) {
        match pipe {
            PipeOperator::Where { expr } => self.expr(expr, site.in_clause(Clause::Where)),
            PipeOperator::Select { exprs } | PipeOperator::Extend { exprs } => self.items(exprs, site),
            PipeOperator::OrderBy { exprs } => {
                self.exprs(exprs.iter().map(|key| &key.expr), site.in_clause(Clause::OrderBy));
            }
            PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
                let items = full_table_exprs.iter().map(|item| &item.expr.expr);
                self.exprs(items, site.in_clause(Clause::Projection));
                let keys = group_by_expr.iter().map(|item| &item.expr.expr);
                self.exprs(keys, site.in_clause(Clause::GroupBy));
            }
            PipeOperator::Set { assignments } => self.assignments(assignments, site),
            PipeOperator::Union { queries, .. }
            | PipeOperator::Intersect { queries, .. }
            | PipeOperator::Except { queries, .. } => {
                queries.iter().for_each(|query| self.sub(query, Role::Arm, site));
            }
            PipeOperator::Join(join) => self.stack.push((Node::Join(join), site.in_clause(Clause::From))),
            _ => {}
        }
    }

    fn body(&mut self, body: &'a SetExpr, site: Site<'a>) {
        match body {
            SetExpr::Select(select) => self.stack.push((Node::Select(select), site)),
            SetExpr::Query(query) => self.sub(query, Role::Arm, site),
            SetExpr::SetOperation { .. } => self.stack.push((Node::SetOperation(body), site)),
            SetExpr::Values(values) => {
                let rows = values.rows.iter().flat_map(|row| &row.content);
                self.exprs(rows, site.in_clause(Clause::Values));
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => self.nested(statement, site),
            SetExpr::Table(_) => {}
        }
    }

    fn items(&mut self, items: &'a [SelectItem], site: Site<'a>) {
        let site = site.in_clause(Clause::Projection);
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr)
                | SelectItem::ExprWithAlias { expr, .. }
                | SelectItem::ExprWithAliases { expr, .. }
                | SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                    self.expr(expr, site);
                }
                SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {}
            }
        }
    }

    fn select(&mut self, select: &'a Select, site: Site<'a>) {
        let site = Site { select: Some(select), ..site };
        if let Some(Distinct::On(keys)) = &select.distinct {
            self.exprs(keys, site.in_clause(Clause::Projection));
        }
        self.items(&select.projection, site);
        select.from.iter().for_each(|from| self.from(from, site));
        let laterals = select.lateral_views.iter().map(|view| &view.lateral_view);
        self.exprs(laterals, site.in_clause(Clause::From));
        self.exprs(select.prewhere.iter().chain(&select.selection), site.in_clause(Clause::Where));
        for part in &select.connect_by {
            match part {
                ConnectByKind::ConnectBy { relationships, .. } => {
                    self.exprs(relationships, site.in_clause(Clause::Other));
                }
                ConnectByKind::StartWith { condition, .. } => {
                    self.expr(condition, site.in_clause(Clause::Other));
                }
            }
        }
        let keys = site.in_clause(Clause::GroupBy);
        let (exprs, modifiers) = match &select.group_by {
            GroupByExpr::All(modifiers) => (&[][..], modifiers),
            GroupByExpr::Expressions(exprs, modifiers) => (&exprs[..], modifiers),
        };
        self.exprs(exprs, keys);
        for modifier in modifiers {
            if let GroupByWithModifier::GroupingSets(expr) = modifier {
                self.expr(expr, keys);
            }
        }
        self.exprs(&select.having, site.in_clause(Clause::Having));
        self.exprs(&select.qualify, site.in_clause(Clause::Qualify));
        let sorts = select.sort_by.iter().map(|key| &key.expr);
        self.exprs(
            sorts.chain(&select.cluster_by).chain(&select.distribute_by),
            site.in_clause(Clause::OrderBy),
        );
        for named in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &named.1 {
                window(spec, &mut |expr| self.expr(expr, site.in_clause(Clause::Window)));
            }
        }
    }

    fn from(&mut self, from: &'a TableWithJoins, site: Site<'a>) {
        let site = site.in_clause(Clause::From);
        self.stack.push((Node::Relation(&from.relation), site));
        from.joins.iter().for_each(|join| self.stack.push((Node::Join(join), site)));
    }

    fn below_join(&mut self, join: &'a Join, site: Site<'a>) {
        self.stack.push((Node::Relation(&join.relation), site));
        let on = site.in_clause(Clause::On);
        if let JoinOperator::AsOf { match_condition, .. } = &join.join_operator {
            self.expr(match_condition, on);
        }
        if let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) {
            self.expr(condition, on);
        }
    }

    fn below_relation(&mut self, relation: &'a TableFactor, site: Site<'a>) {
        match relation {
            TableFactor::Table { args, .. } => {
                let args = args.iter().flat_map(|args| &args.args);
                self.exprs(args.filter_map(argument), site);
            }
            TableFactor::Derived { subquery, .. } => self.sub(subquery, Role::Derived, site),
            TableFactor::TableFunction { expr, .. } => self.expr(expr, site),
            TableFactor::Function { args, .. } => self.exprs(args.iter().filter_map(argument), site),
            TableFactor::UNNEST { array_exprs, .. } => self.exprs(array_exprs, site),
            TableFactor::NestedJoin { table_with_joins, .. } => self.from(table_with_joins, site),
            TableFactor::Pivot { table, aggregate_functions, .. } => {
                self.stack.push((Node::Relation(table), site));
                self.exprs(aggregate_functions.iter().map(|item| &item.expr), site);
            }
            TableFactor::Unpivot { table, .. } | TableFactor::MatchRecognize { table, .. } => {
                self.stack.push((Node::Relation(table), site));
            }
            TableFactor::JsonTable { json_expr, .. } | TableFactor::OpenJsonTable { json_expr, .. } => {
                self.expr(json_expr, site);
            }
            TableFactor::XmlTable { row_expression, .. } => self.expr(row_expression, site),
            TableFactor::SemanticView { where_clause, .. } => self.exprs(where_clause, site),
        }
    }

    fn assignments(&mut self, assignments: &'a [Assignment], site: Site<'a>) {
        self.exprs(assignments.iter().map(|assignment| &assignment.value), site.in_clause(Clause::Set));
    }

    fn blocks(&mut self, blocks: impl IntoIterator<Item = &'a ConditionalStatementBlock>, site: Site<'a>) {
        for block in blocks {
            self.exprs(&block.condition, site);
            self.sequence(&block.conditional_statements, site);
        }
    }

    fn sequence(&mut self, sequence: &'a ConditionalStatements, site: Site<'a>) {
        let statements = match sequence {
            ConditionalStatements::Sequence { statements } => statements,
            ConditionalStatements::BeginEnd(block) => &block.statements,
        };
        statements.iter().for_each(|statement| self.nested(statement, site));
    }

    fn statement(&mut self, statement: &'a Statement, site: Site<'a>) {
        let site = Site { statement, ..site.in_clause(Clause::Other) };
        match statement {
            Statement::Query(query) => self.sub(query, Role::Top, site),
            Statement::Insert(insert) => {
                insert.source.iter().for_each(|query| self.sub(query, Role::Source, site));
                self.assignments(&insert.assignments, site);
                match &insert.on {
                    Some(OnInsert::DuplicateKeyUpdate(assignments)) => self.assignments(assignments, site),
                    Some(OnInsert::OnConflict(_)) | None => {}
                    Some(_) => {}
                }
                if let TableObject::TableQuery(query) = &insert.table {
                    self.sub(query, Role::Derived, site);
                }
                insert.returning.iter().for_each(|items| self.items(items, site));
            }
            Statement::Update(update) => {
                self.from(&update.table, site);
                match &update.from {
                    Some(UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) => {
                        tables.iter().for_each(|from| self.from(from, site))
                    }
                    None => {}
                }
                self.assignments(&update.assignments, site);
                self.exprs(&update.selection, site.in_clause(Clause::Where));
                update.returning.iter().for_each(|items| self.items(items, site));
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
                tables.iter().chain(delete.using.iter().flatten()).for_each(|from| self.from(from, site));
                self.exprs(&delete.selection, site.in_clause(Clause::Where));
                delete.returning.iter().for_each(|items| self.items(items, site));
            }
            Statement::Merge(merge) => {
                let from = site.in_clause(Clause::From);
                self.stack
                    .extend([(Node::Relation(&merge.table), from), (Node::Relation(&merge.source), from)]);
                self.expr(&merge.on, site.in_clause(Clause::On));
                for clause in &merge.clauses {
                    self.exprs(&clause.predicate, site.in_clause(Clause::Where));
                    match &clause.action {
                        MergeAction::Insert(insert) => {
                            if let MergeInsertKind::Values(values) = &insert.kind {
                                let rows = values.rows.iter().flat_map(|row| &row.content);
                                self.exprs(rows, site.in_clause(Clause::Values));
                            }
                        }
                        MergeAction::Update(update) => self.assignments(&update.assignments, site),
                        MergeAction::Delete { .. } => {}
                    }
                }
            }
            Statement::CreateTable(table) => {
                table.query.iter().for_each(|query| self.sub(query, Role::Definition, site));
            }
            Statement::CreateView(view) => self.sub(&view.query, Role::Definition, site),
            Statement::AlterView { query, .. } => self.sub(query, Role::Definition, site),
            Statement::Directory { source, .. } => self.sub(source, Role::Source, site),
            Statement::Copy { source: CopySource::Query(query), .. } => self.sub(query, Role::Source, site),
            Statement::CopyIntoSnowflake { from_query: Some(query), .. }
            | Statement::Cache { query: Some(query), .. }
            | Statement::Unload { query: Some(query), .. } => self.sub(query, Role::Source, site),
            Statement::ExportData(export) => self.sub(&export.query, Role::Source, site),
            Statement::Explain { statement, .. } | Statement::Prepare { statement, .. } => {
                self.nested(statement, site);
            }
            Statement::Call(function) => call(function, &mut |child| match child {
                Child::Expr(expr) | Child::Window(expr) => self.expr(expr, site),
                Child::Query(query, role) => self.sub(query, role, site),
            }),
            Statement::Execute { parameters, .. } => self.exprs(parameters, site),
            Statement::Assert { condition, .. } => self.expr(condition, site),
            Statement::If(block) => {
                let blocks = std::iter::once(&block.if_block).chain(&block.elseif_blocks);
                self.blocks(blocks.chain(&block.else_block), site);
            }
            Statement::While(block) => self.blocks([&block.while_block], site),
            Statement::Case(block) => {
                self.exprs(&block.match_expr, site);
                self.blocks(block.when_blocks.iter().chain(&block.else_block), site);
            }
            Statement::StartTransaction { statements, .. } => {
                statements.iter().for_each(|statement| self.nested(statement, site));
            }
            Statement::CreateProcedure { body, .. } => self.sequence(body, site),
            _ => {}
        }
    }
}

/// The condition of a join, where its kind takes one.
pub fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint)
        | JoinOperator::StraightJoin(constraint)
        | JoinOperator::AsOf { constraint, .. } => Some(constraint),
        JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::ArrayJoin
        | JoinOperator::LeftArrayJoin
        | JoinOperator::InnerArrayJoin => None,
    }
}
