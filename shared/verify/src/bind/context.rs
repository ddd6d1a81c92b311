//! What DataFusion asks while it binds: tables by name and functions.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{Result, TableReference, plan_err};
use datafusion::datasource::provider_as_source;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, TypePlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion::prelude::SessionConfig;
use sqm_domain::Dialect;
use sqm_sql::catalog::{Catalog, Table};

use super::functions;
use super::lower::Names;
use super::operands::Operands;
use super::tables::SwapTable;
use super::types;
use super::views::View;
use crate::database::{Schema, position};
use crate::sqlite::Declared;
use crate::value::Kind;

/// Most memory that one execution may account for, in bytes. What a join has collected it copies once into one piece,
/// which nobody accounts for.
const MEMORY: usize = 128 * 1024 * 1024;

/// The session that every verification shares: nothing in it changes once it is made.
pub fn session() -> &'static SessionState {
    static SESSION: OnceLock<SessionState> = OnceLock::new();
    SESSION.get_or_init(|| {
        let mut config = SessionConfig::new().with_target_partitions(1).with_information_schema(false);
        let options = config.options_mut();
        options.execution.collect_statistics = false;
        options.sql_parser.parse_float_as_decimal = true;
        options.sql_parser.map_string_types_to_utf8view = false;
        options.sql_parser.enable_ident_normalization = false;
        // A plan that is run again must not keep what the run before taught its filters.
        options.optimizer.enable_dynamic_filter_pushdown = false;
        options.optimizer.enable_topk_dynamic_filter_pushdown = false;
        options.optimizer.enable_join_dynamic_filter_pushdown = false;
        options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(MEMORY, 1.0).build_arc().unwrap_or_default();
        let mut state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .build();
        functions::register(&mut state);
        super::texts::register(&mut state);
        super::opaque::register(&mut state);
        state
    })
}

/// Whether an aggregate function has this name.
pub fn is_aggregate(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "grouping" || session().aggregate_functions().contains_key(&name)
}

/// The tables of one verification, each made when a query first names it.
#[derive(Debug)]
pub struct Tables<'c> {
    catalog: &'c Catalog,
    dialect: Dialect,
    /// Position in the catalog → its relation; in the order of first mention.
    read: RwLock<Vec<usize>>,
    made: RwLock<BTreeMap<usize, Arc<SwapTable>>>,
    /// The views that were asked for, each written out or why it cannot be.
    pub(super) views: RwLock<BTreeMap<usize, Result<Arc<View>, String>>>,
}

impl<'c> Tables<'c> {
    /// None yet.
    pub fn new(catalog: &'c Catalog, dialect: Dialect) -> Self {
        Self { catalog, dialect, read: RwLock::default(), made: RwLock::default(), views: RwLock::default() }
    }

    /// The schema of all that was read and what that refers to, and the tables in its order.
    pub fn schema(&self) -> (Schema, Vec<Option<Arc<SwapTable>>>) {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner).clone();
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        let schema = self.schema_of(&read);
        let mut tables: Vec<_> = read.iter().map(|at| made.get(at).cloned()).collect();
        tables.resize(schema.relations.len(), None);
        (schema, tables)
    }

    /// Two of the tables that were read, of which the rows of the first are rows of the second too.
    pub fn shared_rows(&self) -> Option<[String; 2]> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        read.iter().find_map(|&at| {
            let mut above = vec![at];
            let mut next = 0;
            while let Some(&heir) = above.get(next) {
                for parent in &self.catalog.tables()[heir].parents {
                    above.extend(position(self.catalog, parent).filter(|parent| !above.contains(parent)));
                }
                next += 1;
            }
            let whole = above[1..].iter().find(|whole| read.contains(whole))?;
            Some([at, *whole].map(|at| self.catalog.tables()[at].name.join(".")))
        })
    }

    /// The position of the view that a name of these parts means.
    pub(super) fn view(&self, parts: &[String]) -> Option<usize> {
        let at = position(self.catalog, parts)?;
        self.catalog.tables()[at].view.is_some().then_some(at)
    }

    /// What the catalog says of the relation at this position.
    pub(super) fn declared(&self, at: usize) -> &Table {
        &self.catalog.tables()[at]
    }

    fn schema_of(&self, tables: &[usize]) -> Schema {
        let kind = |written: Option<&str>| types::kind(written, self.dialect);
        Schema::new(self.catalog, tables, kind, self.dialect)
    }

    fn source(&self, name: &TableReference) -> Result<Arc<dyn TableSource>> {
        let parts: Vec<String> = name.to_vec();
        let Some(at) = position(self.catalog, &parts) else {
            return plan_err!("the catalog has no table {}, or several that this can mean", parts.join("."));
        };
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&at).cloned();
        if let Some(table) = made {
            return Ok(provider_as_source(table));
        }
        let declared = &self.catalog.tables()[at];
        if declared.view.is_some() {
            return plan_err!("{} is a view that is not written out", parts.join("."));
        }
        if declared.columns.is_empty() {
            return plan_err!("the catalog does not know the columns of {}", parts.join("."));
        }
        if let Some(column) = declared.columns.iter().find(|column| column.data_type.is_none()) {
            return plan_err!("the catalog does not know the type of {}.{}", parts.join("."), column.name);
        }
        let mut names: Vec<String> = declared.columns.iter().map(|c| c.name.to_lowercase()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return plan_err!("{} has two columns {} that differ in case alone", parts.join("."), pair[0]);
        }
        let alone = self.schema_of(&[at]);
        let table = Arc::new(SwapTable::new(&alone.relations[0]));
        self.read.write().unwrap_or_else(PoisonError::into_inner).push(at);
        self.made.write().unwrap_or_else(PoisonError::into_inner).insert(at, Arc::clone(&table));
        Ok(provider_as_source(table))
    }
}

