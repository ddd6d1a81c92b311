//! Blocks: each SELECT of a statement with its clauses, its relations, and what its names mean.
//!
//! A name is resolved the way SQL does it, from the innermost block outwards. What cannot be resolved
//! for sure is marked so, and no rewrite touches it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, LimitClause, ObjectName, OrderByKind,
    Query, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator,
    SetQuantifier, Statement, TableFactor, TableWithJoins, Visit, Visitor,
};

use super::clauses::Clauses;
use super::expression::{self, Part};
use super::source::{Source, Tokens};
use crate::catalog::{Catalog, Table};

/// How a block is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The statement's own result.
    Top,
    /// The body of a CTE.
    Cte,
    /// A subquery in FROM.
    Derived,
    /// A subquery in an expression.
    Expression,
}

/// One SELECT.
pub(super) struct Block<'a> {
    pub(super) select: &'a Select,
    /// The query around it, where this SELECT is all of its body.
    pub(super) query: Option<&'a Query>,
    pub(super) role: Role,
    /// The block whose names are visible inside this one.
    pub(super) parent: Option<usize>,
    pub(super) clauses: Clauses,
    pub(super) relations: Vec<Relation<'a>>,
    /// Whether NATURAL, USING or a join of another kind makes the relations more than a product.
    pub(super) unusual_joins: bool,
}

/// A relation of a FROM clause.
pub(super) struct Relation<'a> {
    pub(super) factor: &'a TableFactor,
    /// Its comma-separated item of FROM.
    pub(super) item: usize,
    /// Its join within the item; `None` for the first relation.
    pub(super) join: Option<usize>,
    /// The name by which columns are qualified.
    pub(super) name: String,
    /// Its name in parts where it is a table of the catalog or at least no CTE.
    pub(super) parts: Vec<String>,
    pub(super) table: Option<&'a Table>,
    /// The names of its columns; `None` where unknown.
    pub(super) columns: Option<Vec<String>>,
    /// Whether an outer join may fill it up with NULLs.
    pub(super) nullable: bool,
}

/// What a column's name refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) block: usize,
    pub(super) relation: usize,
    /// Its name as written.
    pub(super) column: String,
}

/// A column's name somewhere in the statement.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// Its tokens.
    pub(super) tokens: Tokens,
    /// Whether it is qualified.
    pub(super) qualified: bool,
    /// What it refers to; `None` where that is not certain.
    pub(super) target: Option<Target>,
}

/// SELECTs put together by one kind of set operation.
pub(super) struct Set<'a> {
    pub(super) operator: SetOperator,
    pub(super) quantifier: SetQuantifier,
    /// The blocks that it puts together, in order.
    pub(super) arms: Vec<usize>,
    /// The query whose body it is.
    pub(super) query: &'a Query,
    pub(super) role: Role,
}

/// Every block of a statement and every column's name in it.
pub(super) struct Blocks<'a> {
    pub(super) list: Vec<Block<'a>>,
    /// Set operations of one kind over plain SELECTs.
    pub(super) sets: Vec<Set<'a>>,
    /// In the order of the text.
    pub(super) references: Vec<Reference>,
}

/// Names of columns that one SELECT gives: with stars, two kilobytes of text can mean 2^40.
const MOST_WIDTH: usize = 20_000;

/// Names of columns in all.
const MOST_COLUMNS: usize = 200_000;

type Ctes = BTreeMap<String, Option<Vec<String>>>;

impl<'a> Blocks<'a> {
    /// Reads a statement. `None` where there is no SELECT in it or not every one of them was found.
    pub(super) fn read(statement: &'a Statement, source: &Source<'_>, catalog: &'a Catalog) -> Option<Self> {
        let mut census = Census::default();
        let _ = statement.visit(&mut census);
        let query = match statement {
            Statement::Query(query) => query,
            _ => return None,
        };
        let mut reader = Reader {
            source,
            catalog,
            list: Vec::new(),
            sets: Vec::new(),
            ctes: Vec::new(),
            room: MOST_COLUMNS,
        };
        reader.query(query, None, Role::Top)?;
        if census.selects != reader.list.len() {
            return None;
        }
        let mut blocks = Self { list: reader.list, sets: reader.sets, references: Vec::new() };
        blocks.references = census
            .names
            .iter()
            .filter_map(|name| {
                let start = source.at(name.first()?.span.start)?;
                let tokens = start..start + 2 * name.len() - 1;
                let target = blocks.innermost(start).and_then(|block| blocks.resolve(block, name, start));
                Some(Reference { tokens, qualified: name.len() > 1, target })
            })
            .collect();
        if blocks.references.len() != census.names.len() {
            return None;
        }
        blocks.references.sort_by_key(|reference| reference.tokens.start);
        Some(blocks)
    }

