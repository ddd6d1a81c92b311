//! Views as the queries that they are. Each is bound by itself first, so that what is wrong in it is said of it,
//! with its place in its own text; then it stands as a derived table wherever a query names it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, Query, Spanned, Statement, TableAlias, TableAliasColumnDef, TableFactor, Visit,
    VisitMut, Visitor, VisitorMut,
};
use sqm_domain::Dialect;
use sqm_sql::guard;
use sqm_sql::parse::{MendKind, Tree};

use super::refusal::{Refusal, start};
use super::{BindError, MOST_BYTES, MOST_RELATIONS, Tables, relations};

/// Most views of views of views.
const MOST_DEPTH: usize = 16;

/// A view, with the views that it reads written out.
#[derive(Debug, Clone)]
pub struct View {
    query: Query,
    /// The names of its columns, where they are declared.
    columns: Vec<String>,
    /// How many relations it reads.
    relations: usize,
    /// Tables without a schema in front that it reads: a name in WITH around it must not be one of them.
    reads: BTreeSet<String>,
}

/// What a verdict over a view rests on: some databases keep its rows, and make them anew at times.
pub const UP_TO_DATE: &str = "a view holds what its query returns, also where its rows are kept";

/// Writes the views out that a statement names, and says whether it names one.
///
/// # Errors
/// Why one of them cannot be, and where it is named.
pub fn expand(
    statement: &mut Statement,
    dialect: Dialect,
    tables: &Tables<'_>,
    open: &[usize],
) -> Result<bool, BindError> {
    let mut pass = Expand {
        dialect,
        tables,
        open,
        ctes: Vec::new(),
        relations: relations::size(statement).relations,
        is_changed: false,
    };
    if let ControlFlow::Break(error) = statement.visit(&mut pass) {
        return Err(error);
    }
    Ok(pass.is_changed)
}

struct Expand<'e, 'c> {
    dialect: Dialect,
    tables: &'e Tables<'c>,
    /// The views that are being written out, from the outermost to this one.
    open: &'e [usize],
    ctes: Vec<BTreeSet<String>>,
    relations: usize,
    is_changed: bool,
}

impl VisitorMut for Expand<'_, '_> {
    type Break = BindError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<BindError> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.ctes.push(ctes.map(|cte| cte.alias.name.value.to_lowercase()).collect());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<BindError> {
        self.ctes.pop();
        ControlFlow::Continue(())
    }

    // Behind the visit of what it consists of: a view that is written out is not looked at again.
    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<BindError> {
        let TableFactor::Table { name, alias, args: None, .. } = &*factor else {
            return ControlFlow::Continue(());
        };
        let parts = parts(name);
        let is_cte = |name: &String| self.ctes.iter().any(|ctes| ctes.contains(name));
        if matches!(parts.as_slice(), [name] if is_cte(name)) {
            return ControlFlow::Continue(());
        }
        let Some(at) = self.tables.view(&parts) else { return ControlFlow::Continue(()) };
        let written = parts.join(".");
        let refuse = |reason: String| {
            let position = start(name.span());
            ControlFlow::Break(BindError::Unsupported(Refusal { reason, position }))
        };
        let view = match view(at, self.dialect, self.tables, self.open) {
            Ok(view) => view,
            Err(why) => {
                return refuse(format!("the view {written} is not verified ({why}, in its own text)"));
            }
        };
        if let Some(hidden) = view.reads.iter().find(|name| is_cte(name)) {
            return refuse(format!(
                "the view {written} reads a table {hidden}, which WITH gives another meaning here: rename it in WITH"
            ));
        }
        self.relations = self.relations.saturating_add(view.relations);
        if self.relations > MOST_RELATIONS {
            return ControlFlow::Break(BindError::TooManyRelations(self.relations));
        }
        self.is_changed = true;
        let mut alias = alias.clone().unwrap_or_else(|| TableAlias {
            explicit: true,
            name: Ident::new(parts.last().cloned().unwrap_or_default()),
            columns: Vec::new(),
            at: None,
        });
        let renamed = alias.columns.len();
        alias.columns.extend(view.columns.iter().skip(renamed).map(TableAliasColumnDef::from_name));
        *factor = TableFactor::Derived {
            lateral: false,
            subquery: Box::new(view.query.clone()),
            alias: Some(alias),
            sample: None,
        };
        ControlFlow::Continue(())
    }
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()).collect()
}

/// The view at this place of the catalog.
fn view(at: usize, dialect: Dialect, tables: &Tables<'_>, open: &[usize]) -> Result<Arc<View>, String> {
    if let Some(known) = tables.views.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&at) {
        return known.clone();
    }
    let made = if open.contains(&at) {
        return Err("it reads itself".to_owned());
    } else if open.len() >= MOST_DEPTH {
        return Err(format!("it stands behind more than {MOST_DEPTH} others"));
    } else {
        read(at, dialect, tables, open).map(Arc::new)
    };
    tables.views.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(at, made.clone());
    made
}

fn read(at: usize, dialect: Dialect, tables: &Tables<'_>, open: &[usize]) -> Result<View, String> {
    let declared = tables.declared(at);
    let text = declared.view.as_deref().unwrap_or_default();
    if text.len() > MOST_BYTES {
        return Err(BindError::TooLong(text.len()).to_string());
    }
    let open: Vec<usize> = open.iter().copied().chain([at]).collect();
    let described = |error: BindError| super::describe(&error);
    let bound = guard::with_script(text, dialect, |script| {
        super::bind_script(script, dialect, tables, &open)?;
        let mut statement = match script.statements.as_slice() {
            [one] => match &one.tree {
                Ok(Tree::Sql(tree)) if one.mends.iter().all(|mend| mend.kind == MendKind::Spelled) => {
                    tree.as_ref().clone()
                }
                _ => {
                    return Err(BindError::Statement(Refusal {
                        reason: "it is no query".into(),
                        position: None,
                    }));
                }
            },
            _ => {
                return Err(BindError::Statement(Refusal {
                    reason: "it is no single query".into(),
                    position: None,
                }));
            }
        };
        expand(&mut statement, dialect, tables, &open)?;
        Ok::<_, BindError>(statement)
    });
    let statement = bound.map_err(BindError::from).and_then(|bound| bound).map_err(described)?;
    let relations = relations::size(&statement).relations;
    let mut reads = Reads::default();
    let _ = statement.visit(&mut reads);
    let Statement::Query(query) = statement else { return Err("it is no query".to_owned()) };
    let columns = declared.columns.iter().map(|column| column.name.clone()).collect();
    Ok(View { query: *query, columns, relations, reads: reads.names })
}

/// Tables by a name of one part.
#[derive(Default)]
struct Reads {
    names: BTreeSet<String>,
    ctes: BTreeSet<String>,
}

impl Visitor for Reads {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.ctes.insert(cte.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: None, .. } = factor
            && let [one] = parts(name).as_slice()
            && !self.ctes.contains(one)
        {
            self.names.insert(one.clone());
        }
        ControlFlow::Continue(())
    }
}