/// Answers DataFusion's questions.
pub struct Provider<'a> {
    session: &'static SessionState,
    tables: &'a Tables<'a>,
    /// What plans the operators that mean another thing for operands of another type.
    pub operands: Arc<Operands>,
    planners: Vec<Arc<dyn ExprPlanner>>,
}

impl<'a> Provider<'a> {
    /// One for a query of this dialect.
    pub fn new(tables: &'a Tables<'a>, dialect: Dialect) -> Self {
        let session = session();
        let operands = Arc::new(Operands::of(dialect));
        let own: Arc<dyn ExprPlanner> = Arc::<Operands>::clone(&operands);
        let planners = std::iter::once(own).chain(session.expr_planners().iter().cloned()).collect();
        Self { session, tables, operands, planners }
    }
}

impl Names for Provider<'_> {
    fn is_aggregate(&self, name: &str) -> bool {
        is_aggregate(name)
    }

    fn is_text(&self, column: &str) -> bool {
        let mut found = self.kinds_of(column).peekable();
        found.peek().is_some() && found.all(|kind| matches!(kind, Kind::Text { .. }))
    }

    fn is_date(&self, column: &str) -> bool {
        let mut found = self.kinds_of(column).peekable();
        found.peek().is_some() && found.all(|kind| matches!(kind, Kind::Date | Kind::Timestamp))
    }

    fn is_moment(&self, column: &str) -> bool {
        self.kinds_of(column).any(|kind| kind == Kind::Timestamp)
    }

    fn is_wide(&self, column: &str) -> bool {
        self.kinds_of(column).any(|kind| kind == Kind::Int { bits: 64 })
    }

    fn is_truth(&self, column: &str) -> bool {
        let mut found = self.kinds_of(column).peekable();
        found.peek().is_some() && found.all(|kind| kind == Kind::Bool)
    }

    fn columns(&self, parts: &[String]) -> Option<Vec<String>> {
        let table = self.tables.catalog.find(parts).filter(|table| table.view.is_none())?;
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.to_lowercase()).collect();
        (!columns.is_empty()).then_some(columns)
    }
}

impl Declared for Provider<'_> {
    fn table(&self, parts: &[String]) -> Option<&[String]> {
        self.tables.catalog.find(parts).map(|table| table.name.as_slice())
    }

    fn holds_moments(&self, column: &str) -> bool {
        self.kinds_of(column).any(|kind| kind == Kind::Timestamp)
    }
}

impl Provider<'_> {
    fn kinds_of(&self, column: &str) -> impl Iterator<Item = Kind> {
        let tables = self.tables.catalog.tables().iter().filter(|table| table.view.is_none());
        let columns = tables.flat_map(|table| &table.columns);
        columns
            .filter(move |declared| declared.name.to_lowercase() == column)
            .map(|declared| types::kind(declared.data_type.as_deref(), self.tables.dialect))
    }
}

impl ContextProvider for Provider<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        self.tables.source(&name)
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> Result<Arc<dyn TableSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(name, schema))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planners
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        None
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.session.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, _: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.session.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.session.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.session.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.session.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.session.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.session.window_functions().keys().cloned().collect()
    }
}