    /// The innermost block around a token.
    pub(super) fn innermost(&self, token: usize) -> Option<usize> {
        self.list
            .iter()
            .enumerate()
            .filter(|(_, block)| block.clauses.scope.contains(&token))
            .max_by_key(|(_, block)| block.clauses.scope.start)
            .map(|(index, _)| index)
    }

    /// The block of this SELECT.
    pub(super) fn of(&self, select: &Select) -> Option<usize> {
        self.list.iter().position(|block| std::ptr::eq(block.select, select))
    }

    /// The block that is all of a query's body.
    pub(super) fn body(&self, query: &Query) -> Option<usize> {
        match query.body.as_ref() {
            SetExpr::Select(select) => self.of(select),
            _ => None,
        }
    }

    /// The names that stand within these tokens.
    pub(super) fn within(&self, tokens: &Tokens) -> &[Reference] {
        let start = self.references.partition_point(|r| r.tokens.start < tokens.start);
        let end = self.references.partition_point(|r| r.tokens.start < tokens.end);
        self.references.get(start..end).unwrap_or_default()
    }

    /// What the column's name that starts at this token refers to.
    pub(super) fn target_at(&self, token: usize) -> Option<&Target> {
        let at = self.references.binary_search_by_key(&token, |r| r.tokens.start).ok()?;
        self.references[at].target.as_ref()
    }

    /// Whether `inner` is `outer` or lies inside of it.
    pub(super) fn is_inside(&self, mut inner: usize, outer: usize) -> bool {
        loop {
            if inner == outer {
                return true;
            }
            match self.list.get(inner).and_then(|block| block.parent) {
                Some(parent) => inner = parent,
                None => return false,
            }
        }
    }

    /// The relation behind a target.
    pub(super) fn relation(&self, target: &Target) -> Option<&Relation<'a>> {
        self.list.get(target.block)?.relations.get(target.relation)
    }

    /// The catalog's table and the position of the column in it.
    pub(super) fn base(&self, target: &Target) -> Option<(&'a Table, usize)> {
        let table = self.relation(target)?.table?;
        Some((table, table.column(&target.column)?))
    }

    /// Whether the column is never NULL where its relation stands.
    pub(super) fn is_not_null(&self, target: &Target) -> bool {
        self.relation(target).is_some_and(|relation| !relation.nullable)
            && self.base(target).is_some_and(|(table, column)| table.is_not_null(column))
    }

    fn resolve(&self, block: usize, name: &[Ident], token: usize) -> Option<Target> {
        let mut at = Some(block);
        while let Some(here) = at {
            let block = &self.list[here];
            match block.lookup(name) {
                Lookup::Found(relation, column) => {
                    // An alias of the SELECT list hides a column of the same name in ORDER BY.
                    if token >= block.clauses.select.end && name.len() == 1 && block.has_alias(&name[0].value)
                    {
                        return None;
                    }
                    return Some(Target { block: here, relation, column });
                }
                Lookup::Unsure => return None,
                Lookup::Absent => at = block.parent,
            }
        }
        None
    }
}

enum Lookup {
    Found(usize, String),
    Unsure,
    Absent,
}

