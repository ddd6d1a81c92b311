//! Which columns the relations of a FROM have, by name, as far as catalog and tree tell: what `*` stands for
//! and which columns NATURAL joins has to be known before anything is bound.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, TableAlias, TableFactor, TableWithJoins,
};

use super::Names;
use super::select::column;

/// A relation of a FROM.
#[derive(Debug, Clone)]
pub struct Relation {
    /// What it goes by, in lower case.
    pub alias: String,
    /// Its columns in lower case, in order.
    pub columns: Vec<String>,
}

impl Relation {
    /// Its columns by name, each as what reads it.
    pub fn values(&self) -> impl Iterator<Item = (String, Expr)> + '_ {
        self.columns.iter().map(|name| (name.clone(), column(&self.alias, name)))
    }
}

/// The relations that are in sight where a query is visited.
pub struct Scopes<'n> {
    names: &'n dyn Names,
    /// The common table expressions of each query that is open, with their columns where these are known.
    open: Vec<BTreeMap<String, Option<Vec<String>>>>,
}

fn lower(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

impl<'n> Scopes<'n> {
    /// None yet.
    pub fn new(names: &'n dyn Names) -> Self {
        Self { names, open: Vec::new() }
    }

    /// Brings the common table expressions of a query into sight.
    pub fn open(&mut self, query: &Query) {
        self.open.push(BTreeMap::new());
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = lower(&cte.alias.name);
            // One that reads itself is known by its first part.
            let columns = if cte.alias.columns.is_empty() {
                self.of_query(&cte.query)
            } else {
                Some(cte.alias.columns.iter().map(|column| lower(&column.name)).collect())
            };
            if let Some(ctes) = self.open.last_mut() {
                ctes.insert(name, columns);
            }
        }
    }

    /// Takes those of the query opened last out of sight.
    pub fn close(&mut self) {
        self.open.pop();
    }

    /// The outputs of a query; `None` where one has no name that can be told.
    pub fn of_query(&mut self, query: &Query) -> Option<Vec<String>> {
        self.open(query);
        let outputs = self.of_body(&query.body);
        self.close();
        outputs
    }

    fn of_body(&mut self, body: &SetExpr) -> Option<Vec<String>> {
        match body {
            SetExpr::Select(select) => self.of_select(select),
            SetExpr::Query(query) => self.of_query(query),
            SetExpr::SetOperation { left, .. } => self.of_body(left),
            _ => None,
        }
    }

    fn of_select(&mut self, select: &Select) -> Option<Vec<String>> {
        let mut outputs = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => outputs.push(lower(alias)),
                SelectItem::UnnamedExpr(Expr::Identifier(name)) => outputs.push(lower(name)),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
                    outputs.push(lower(parts.last()?))
                }
                SelectItem::Wildcard(options) if options.to_string().is_empty() => {
                    let has_merged = select
                        .from
                        .iter()
                        .any(|from| from.joins.iter().any(|join| merges(&join.join_operator)));
                    if has_merged {
                        return None;
                    }
                    outputs.extend(
                        self.of_from(&select.from)?.into_iter().flat_map(|relation| relation.columns),
                    );
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
                    if options.to_string().is_empty() =>
                {
                    let name = lower(name.0.last()?.as_ident()?);
                    let mut relations = self.of_from(&select.from)?.into_iter();
                    outputs.extend(relations.find(|relation| relation.alias == name)?.columns);
                }
                _ => return None,
            }
        }
        Some(outputs)
    }

    /// The relations of a FROM, from the first to the last.
    pub fn of_from(&mut self, from: &[TableWithJoins]) -> Option<Vec<Relation>> {
        let mut relations = Vec::new();
        for item in from {
            relations.push(self.of_factor(&item.relation)?);
            for join in &item.joins {
                relations.push(self.of_factor(&join.relation)?);
            }
        }
        Some(relations)
    }

    /// One of them.
    pub fn of_factor(&mut self, factor: &TableFactor) -> Option<Relation> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let parts: Vec<String> =
                    name.0.iter().filter_map(|part| part.as_ident()).map(lower).collect();
                let own = parts.last()?.clone();
                let cte = match parts.as_slice() {
                    [one] => self.open.iter().rev().find_map(|ctes| ctes.get(one)),
                    _ => None,
                };
                let columns = match cte {
                    Some(columns) => columns.clone()?,
                    None => self.names.columns(&parts)?,
                };
                Some(named(own, columns, alias.as_ref()))
            }
            TableFactor::Derived { subquery, alias: Some(alias), .. } => {
                let own = lower(&alias.name);
                if alias.columns.is_empty() {
                    let columns = self.of_query(subquery)?;
                    return Some(Relation { alias: own, columns });
                }
                Some(named(own, Vec::new(), Some(alias)))
            }
            _ => None,
        }
    }

    /// The names of all columns that a query reads from its own relations, and of its outputs.
    pub fn within(&mut self, query: &Query) -> Option<BTreeSet<String>> {
        self.open(query);
        let found = self.within_body(&query.body);
        self.close();
        found
    }

    fn within_body(&mut self, body: &SetExpr) -> Option<BTreeSet<String>> {
        match body {
            SetExpr::Select(select) => {
                let relations = self.of_from(&select.from)?;
                let mut names: BTreeSet<String> =
                    relations.into_iter().flat_map(|relation| relation.columns).collect();
                names.extend(select.projection.iter().filter_map(|item| match item {
                    SelectItem::ExprWithAlias { alias, .. } => Some(lower(alias)),
                    _ => None,
                }));
                Some(names)
            }
            SetExpr::Query(query) => self.within(query),
            SetExpr::SetOperation { left, right, .. } => {
                let mut names = self.within_body(left)?;
                names.extend(self.within_body(right)?);
                Some(names)
            }
            SetExpr::Values(_) => Some(BTreeSet::new()),
            _ => None,
        }
    }
}

fn named(own: String, columns: Vec<String>, alias: Option<&TableAlias>) -> Relation {
    let Some(alias) = alias else { return Relation { alias: own, columns } };
    let renamed = alias.columns.iter().map(|column| lower(&column.name));
    let rest = columns.into_iter().skip(alias.columns.len());
    Relation { alias: lower(&alias.name), columns: renamed.chain(rest).collect() }
}

/// The constraint of a join that has one.
pub fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)
        | JoinOperator::CrossJoin(on)
        | JoinOperator::StraightJoin(on) => Some(on),
        _ => None,
    }
}

/// Whether a join makes one column of two.
pub fn merges(operator: &JoinOperator) -> bool {
    matches!(constraint(operator), Some(JoinConstraint::Using(_) | JoinConstraint::Natural))
}
