//! What a statement asks of each of its tables: by which columns it compares, joins, orders and groups, and
//! which it reads.

use std::collections::{HashMap, HashSet};

use sqlparser::ast::{
    Expr, Join, JoinConstraint, JoinOperator, OrderByKind, Query, Select, SelectItem, Statement, TableFactor,
};

use super::Purpose;
use super::condition::{Asked, Decides, Reader};
use super::part::Part;
use super::spots::{Spot, Spots, Wanted};
use crate::catalog::{Catalog, Table};
use crate::ids::{IdMap, IdSet};
use crate::lint::shape::{
    arguments, bare, block, column, conjuncts, group_keys, has_aggregate, is_limited, is_named,
    is_special_grouping, last_part,
};
use crate::lint::walk::{Role, constraint, walk};
use crate::lint::{Node, Places};
use crate::parse::{ParsedStatement, Script};
use crate::scope::{Behind, Meaning, RelationId, Scopes, resolve};
use crate::text::{Position, Span};

/// A table in FROM, or one that is changed, and what is asked of it.
pub(super) struct Relation<'a> {
    pub(super) id: RelationId,
    /// Its name in parts.
    pub(super) name: Vec<String>,
    /// What the catalog knows of it.
    pub(super) table: Option<&'a Table>,
    pub(super) uses: Vec<Use>,
    /// The order in which the first rows are wanted.
    pub(super) order: Vec<Use>,
    /// The columns by which its rows, and those of no other table, are grouped.
    pub(super) groups: Vec<Use>,
    /// The columns that are read; `None` where all may be.
    pub(super) read: Option<Vec<String>>,
    /// Whether the statement changes rows, of which it looks for the old ones more often than for the new.
    pub(super) is_changed: bool,
}

/// A place in the text at which something is asked of a table.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) part: Part,
    pub(super) purpose: Purpose,
    pub(super) is_open: bool,
    pub(super) is_upper: bool,
    pub(super) partner: Option<RelationId>,
    /// Whether it decides how often a subquery reads the table: once for each row around it.
    pub(super) is_repeated: bool,
    pub(super) span: Span,
}

/// The tables of a statement of which anything is asked; views, records and tables of the statement's WITH are
/// none, nor are those that the script makes.
pub(super) fn of<'a>(
    script: &Script<'_>,
    statement: &ParsedStatement,
    tree: &Statement,
    catalog: &'a Catalog,
    places: &Places<'_>,
) -> Vec<Relation<'a>> {
    places.set_statement(statement.span);
    let spots = Spots::new(tree, resolve(tree, script.dialect, catalog));
    let mut all = Collected { script, spots: &spots, places, found: Vec::new(), at: IdMap::default() };
    walk(tree, &mut |node, site| match node {
        Node::Select(select) => {
            let query = site.query.filter(|query| block(query).is_some_and(|own| std::ptr::eq(own, select)));
            all.conditions(&select.selection, Decides::All, site.role);
            all.select(select, query);
        }
        Node::Join(join) => all.join(join, site.role),
        Node::Statement(Statement::Update(update)) => {
            all.conditions(&update.selection, Decides::All, Role::Top);
        }
        Node::Statement(Statement::Delete(delete)) => {
            all.conditions(&delete.selection, Decides::All, Role::Top);
        }
        Node::Statement(Statement::Merge(merge)) => {
            // Rows of the source without a partner are read as well.
            let source = all.start_of(&merge.source);
            let target = if all.start_of(&merge.table) < source { Decides::Before } else { Decides::From };
            all.conditions([&*merge.on], target(source), Role::Top);
        }
        _ => {}
    });
    let made = made(script);
    let mut found = all.found;
    found.retain(|relation| {
        let last = relation.name.last().map(|name| name.to_lowercase()).unwrap_or_default();
        let is_temporary = last.starts_with(['@', '#', '?', '<']);
        let is_view = relation.table.is_some_and(|table| table.view.is_some());
        !is_view && !is_temporary && !made.contains(&last)
    });
    read(&spots.scopes, tree, &mut found);
    let is_changed = matches!(tree, Statement::Update(_) | Statement::Delete(_));
    for relation in &mut found {
        relation.is_changed = is_changed;
        close(&mut relation.uses);
    }
    found
}

