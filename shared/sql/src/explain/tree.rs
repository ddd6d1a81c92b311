//! The one form that the plans of all databases are brought to, and how it is put together.
//!
//! A node has what the plan says of it and nothing else: what is absent was not said.

use serde::Serialize;

use super::{Engine, ExplainError, Format};

/// Most nodes of a plan. A scan of a table of a thousand partitions has two thousand.
pub const MOST_NODES: usize = 10_000;

/// Most levels of a plan. In JSON each takes two, and readers of JSON commonly stop at 128; a join of forty
/// tables has 45.
pub const MOST_LEVELS: usize = 60;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Whose it is.
    pub engine: Engine,
    /// How it was written.
    pub format: Format,
    /// The topmost node.
    pub root: Node,
    /// Of the plan as a whole.
    pub total: Total,
}

/// What is said of a plan as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Total {
    /// How many nodes it has.
    pub nodes: usize,
    /// Whether it was run, so that there are measured figures.
    pub measured: bool,
    /// The estimated cost of all, in the database's own unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// How long planning took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planning_ms: Option<f64>,
    /// How long running took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_ms: Option<f64>,
    /// Bytes written to disk for want of memory, as far as the plan says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spilled_bytes: Option<f64>,
}

/// A step of a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Node {
    /// Which node it is: `0` is the topmost, `0.1` its second child. The same for the same plan.
    pub path: String,
    /// What the database calls it.
    pub kind: String,
    /// What it does, in words that all databases share.
    pub operation: Operation,
    /// The table that it reads or changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// The index that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The indexes that could have been used, where the plan says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_indexes: Vec<String>,
    /// What it is there for, where it gives no rows to its parent: `InitPlan 1`, `CTE recent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subplan: Option<String>,
    /// What is asked of rows, in the database's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// Rows that it was thought to give, each time that it is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_rows: Option<f64>,
    /// Rows that it was thought to throw away, each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_removed: Option<f64>,
    /// Rows that it gave, on average each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_rows: Option<f64>,
    /// Rows that it threw away, on average each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_removed: Option<f64>,
    /// How often it was run; each parallel process counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loops: Option<f64>,
    /// Its estimated cost with all below it, in the database's own unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// How long it took each time, in milliseconds. DuckDB leaves out what is below it, the others do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<f64>,
    /// What did not fit into memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spill: Option<Spill>,
    /// The parallel processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<Workers>,
    /// The parts of the table that are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<Partitions>,
    /// What it gets its rows from, in order, and what belongs to its expressions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
}

/// What a node does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Reads a table from end to end.
    SequentialScan,
    /// Reads a table, or an index alone, by an index.
    IndexScan,
    /// Reads what is no table: a function, a list of values, another part of the plan.
    OtherScan,
    /// Goes through its second input for each row of its first.
    NestedLoop,
    /// Joins by a hash table.
    HashJoin,
    /// Joins what is sorted.
    MergeJoin,
    /// Makes a hash table.
    Hash,
    /// Sorts.
    Sort,
    /// Groups, aggregates or removes duplicates.
    Aggregate,
    /// Throws rows away.
    Filter,
    /// Stops after some rows.
    Limit,
    /// Brings the rows of parallel processes together.
    Gather,
    /// Keeps rows to read them again.
    Materialize,
    /// Gives the rows of all its inputs.
    Append,
    /// Changes a table.
    Modify,
    /// Anything else.
    #[default]
    Other,
}

/// A table in a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// Its name, with those of schema and database where the plan gives them. Some databases give the alias only.
    pub name: String,
    /// The alias, where it is another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

/// What is asked of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Predicate {
    /// What it is for.
    pub role: Role,
    /// The condition, in the database's words.
    pub text: String,
}

/// What a predicate is for, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Says which part of an index is read.
    Index,
    /// Says which rows of two inputs belong together.
    Join,
    /// Rows are read and then tested.
    Filter,
}

/// What did not fit into memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spill {
    /// What was too large.
    pub what: Spilled,
    /// Bytes on disk, where the plan says how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<f64>,
    /// In how many parts the work was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<f64>,
}

/// What is too large for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spilled {
    /// Rows that are sorted.
    Sort,
    /// A hash table.
    Hash,
    /// Rows that are kept, or what the plan does not say.
    Rows,
}

/// Parallel processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Workers {
    /// As many as the plan asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<f64>,
    /// As many as there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launched: Option<f64>,
}

/// The parts in which a table is stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Partitions {
    /// Those that are read.
    pub read: f64,
    /// All.
    pub total: f64,
}

impl Node {
    /// A node of this kind.
    pub(super) fn new(kind: impl Into<String>, operation: Operation) -> Self {
        Self { kind: kind.into(), operation, ..Self::default() }
    }

    /// Adds a predicate, unless it is empty.
    pub(super) fn predicate(&mut self, role: Role, text: impl Into<String>) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.predicates.push(Predicate { role, text });
        }
    }

    /// How often it was run; once where the plan does not say.
    pub fn times(&self) -> f64 {
        self.loops.unwrap_or(1.0)
    }

    /// All rows that it gave.
    pub fn total_rows(&self) -> Option<f64> {
        self.actual_rows.map(|rows| rows * self.times())
    }

    /// All rows that it threw away.
    pub fn total_removed(&self) -> Option<f64> {
        self.rows_removed.map(|rows| rows * self.times())
    }

    /// Its inputs: the children that give it rows.
    pub fn inputs(&self) -> impl DoubleEndedIterator<Item = &Node> {
        self.children.iter().filter(|child| child.subplan.is_none())
    }
}

