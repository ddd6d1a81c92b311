//! Names resolved: which relation and column each identifier of a statement means.
//!
//! A statement is walked once. What comes out holds no syntax: scopes (one for each SELECT and for each
//! statement that changes a table), their relations, every column reference with its place and what it
//! means, and the graph of values that lineage follows. Knows the catalog, but not what lineage is.
//!
//! ```text
//! let scopes = scope::resolve(&statement, dialect, &catalog);
//! let scope = scopes.of_select(&select)?;               // the scope of a SELECT
//! for relation in scopes.relations(scope) { .. }        // FROM, in order: alias, table, columns
//! let reference = scopes.reference(&expr)?;             // an identifier of the tree
//! scopes.column(reference)                              // relation and ordinal that it means
//! scopes.is_not_null(reference)                         // by the catalog
//! ```

mod answer;
mod behind;
mod call;
mod columns;
mod create;
mod expr;
mod from;
mod function;
mod insert;
mod lookup;
mod merge;
mod names;
mod pattern;
mod pipes;
mod pivot;
mod query;
mod returning;
pub(crate) mod room;
mod select;
mod set;
mod shard;
mod sight;
mod star;
mod statement;
mod structs;
mod table_function;
mod tables;
mod transfer;
mod unit;
mod update;
mod values;
mod variables;

use std::cell::OnceCell;

use sqlparser::ast::{Expr, Select, Spanned, Statement};

use sqm_domain::Dialect;

use crate::catalog::{Catalog, Table};
use crate::ids::{IdMap, IdSet};
use crate::text::{Position, Span};

pub(crate) use behind::Behind;
pub(crate) use create::has_two_levels;
pub(crate) use names::Names;
pub use names::{Folding, Name};
pub(crate) use query::{Resolver, Rows};
use room::Room;
pub(crate) use statement::{Action, Effect, Outcome};
pub(crate) use tables::{ColumnId, TableId, Tables};
pub use values::{Edge, Kind, Node};
pub(crate) use values::{Values, span};

/// The number of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub(crate) u32);

/// The number of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelationId(pub(crate) u32);

/// The number of a list of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ShapeId(u32);

/// What the names in a SELECT, or in a statement that changes a table, are looked up in.
#[derive(Debug)]
pub struct Scope {
    /// The scope around it, when this one may refer to it.
    pub parent: Option<ScopeId>,
    /// What it selects from, in order.
    pub relations: Vec<RelationId>,
    /// Whether something in it refers to a scope around it.
    pub correlated: bool,
    /// Columns that USING or NATURAL made one of two.
    merged: Vec<Merged>,
    /// What it selects: filled from left to right.
    outputs: Vec<Output>,
}

#[derive(Debug)]
struct Merged {
    key: Name,
    node: Node,
    relations: Vec<RelationId>,
    /// Where the left side of its join begins among the relations of the scope, and where the right side does.
    sides: (usize, usize),
}

/// A relation in a FROM clause, or the target of a statement.
#[derive(Debug, Clone)]
pub struct Relation {
    /// The name it goes by.
    pub(crate) alias: Option<Name>,
    source: Source,
    /// The columns' names by its alias, as in `t AS x(a, b)`: they replace the first of its own.
    renamed: Vec<Name>,
    /// Whether `*` leaves it out: the right side of a semi-join, the target of a MERGE.
    pub(crate) hidden: bool,
    /// Where it stands: its name, or its alias.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Table(TableId),
    Shape(ShapeId),
}

/// A list of columns: what a query, a VALUES list or a table function gives.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) columns: Vec<Output>,
    rest: Rest,
    /// Columns found behind a star that no catalog expands, by key.
    late: IdMap<Name, Node>,
    index: OnceCell<IdMap<Name, u32>>,
}