/// Two ranges with one end each are one with both, where they are of the same column and ends differ.
fn close(uses: &mut [Use]) {
    let mut ends: HashMap<String, (bool, bool)> = HashMap::new();
    let is_range = |used: &Use| used.purpose == Purpose::Range && used.is_open;
    for used in uses.iter().filter(|used| is_range(used)) {
        let (lower, upper) = ends.entry(used.part.text.to_lowercase()).or_default();
        *lower |= !used.is_upper;
        *upper |= used.is_upper;
    }
    for used in uses.iter_mut().filter(|used| is_range(used)) {
        used.is_open = ends.get(&used.part.text.to_lowercase()) != Some(&(true, true));
    }
}

/// The tables that the script makes out of queries: the last parts of their names, in lower case.
fn made(script: &Script<'_>) -> HashSet<String> {
    let trees = script.statements.iter().filter_map(|statement| statement.tree.as_ref().ok());
    let names = trees.filter_map(|tree| match tree {
        crate::parse::Tree::Sql(tree) => match &**tree {
            Statement::CreateTable(table) if table.query.is_some() || table.temporary => {
                last_part(&table.name)
            }
            _ => None,
        },
        crate::parse::Tree::Command(_) => None,
    });
    names.map(|name| name.value.to_lowercase()).collect()
}

struct Collected<'a, 's, 'c> {
    script: &'s Script<'s>,
    spots: &'s Spots<'c>,
    places: &'s Places<'s>,
    found: Vec<Relation<'a>>,
    at: IdMap<RelationId, usize>,
}

impl<'a, 's> Collected<'a, 's, 'a> {
    fn conditions<'e>(
        &mut self,
        conditions: impl IntoIterator<Item = &'e Expr>,
        decides: Decides,
        role: Role,
    ) {
        let reader = Reader { spots: self.spots, dialect: self.script.dialect, decides };
        for condition in conditions.into_iter().flat_map(conjuncts) {
            let asked = reader.condition(condition);
            if asked.is_empty() {
                continue;
            }
            let span = self.places.of_expr(condition);
            for Asked { relation, part, purpose, is_open, is_upper, partner } in asked {
                let is_repeated = purpose == Purpose::Correlation && role == Role::Scalar;
                let used = Use { part, purpose, is_open, is_upper, partner, is_repeated, span };
                self.relation(relation).uses.push(used);
            }
        }
    }

    fn join(&mut self, join: &Join, role: Role) {
        let start = self.start_of(&join.relation);
        let decides = match &join.join_operator {
            JoinOperator::Left(_)
            | JoinOperator::LeftOuter(_)
            | JoinOperator::LeftAnti(_)
            | JoinOperator::Anti(_) => Decides::From(start),
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::RightAnti(_) => {
                Decides::Before(start)
            }
            JoinOperator::FullOuter(_) => Decides::Nothing,
            _ => Decides::All,
        };
        if let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) {
            self.conditions([condition], decides, role);
        }
    }

    /// Where a relation starts; nothing of it stands before.
    fn start_of(&self, factor: &TableFactor) -> Position {
        let mut factor = factor;
        while let TableFactor::NestedJoin { table_with_joins, .. } = factor {
            factor = &table_with_joins.relation;
        }
        self.places.of_relation(factor).start
    }

    /// What a block asks beyond its conditions.
    fn select(&mut self, select: &Select, query: Option<&Query>) {
        let is_grouped = group_keys(select).1;
        let items = || select.projection.iter().filter_map(crate::lint::shape::item_expr);
        let is_plain = !is_grouped && select.having.is_none() && select.distinct.is_none();
        if let Some(query) = query.filter(|query| is_plain && is_limited(query))
            && !items().any(has_aggregate)
            && let Some(order_by) = &query.order_by
            && let OrderByKind::Expressions(keys) = &order_by.kind
            && let [first, ..] = keys.as_slice()
            && keys.iter().all(|key| key.options.asc.unwrap_or(true) == first.options.asc.unwrap_or(true))
            && keys.iter().all(|key| key.options.nulls_first.is_none() || self.is_not_null(&key.expr))
        {
            let keys: Vec<&Expr> = keys.iter().map(|key| &key.expr).collect();
            let (relation, uses) = self.of_one_relation(&keys, Purpose::Order);
            if let Some(relation) = relation {
                self.relation(relation).order = uses;
            }
        }
        let is_single = matches!(select.from.as_slice(), [from] if from.joins.is_empty());
        if !is_single {
            return;
        }
        if let ([SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }], true) =
            (select.projection.as_slice(), is_plain)
            && let Expr::Function(function) = bare(item)
            && is_named(function, &["min", "max"])
            && function.over.is_none()
        {
            let (relation, uses) = self.of_one_relation(&arguments(function), Purpose::Order);
            if let Some(relation) = relation {
                self.relation(relation).order = uses;
            }
        }
        if is_grouped && !is_special_grouping(select) {
            let keys: Vec<&Expr> = group_keys(select).0.iter().collect();
            let (relation, uses) = self.of_one_relation(&keys, Purpose::Grouping);
            if let Some(relation) = relation {
                self.relation(relation).groups = uses;
            }
        }
    }

    fn is_not_null(&self, expr: &Expr) -> bool {
        let scopes = &self.spots.scopes;
        scopes.reference(expr).is_some_and(|reference| scopes.is_not_null(reference))
    }

    /// The uses of expressions that are columns of one and the same table.
    fn of_one_relation(&self, exprs: &[&Expr], purpose: Purpose) -> (Option<RelationId>, Vec<Use>) {
        let mut uses = Vec::new();
        let mut only = None;
        for expr in exprs {
            let found = column(expr).and_then(|_| self.spots.find(expr, Wanted::Rows));
            let Some(Spot { relation, column }) = found else { return (None, Vec::new()) };
            if *only.get_or_insert(relation) != relation {
                return (None, Vec::new());
            }
            let part = Part::column(&column, self.spots.scopes.catalog_table(relation));
            let span = self.places.of_expr(expr);
            let used = Use {
                part,
                purpose,
                is_open: false,
                is_upper: false,
                partner: None,
                is_repeated: false,
                span,
            };
            uses.push(used);
        }
        (only, uses)
    }

    fn relation(&mut self, id: RelationId) -> &mut Relation<'a> {
        let at = *self.at.entry(id).or_insert_with(|| {
            let scopes = &self.spots.scopes;
            let name = scopes.table_name(id).unwrap_or_default();
            let table = scopes.catalog_table(id);
            self.found.push(Relation {
                id,
                // As the catalog writes it, where that has more to say.
                name: table
                    .map_or_else(|| name.iter().map(|&part| part.to_owned()).collect(), |t| t.name.clone()),
                table,
                uses: Vec::new(),
                order: Vec::new(),
                groups: Vec::new(),
                read: None,
                is_changed: false,
            });
            self.found.len() - 1
        });
        &mut self.found[at]
    }
}