impl Block<'_> {
    fn lookup(&self, name: &[Ident]) -> Lookup {
        let (Some(last), Some(first)) = (name.last(), name.first()) else { return Lookup::Unsure };
        if name.len() > 1 {
            let qualifier = &name[..name.len() - 1];
            let mut matching =
                self.relations.iter().enumerate().filter(|(_, relation)| relation.is_called(qualifier));
            return match (matching.next(), matching.next()) {
                (Some((index, relation)), None) => match &relation.columns {
                    Some(columns) if !columns.iter().any(|c| c.eq_ignore_ascii_case(&last.value)) => {
                        Lookup::Unsure
                    }
                    _ => Lookup::Found(index, last.value.clone()),
                },
                (Some(_), Some(_)) => Lookup::Unsure,
                // It may be a field of a column, too.
                (None, _) if self.has_column(&first.value) => Lookup::Unsure,
                (None, _) => Lookup::Absent,
            };
        }
        let has = |relation: &Relation<'_>| {
            relation.columns.as_ref().map(|c| c.iter().any(|c| c.eq_ignore_ascii_case(&last.value)))
        };
        let known: Vec<usize> =
            (0..self.relations.len()).filter(|&index| has(&self.relations[index]) == Some(true)).collect();
        let unknown: Vec<usize> =
            (0..self.relations.len()).filter(|&index| has(&self.relations[index]).is_none()).collect();
        match (known.as_slice(), unknown.as_slice()) {
            ([one], _) => Lookup::Found(*one, last.value.clone()),
            ([], [one]) if self.relations.len() == 1 && self.parent.is_none() => {
                Lookup::Found(*one, last.value.clone())
            }
            ([], []) => Lookup::Absent,
            _ => Lookup::Unsure,
        }
    }

    fn has_column(&self, name: &str) -> bool {
        self.relations.iter().any(|relation| {
            relation.columns.as_ref().is_none_or(|c| c.iter().any(|c| c.eq_ignore_ascii_case(name)))
        })
    }

    /// Whether an item of the SELECT list is renamed to this.
    pub(super) fn has_alias(&self, name: &str) -> bool {
        self.select.projection.iter().any(|item| {
            matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.value.eq_ignore_ascii_case(name))
        })
    }

    /// Whether these tokens are an item of the SELECT list without an alias.
    pub(super) fn is_unnamed_item(&self, tokens: &Tokens) -> bool {
        let mut items = self.select.projection.iter().zip(&self.clauses.projection);
        items.any(|(item, own)| matches!(item, SelectItem::UnnamedExpr(_)) && own == tokens)
    }

    /// The expressions of a plain GROUP BY; `None` where it is of another kind.
    pub(super) fn group_by(&self) -> Option<&[Expr]> {
        match &self.select.group_by {
            GroupByExpr::Expressions(list, modifiers) if modifiers.is_empty() => Some(list),
            _ => None,
        }
    }

    /// Whether it has only the clauses SELECT, FROM, WHERE, GROUP BY and HAVING, and only inner, left,
    /// right, full and cross joins with ON.
    pub(super) fn is_plain(&self) -> bool {
        let select = self.select;
        select.top.is_none()
            && select.exclude.is_none()
            && select.into.is_none()
            && select.lateral_views.is_empty()
            && select.prewhere.is_none()
            && select.connect_by.is_empty()
            && select.cluster_by.is_empty()
            && select.distribute_by.is_empty()
            && select.sort_by.is_empty()
            && select.named_window.is_empty()
            && select.qualify.is_none()
            && select.value_table_mode.is_none()
            && select.select_modifiers.is_none()
            && select.flavor == SelectFlavor::Standard
            && !self.unusual_joins
    }

    /// Whether it is plain and nothing follows it: no ORDER BY, LIMIT or the like, no WITH before it.
    pub(super) fn is_bare(&self) -> bool {
        self.is_plain()
            && self
                .query
                .is_some_and(|query| query.with.is_none() && query.order_by.is_none() && !limits(query))
    }
}

/// Whether fewer or other rows come out of a query than its body makes.
pub(super) fn limits(query: &Query) -> bool {
    query.limit_clause.is_some()
        || query.fetch.is_some()
        || !query.locks.is_empty()
        || query.for_clause.is_some()
        || query.settings.is_some()
        || query.format_clause.is_some()
        || !query.pipe_operators.is_empty()
}