impl Relation {
    /// A relation of this name; an alias that is the same name is none.
    pub(super) fn new(name: impl Into<String>, alias: Option<&str>) -> Self {
        let name = name.into();
        let last = name.rsplit('.').next().unwrap_or(&name);
        let alias = alias.filter(|alias| !alias.is_empty() && *alias != last).map(str::to_owned);
        Self { name, alias }
    }
}

/// The nodes of a plan in the order in which they are met, each after its parent.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: Vec<Met>,
}

#[derive(Debug)]
struct Met {
    parent: Option<usize>,
    level: usize,
    children: usize,
    node: Node,
}

impl Builder {
    /// Adds a node below another; without one it is the topmost.
    pub(super) fn add(&mut self, parent: Option<usize>, mut node: Node) -> Result<usize, ExplainError> {
        if self.nodes.len() >= MOST_NODES {
            return Err(ExplainError::TooManyNodes);
        }
        let is_first = self.nodes.is_empty();
        let level = match parent.and_then(|parent| self.nodes.get_mut(parent)) {
            None if is_first => {
                node.path = "0".to_owned();
                1
            }
            None => return Err(ExplainError::SeveralRoots),
            Some(above) => {
                node.path = format!("{}.{}", above.node.path, above.children);
                above.children += 1;
                above.level + 1
            }
        };
        if level > MOST_LEVELS {
            return Err(ExplainError::TooDeep);
        }
        self.nodes.push(Met { parent, level, children: 0, node });
        Ok(self.nodes.len() - 1)
    }

    /// A node that was added.
    pub(super) fn node(&mut self, at: usize) -> Option<&mut Node> {
        self.nodes.get_mut(at).map(|met| &mut met.node)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The plan, every node below its parent.
    pub(super) fn finish(
        mut self,
        engine: Engine,
        format: Format,
        mut total: Total,
    ) -> Result<Plan, ExplainError> {
        total.nodes = self.nodes.len();
        for met in &self.nodes {
            total.measured |= met.node.actual_rows.is_some();
            if let Some(bytes) = met.node.spill.and_then(|spill| spill.bytes) {
                total.spilled_bytes = Some(total.spilled_bytes.unwrap_or(0.0) + bytes);
            }
        }
        // From the last on, each has all its children; they come in the wrong order.
        while let Some(Met { parent, mut node, .. }) = self.nodes.pop() {
            node.children.reverse();
            node.predicates.sort_by_key(|predicate| predicate.role);
            match parent.and_then(|parent| self.nodes.get_mut(parent)) {
                Some(above) => above.node.children.push(node),
                None => {
                    total.cost = total.cost.or(node.cost);
                    return Ok(Plan { engine, format, root: node, total });
                }
            }
        }
        Err(ExplainError::Empty(engine))
    }
}

/// A number of a plan: finite and not negative, or none.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = if text.contains(',') { text.replace(',', "") } else { text.to_owned() };
    plain.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: &str) -> Node {
        Node::new(kind, Operation::Other)
    }

    #[test]
    fn children_keep_their_order_and_paths_say_where_they_are() {
        let mut builder = Builder::default();
        let root = builder.add(None, node("a")).unwrap();
        let b = builder.add(Some(root), node("b")).unwrap();
        builder.add(Some(b), node("c")).unwrap();
        builder.add(Some(root), node("d")).unwrap();
        let plan = builder.finish(Engine::Postgres, Format::Text, Total::default()).unwrap();
        let kinds: Vec<_> = plan.root.children.iter().map(|child| (&*child.kind, &*child.path)).collect();
        assert_eq!(kinds, [("b", "0.0"), ("d", "0.1")]);
        assert_eq!(plan.root.children[0].children[0].path, "0.0.0");
        assert_eq!(plan.total.nodes, 4);
    }

    #[test]
    fn what_is_deep_or_large_is_refused() {
        let mut deep = Builder::default();
        let mut at = None;
        let refused = (0..=MOST_LEVELS).find_map(|_| match deep.add(at, node("a")) {
            Ok(next) => {
                at = Some(next);
                None
            }
            Err(error) => Some(error),
        });
        assert_eq!(refused, Some(ExplainError::TooDeep));
        let mut wide = Builder::default();
        let root = wide.add(None, node("a")).unwrap();
        let refused = (0..MOST_NODES).find_map(|_| wide.add(Some(root), node("b")).err());
        assert_eq!(refused, Some(ExplainError::TooManyNodes));
        assert_eq!(wide.add(None, node("c")), Err(ExplainError::TooManyNodes));
    }

    #[test]
    fn numbers_are_what_a_plan_may_say() {
        for (text, expected) in [
            ("12", Some(12.0)),
            ("1.5e+6", Some(1.5e6)),
            ("1,234", Some(1234.0)),
            ("-3", None),
            ("NaN", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