/// Notes which columns of the tables are read. Where anything may read all of them, none are noted.
fn read(scopes: &Scopes<'_>, tree: &Statement, found: &mut [Relation<'_>]) {
    let mut whole: IdSet<RelationId> = IdSet::default();
    let mut is_unknown = false;
    walk(tree, &mut |node, _| match node {
        Node::Select(select) => {
            let is_star = |item: &SelectItem| {
                matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
            };
            if select.projection.iter().any(is_star)
                && let Some(scope) = scopes.of_select(select)
            {
                whole.extend(scopes.relations(scope).map(|(id, _)| id));
            }
        }
        Node::Join(join) => {
            let is_named = matches!(
                constraint(&join.join_operator),
                Some(JoinConstraint::Using(_) | JoinConstraint::Natural)
            );
            is_unknown |= is_named;
        }
        // What is changed is read whole.
        Node::Statement(Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_)) => {
            is_unknown = true
        }
        _ => {}
    });
    if is_unknown {
        return;
    }
    let mut columns: IdMap<RelationId, Vec<String>> = IdMap::default();
    for reference in scopes.references() {
        if let Meaning::Row(relation) = reference.meaning {
            whole.insert(relation);
        }
        if let Behind::Column(relation, column) = scopes.origin_of(reference) {
            let known = columns.entry(relation).or_default();
            if known.len() <= super::wanted::MOST_READ && !known.iter().any(|other| other == column) {
                known.push(column.to_owned());
            }
        }
    }
    for relation in found.iter_mut().filter(|relation| !whole.contains(&relation.id)) {
        relation.read = columns.remove(&relation.id);
    }
}