/// The columns that a shape has beyond those listed.
#[derive(Debug, Default)]
enum Rest {
    /// None.
    #[default]
    Nothing,
    /// Those of these relations, apart from the ones excluded by key.
    Stars(Vec<OpenStar>),
    /// Those of these shapes, matched by name: the arms of a set operation.
    Arms(Vec<ShapeId>),
    /// Whatever is asked for is a part of this value.
    Any(Node),
}

#[derive(Debug, Clone)]
struct OpenStar {
    relation: RelationId,
    except: Vec<Name>,
}

/// An output column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// `None`: it has no name.
    pub(crate) name: Option<Name>,
    pub(crate) node: Node,
    pub(crate) span: Span,
    /// Whether it stands for columns that no catalog expands.
    pub(crate) star: bool,
}

/// A column reference: an identifier, or several with dots, in an expression.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// Where it stands.
    pub span: Span,
    /// The scope it stands in.
    pub scope: ScopeId,
    /// What it means.
    pub meaning: Meaning,
}

/// What a column reference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// This column of a relation.
    Column {
        /// The relation, of this scope or of one around it.
        relation: RelationId,
        /// The value.
        node: Node,
    },
    /// A column that USING or NATURAL made one of several.
    Merged(Node),
    /// An output of the same SELECT, by its alias.
    Alias(Node),
    /// A whole row.
    Row(RelationId),
    /// Several columns could be meant.
    Ambiguous,
    /// No relation is known to have it.
    Unknown,
}