impl Relation<'_> {
    /// Whether a qualifier of a column's name means this relation.
    fn is_called(&self, qualifier: &[Ident]) -> bool {
        match qualifier {
            [one] => one.value.eq_ignore_ascii_case(&self.name),
            many => {
                // `db.t.c` reaches a table without an alias only.
                self.parts.last().is_some_and(|last| *last == self.name)
                    && many.len() <= self.parts.len()
                    && many
                        .iter()
                        .rev()
                        .zip(self.parts.iter().rev())
                        .all(|(a, b)| a.value.eq_ignore_ascii_case(b))
            }
        }
    }
}

/// Counts the SELECTs and collects the columns' names of a statement, none left out.
#[derive(Default)]
struct Census {
    selects: usize,
    names: Vec<Vec<Ident>>,
}

impl Visitor for Census {
    type Break = ();

    fn pre_visit_select(&mut self, _: &Select) -> ControlFlow<()> {
        self.selects += 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Some(name) = expression::column(expr) {
            self.names.push(name.to_vec());
        }
        ControlFlow::Continue(())
    }
}

struct Reader<'a, 's> {
    source: &'s Source<'s>,
    catalog: &'a Catalog,
    list: Vec<Block<'a>>,
    sets: Vec<Set<'a>>,
    /// The columns of the CTEs in sight, by folded name, innermost last.
    ctes: Vec<Ctes>,
    /// How many names of columns may still be written out.
    room: usize,
}

impl<'a> Reader<'a, '_> {
    fn query(&mut self, query: &'a Query, parent: Option<usize>, role: Role) -> Option<Option<Vec<String>>> {
        let depth = self.ctes.len();
        if let Some(with) = &query.with {
            self.ctes.push(Ctes::new());
            for cte in &with.cte_tables {
                let name = cte.alias.name.value.to_lowercase();
                let named: Vec<String> = cte.alias.columns.iter().map(|c| c.name.value.clone()).collect();
                if with.recursive {
                    let own = (!named.is_empty()).then(|| named.clone());
                    self.ctes.last_mut()?.insert(name.clone(), own);
                }
                let columns = self.query(&cte.query, parent, Role::Cte)?;
                let columns = if named.is_empty() { columns } else { Some(named) };
                self.ctes.last_mut()?.insert(name, columns);
            }
        }
        let columns = self.body(&query.body, query, parent, role)?;
        self.tail(query)?;
        self.ctes.truncate(depth);
        Some(columns)
    }

    /// Reads the body; gives its columns' names.
    fn body(
        &mut self,
        body: &'a SetExpr,
        query: &'a Query,
        parent: Option<usize>,
        role: Role,
    ) -> Option<Option<Vec<String>>> {
        let whole = query;
        let top = body;
        let mut todo = vec![(body, Some(query))];
        let mut names: Option<Option<Vec<String>>> = None;
        while let Some((body, query)) = todo.pop() {
            let columns = match body {
                SetExpr::Select(select) => self.select(select, query, whole, parent, role)?,
                SetExpr::Query(inner) => self.query(inner, parent, role)?,
                SetExpr::SetOperation { left, right, .. } => {
                    todo.push((right, None));
                    todo.push((left, None));
                    continue;
                }
                SetExpr::Values(values) => {
                    for expr in values.rows.iter().flat_map(|row| row.iter()) {
                        self.expr(expr, parent)?;
                    }
                    None
                }
                _ => None,
            };
            // The first arm names the columns.
            names.get_or_insert(columns);
        }
        self.set(top, whole, role);
        Some(names.flatten())
    }

    /// Keeps a body that is SELECTs under one kind of set operation.
    fn set(&mut self, body: &'a SetExpr, query: &'a Query, role: Role) {
        let SetExpr::SetOperation { op, set_quantifier, .. } = body else { return };
        let mut arms = Vec::new();
        let mut todo = vec![body];
        while let Some(body) = todo.pop() {
            match body {
                SetExpr::SetOperation { op: other, set_quantifier: quantifier, left, right }
                    if other == op && quantifier == set_quantifier =>
                {
                    todo.push(right);
                    todo.push(left);
                }
                SetExpr::Select(select) => {
                    arms.extend(self.list.iter().position(|b| std::ptr::eq(b.select, select.as_ref())));
                }
                _ => return,
            }
        }
        self.sets.push(Set { operator: *op, quantifier: *set_quantifier, arms, query, role });
    }

    /// Reads what follows the body: its subqueries see the body's block.
    fn tail(&mut self, query: &'a Query) -> Option<()> {
        let block = match query.body.as_ref() {
            SetExpr::Select(select) => self.list.iter().position(|b| std::ptr::eq(b.select, select.as_ref())),
            _ => None,
        };
        if let Some(order) = &query.order_by
            && let OrderByKind::Expressions(list) = &order.kind
        {
            for item in list {
                self.expr(&item.expr, block)?;
            }
        }
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            for expr in limit.iter().chain(offset.iter().map(|offset| &offset.value)) {
                self.expr(expr, block)?;
            }
        }
        Some(())
    }

    fn select(
        &mut self,
        select: &'a Select,
        query: Option<&'a Query>,
        around: &'a Query,
        parent: Option<usize>,
        role: Role,
    ) -> Option<Option<Vec<String>>> {
        // What follows a set operation follows its last SELECT.
        let clauses = Clauses::read(select, Some(query.unwrap_or(around)), self.source)?;
        let here = self.list.len();
        self.list.push(Block {
            select,
            query,
            role,
            parent,
            clauses,
            relations: Vec::new(),
            unusual_joins: false,
        });
        for (item, from) in select.from.iter().enumerate() {
            self.from(from, item, here)?;
        }
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr)
                | SelectItem::ExprWithAlias { expr, .. }
                | SelectItem::ExprWithAliases { expr, .. } => self.expr(expr, Some(here))?,
                SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {}
            }
        }
        let grouping = match &select.group_by {
            GroupByExpr::Expressions(list, _) => list.as_slice(),
            GroupByExpr::All(_) => &[],
        };
        let clauses = [&select.prewhere, &select.selection, &select.having, &select.qualify];
        for expr in clauses.into_iter().flatten().chain(grouping) {
            self.expr(expr, Some(here))?;
        }
        Some(self.output(here))
    }

    fn from(&mut self, from: &'a TableWithJoins, item: usize, here: usize) -> Option<()> {
        let first = self.list[here].relations.len();
        self.factor(&from.relation, item, None, false, here)?;
        for (index, join) in from.joins.iter().enumerate() {
            self.join(join, item, index, first, here)?;
        }
        Some(())
    }

    fn join(&mut self, join: &'a Join, item: usize, index: usize, first: usize, here: usize) -> Option<()> {
        let (constraint, left_nullable, right_nullable) = match &join.join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::CrossJoin(c) => {
                (Some(c), false, false)
            }
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (Some(c), false, true),
            JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (Some(c), true, false),
            JoinOperator::FullOuter(c) => (Some(c), true, true),
            _ => (None, true, true),
        };
        match constraint {
            Some(JoinConstraint::On(_) | JoinConstraint::None) => {}
            _ => self.list[here].unusual_joins = true,
        }
        if left_nullable {
            for relation in &mut self.list[here].relations[first..] {
                relation.nullable = true;
            }
        }
        self.factor(&join.relation, item, Some(index), right_nullable, here)?;
        match constraint {
            Some(JoinConstraint::On(on)) => self.expr(on, Some(here))?,
            Some(_) => {}
            None => {
                if let JoinOperator::AsOf { match_condition, .. } = &join.join_operator {
                    self.expr(match_condition, Some(here))?;
                }
            }
        }
        Some(())
    }

    fn factor(
        &mut self,
        factor: &'a TableFactor,
        item: usize,
        join: Option<usize>,
        nullable: bool,
        here: usize,
    ) -> Option<()> {
        let mut relation = Relation {
            factor,
            item,
            join,
            name: String::new(),
            parts: Vec::new(),
            table: None,
            columns: None,
            nullable,
        };
        let alias = match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let parts = name_parts(name);
                if args.is_some() {
                    self.list[here].unusual_joins = true;
                }
                relation.name = parts.last().cloned().unwrap_or_default();
                match self.cte(&parts) {
                    Some(columns) => relation.columns = columns,
                    None => {
                        relation.table = self.catalog.find(&parts).filter(|_| args.is_none());
                        relation.columns = relation
                            .table
                            .filter(|table| !table.columns.is_empty() && self.has_room(table.columns.len()))
                            .map(|table| table.columns.iter().map(|c| c.name.clone()).collect());
                        relation.parts = parts;
                    }
                }
                alias
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                if *lateral {
                    self.list[here].unusual_joins = true;
                }
                relation.columns = self.query(subquery, Some(here), Role::Derived)?;
                alias
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.list[here].unusual_joins = true;
                self.from(table_with_joins, item, here)?;
                if alias.is_none() {
                    return Some(());
                }
                alias
            }
            TableFactor::UNNEST { alias, array_exprs, .. } => {
                self.list[here].unusual_joins = true;
                for expr in array_exprs {
                    self.expr(expr, Some(here))?;
                }
                alias
            }
            _ => {
                self.list[here].unusual_joins = true;
                &None
            }
        };
        if let Some(alias) = alias {
            relation.name = alias.name.value.clone();
            if !alias.columns.is_empty() {
                relation.columns = Some(alias.columns.iter().map(|c| c.name.value.clone()).collect());
                relation.table = None;
            }
        }
        self.list[here].relations.push(relation);
        Some(())
    }

    fn cte(&mut self, parts: &[String]) -> Option<Option<Vec<String>>> {
        let [name] = parts else { return None };
        let name = name.to_lowercase();
        let columns = self.ctes.iter().rev().find_map(|ctes| ctes.get(&name)).cloned()?;
        Some(columns.filter(|columns| self.has_room(columns.len())))
    }

    /// Reads the subqueries of an expression.
    fn expr(&mut self, expr: &'a Expr, block: Option<usize>) -> Option<()> {
        let mut todo = vec![expr];
        while let Some(node) = todo.pop() {
            for part in expression::parts(node) {
                match part {
                    Part::Expr(inner) => todo.push(inner),
                    Part::Query(query) => {
                        self.query(query, block, Role::Expression)?;
                    }
                }
            }
        }
        Some(())
    }

    /// Takes room for the names of so many columns; says whether there was any.
    fn has_room(&mut self, wanted: usize) -> bool {
        let left = self.room.checked_sub(wanted);
        self.room = left.unwrap_or(self.room);
        left.is_some()
    }

    /// The names of a block's output columns; an item without one is an empty name. `None` where a star
    /// stands for columns that are not known, or for too many.
    fn output(&mut self, here: usize) -> Option<Vec<String>> {
        let names = self.named(here)?;
        self.has_room(names.len()).then_some(names)
    }

    fn named(&self, here: usize) -> Option<Vec<String>> {
        let block = &self.list[here];
        let mut names = Vec::new();
        let extend = |names: &mut Vec<String>, relation: &Relation<'_>| {
            let columns = relation.columns.as_ref()?;
            (names.len() + columns.len() <= MOST_WIDTH).then(|| names.extend_from_slice(columns))
        };
        for item in &block.select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => names.push(
                    expression::column(expr)
                        .and_then(<[Ident]>::last)
                        .map_or_else(String::new, |ident| ident.value.clone()),
                ),
                SelectItem::ExprWithAlias { alias, .. } => names.push(alias.value.clone()),
                SelectItem::Wildcard(options) if !block.unusual_joins && options.to_string().is_empty() => {
                    for relation in &block.relations {
                        extend(&mut names, relation)?;
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
                    if options.to_string().is_empty() =>
                {
                    let parts = name_parts(name);
                    let relation = block
                        .relations
                        .iter()
                        .find(|r| parts.last().is_some_and(|p| r.name.eq_ignore_ascii_case(p)))?;
                    extend(&mut names, relation)?;
                }
                _ => return None,
            }
        }
        Some(names)
    }
}

/// The parts of a name, quotes removed.
pub(super) fn name_parts(name: &ObjectName) -> Vec<String> {
    name.0
        .iter()
        .map(|part| part.as_ident().map_or_else(|| part.to_string(), |ident| ident.value.clone()))
        .collect()
}