/// Something that could not be told from the text and the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What kind of doubt.
    pub kind: DoubtKind,
    /// The name in question, as the dialect folds it.
    pub name: String,
    /// The relations that could be meant.
    pub candidates: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of [`Doubt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DoubtKind {
    /// Several relations have, or could have, a column of this name.
    AmbiguousColumn,
    /// No relation has a column of this name.
    UnknownColumn,
    /// No relation goes by this name.
    UnknownRelation,
    /// `*` of a table that the catalog does not know.
    OpenStar,
    /// The arms of a set operation, or the columns of an INSERT, cannot be matched.
    Mismatch,
    /// What a statement does is not in the text.
    Opaque,
    /// What a variable holds is not in the text, or was given to it in a way that is not followed.
    Variable,
}

/// What was resolved: see the module's documentation.
#[derive(Debug)]
pub struct Scopes<'c> {
    pub(crate) dialect: Dialect,
    pub(crate) catalog: &'c Catalog,
    pub(crate) names: Names,
    pub(crate) values: Values,
    pub(crate) tables: Tables,
    pub(crate) scopes: Vec<Scope>,
    relations: Vec<Relation>,
    shapes: Vec<Shape>,
    pub(crate) references: Vec<Reference>,
    pub(crate) doubts: Vec<Doubt>,
    /// Address of a SELECT in the tree → its scope.
    selects: IdMap<usize, ScopeId>,
    /// Fields of the structs whose making was seen.
    fields: IdMap<Node, Vec<(Name, Node)>>,
    /// The value that a SELECT AS STRUCT gives.
    structs: IdMap<ShapeId, Node>,
    /// Keys of the names that the script declares as variables.
    pub(crate) variables: IdSet<Name>,
    /// Variables of which it was said that nobody sees what they hold.
    said_variables: IdSet<Name>,
    /// Whether a name may be a variable that nothing here declares, as in a procedure.
    pub(crate) is_procedural: bool,
    /// Whether views of the catalog are looked through.
    pub(crate) follow_views: bool,
    /// Views of the catalog that the statement at hand looked through; `None` while it does.
    views: IdMap<TableId, Option<Rows>>,
    pub(crate) room: Room,
    by_place: OnceCell<Vec<u32>>,
}

/// Resolves one statement.
pub fn resolve<'c>(statement: &Statement, dialect: Dialect, catalog: &'c Catalog) -> Scopes<'c> {
    let mut scopes = Scopes::new(dialect, catalog);
    Resolver::new(&mut scopes).statement(statement, &mut Vec::new());
    scopes
}

impl<'c> Scopes<'c> {
    pub(crate) fn new(dialect: Dialect, catalog: &'c Catalog) -> Self {
        let mut names = Names::new(Folding::of(dialect));
        let mut tables = Tables::new(&mut names);
        tables.has_shards = dialect == Dialect::BigQuery;
        Self {
            dialect,
            catalog,
            names,
            values: Values::default(),
            tables,
            scopes: Vec::new(),
            relations: Vec::new(),
            shapes: Vec::new(),
            references: Vec::new(),
            doubts: Vec::new(),
            selects: IdMap::default(),
            fields: IdMap::default(),
            structs: IdMap::default(),
            variables: IdSet::default(),
            said_variables: IdSet::default(),
            is_procedural: false,
            follow_views: false,
            views: IdMap::default(),
            room: Room::default(),
            by_place: OnceCell::new(),
        }
    }

    /// Makes ready for the next statement: values of the one before are not used again.
    pub(crate) fn begin(&mut self) {
        self.views.clear();
    }

    /// Every scope, outer ones before those inside them.
    pub fn all(&self) -> impl Iterator<Item = (ScopeId, &Scope)> {
        self.scopes.iter().enumerate().map(|(at, scope)| (ScopeId(at as u32), scope))
    }

    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// The scope of a SELECT of the resolved tree, told by its address.
    pub fn of_select(&self, select: &Select) -> Option<ScopeId> {
        self.selects.get(&std::ptr::from_ref(select).addr()).copied()
    }

    /// The relations that a scope selects from, in order.
    pub fn relations(&self, scope: ScopeId) -> impl Iterator<Item = (RelationId, &Relation)> {
        self.scope(scope).relations.iter().map(|&id| (id, self.relation(id)))
    }

    /// A relation.
    pub fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.0 as usize]
    }

    /// The name that a relation goes by: its alias, or the last part of its table's name.
    pub fn alias(&self, id: RelationId) -> Option<&str> {
        self.relation(id).alias.map(|name| self.names.text(name))
    }

    /// The catalog's table behind a relation; `None` where it is a derived one or not in the catalog.
    pub fn catalog_table(&self, id: RelationId) -> Option<&'c Table> {
        match self.relation(id).source {
            Source::Table(table) => self.tables.catalog_table(table, self.catalog),
            Source::Shape(_) => None,
        }
    }

    /// The full name of the table behind a relation, in parts; `None` where it is a derived one.
    pub fn table_name(&self, id: RelationId) -> Option<Vec<&str>> {
        match self.relation(id).source {
            Source::Table(table) => {
                Some(self.tables.parts(table).iter().map(|&part| self.names.text(part)).collect())
            }
            Source::Shape(_) => None,
        }
    }

    /// The names of a relation's columns in order, where all of them are known; one without a name is empty.
    pub fn column_names(&self, id: RelationId) -> Option<Vec<&str>> {
        let relation = self.relation(id);
        let own: Vec<&str> = match relation.source {
            Source::Table(table) => {
                let columns = self.tables.known_columns(table)?;
                columns.iter().map(|&c| self.names.text(self.tables.column(c).name)).collect()
            }
            Source::Shape(shape) => {
                let shape = self.shape(shape);
                if shape.columns.iter().any(|column| column.star) {
                    return None;
                }
                shape.columns.iter().map(|c| c.name.map_or("", |name| self.names.text(name))).collect()
            }
        };
        let renamed = relation.renamed.iter().map(|&name| self.names.text(name));
        let rest = own.into_iter().skip(relation.renamed.len());
        Some(renamed.chain(rest).collect())
    }

    /// The reference that an identifier of the resolved tree is: an `Identifier`, a `CompoundIdentifier`.
    pub fn reference(&self, expr: &Expr) -> Option<&Reference> {
        match expr {
            Expr::Identifier(ident) => self.reference_at(span(ident.span).start),
            Expr::CompoundIdentifier(idents) => self.reference_at(span(idents.first()?.span).start),
            Expr::Nested(inner) => self.reference(inner),
            Expr::CompoundFieldAccess { .. } => self.reference_at(span(expr.span()).start),
            _ => None,
        }
    }

    /// The reference whose first character stands here.
    pub fn reference_at(&self, start: Position) -> Option<&Reference> {
        let order = self.by_place.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.references.len() as u32).collect();
            order.sort_by_key(|&at| self.references[at as usize].span.start);
            order
        });
        let at = order.partition_point(|&at| self.references[at as usize].span.start < start);
        order
            .get(at)
            .map(|&at| &self.references[at as usize])
            .filter(|reference| reference.span.start == start)
    }

    /// The relation whose column is meant, and the column's position in the catalog's table behind it,
    /// where there is one.
    pub fn column(&self, reference: &Reference) -> Option<(RelationId, Option<usize>)> {
        let Meaning::Column { relation, node } = reference.meaning else { return None };
        let ordinal = match self.relation(relation).source {
            Source::Table(table) => self
                .values
                .column(node)
                .and_then(|column| self.tables.ordinal(table, ColumnId(column)))
                .filter(|_| self.catalog_table(relation).is_some()),
            Source::Shape(shape) => self.shape(shape).columns.iter().position(|c| c.node == node),
        };
        Some((relation, ordinal))
    }

    /// The table and the column that are meant, looked for through subqueries that hand the column on as it is.
    pub fn base_column(&self, reference: &Reference) -> Option<(Vec<&str>, &str)> {
        let (Meaning::Column { node, .. } | Meaning::Merged(node) | Meaning::Alias(node)) = reference.meaning
        else {
            return None;
        };
        let column = self.tables.column(ColumnId(self.values.column(self.values.origin(node))?));
        let table = self.tables.parts(column.table).iter().map(|&part| self.names.text(part)).collect();
        Some((table, self.names.text(column.name)))
    }

    /// Whether the catalog says that the column meant is never NULL in its table. What an outer join adds
    /// is not looked at.
    pub fn is_not_null(&self, reference: &Reference) -> bool {
        let Some((relation, Some(ordinal))) = self.column(reference) else { return false };
        self.catalog_table(relation).is_some_and(|table| table.is_not_null(ordinal))
    }

    /// Whether the reference means a column of a scope around the one it stands in.
    pub fn is_outer(&self, reference: &Reference) -> bool {
        match reference.meaning {
            Meaning::Column { relation, .. } | Meaning::Row(relation) => {
                !self.scope(reference.scope).relations.contains(&relation)
            }
            _ => false,
        }
    }

    /// What could not be told, in the order it was met.
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// Every reference, in the order they were resolved.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    pub(crate) fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    fn add_shape(&mut self, columns: Vec<Output>, rest: Rest) -> ShapeId {
        let id = ShapeId(self.shapes.len() as u32);
        self.shapes.push(Shape { columns, rest, ..Shape::default() });
        id
    }

    pub(crate) fn add_scope(&mut self, parent: Option<ScopeId>) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        self.scopes.push(Scope {
            parent,
            relations: Vec::new(),
            correlated: false,
            merged: Vec::new(),
            outputs: Vec::new(),
        });
        id
    }

    fn add_relation(&mut self, scope: ScopeId, relation: Relation) -> RelationId {
        let id = RelationId(self.relations.len() as u32);
        self.relations.push(relation);
        self.scopes[scope.0 as usize].relations.push(id);
        id
    }

    fn doubt(&mut self, kind: DoubtKind, name: Name, candidates: Vec<String>, span: Span) {
        let name = self.names.text(name).to_owned();
        self.doubts.push(Doubt { kind, name, candidates, span });
    }

    /// What a relation is called where someone reads of it.
    fn describe(&self, id: RelationId) -> String {
        match self.alias(id) {
            Some(alias) => alias.to_owned(),
            None => self.table_name(id).map_or_else(|| "(subquery)".to_owned(), |parts| parts.join(".")),
        }
    }
}
