//! What is wrong with a plan: one file a finding, each with the thresholds from which it is told and where they
//! come from.

mod automatic_index;
mod figures;
mod late_filter;
mod misestimate;
mod nested_loop;
mod parallelism;
mod scan;
mod sequential_scan;
mod spill;
mod unused_index;

use serde::Serialize;
use sqm_domain::Dialect;

use super::predicate::Words;
use super::source::Source;
use super::tree::{Node, Operation, Plan, Relation, Role};
use super::{Engine, Text};
use crate::catalog::{Catalog, Table};
use crate::lint::Severity;
use crate::text::Span;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// There were far more rows than estimated, or far fewer.
    Misestimate,
    /// A table is read from end to end for a few of its rows.
    SequentialScan,
    /// What is sorted does not fit into memory.
    SortSpill,
    /// A hash table does not fit into memory.
    HashSpill,
    /// Something else does not fit into memory.
    Spill,
    /// Large inputs are joined row by row.
    NestedLoop,
    /// Rows are thrown away after work was done for them.
    LateFilter,
    /// There is an index that would serve and is not used.
    UnusedIndex,
    /// An index is made for this query and thrown away after it.
    AutomaticIndex,
    /// There were fewer parallel processes than planned.
    ParallelismLost,
}

impl Code {
    /// The code as answers have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Misestimate => "misestimate",
            Self::SequentialScan => "sequential-scan",
            Self::SortSpill => "sort-spill",
            Self::HashSpill => "hash-spill",
            Self::Spill => "spill",
            Self::NestedLoop => "nested-loop",
            Self::LateFilter => "late-filter",
            Self::UnusedIndex => "unused-index",
            Self::AutomaticIndex => "automatic-index",
            Self::ParallelismLost => "parallelism-lost",
        }
    }
}

/// Something that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The path of the step.
    pub node: String,
    /// What the database calls the step.
    pub kind: String,
    /// The table that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What is wrong, with the figures, and what to do about it.
    pub message: String,
    /// Where the table stands in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation_at: Option<Span>,
    /// Where the condition stands in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_at: Option<Span>,
}

/// Everything that is wrong with a plan, the gravest first, and in the order of the plan.
pub(super) fn of(plan: &Plan, text: Option<Text<'_>>, catalog: &Catalog) -> Vec<Finding> {
    let source = text.map(|text| Source::read(text, catalog)).unwrap_or_default();
    let dialect = text.map_or(plan.engine.dialect(), |text| text.dialect);
    let cx = Context { engine: plan.engine, dialect, catalog, source, steps: steps(&plan.root) };
    let mut found = Vec::new();
    for at in 0..cx.steps.len() {
        for check in [
            misestimate::check,
            sequential_scan::check,
            spill::check,
            nested_loop::check,
            late_filter::check,
            unused_index::check,
            automatic_index::check,
            parallelism::check,
        ] {
            found.extend(check(&cx, at));
        }
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// What the findings are told from.
struct Context<'a> {
    engine: Engine,
    /// In which conditions of the plan are written, near enough.
    dialect: Dialect,
    catalog: &'a Catalog,
    source: Source,
    /// Every step, each after the one above it.
    steps: Vec<Step<'a>>,
}

/// A step, and where it stands.
struct Step<'a> {
    node: &'a Node,
    parent: Option<usize>,
    /// Whether a step above may take fewer rows than there are: fewer than estimated say nothing then.
    may_stop: bool,
}

fn steps(root: &Node) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut open = vec![(root, None, false)];
    while let Some((node, parent, may_stop)) = open.pop() {
        let at = steps.len();
        steps.push(Step { node, parent, may_stop });
        let reads_all = matches!(node.operation, Operation::Sort | Operation::Hash)
            || node.operation == Operation::Aggregate
                && !node.kind.contains("Group")
                && !node.kind.contains("Unique");
        let stops_early = matches!(node.operation, Operation::Limit | Operation::MergeJoin)
            || node.kind.contains("Semi")
            || node.kind.contains("Anti")
            || node.kind.contains("semijoin")
            || node.kind.contains("antijoin");
        for child in node.children.iter().rev() {
            // What belongs to an expression or a WITH is read as far as it is asked for.
            let may_stop = stops_early || child.subplan.is_some() || may_stop && !reads_all;
            open.push((child, Some(at), may_stop));
        }
    }
    steps
}

impl<'a> Context<'a> {
    fn node(&self, at: usize) -> &'a Node {
        self.steps[at].node
    }

    /// The step above.
    fn above(&self, at: usize) -> Option<&'a Node> {
        self.steps[at].parent.map(|parent| self.steps[parent].node)
    }

    /// The table of the catalog that a plan means.
    fn table(&self, relation: &Relation, predicates: &[&str]) -> Option<&'a Table> {
        let named = self.source.relation(relation, &self.words(predicates)).map(|at| self.source.table(at));
        let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
        let of_text = named.and_then(|name| self.catalog.find(&parts(&name)));
        of_text.or_else(|| {
            let parts = parts(&relation.name);
            // A plan has the name of the database as well, which the catalog may not.
            (0..parts.len()).find_map(|from| self.catalog.find(&parts[from..]))
        })
    }

    fn words(&self, predicates: &[&str]) -> Words {
        let mut words = Words::default();
        predicates.iter().for_each(|text| words.add(text, self.dialect));
        words
    }

    /// A finding about a step, and about a table and conditions on it where it has those.
    fn finding(
        &self,
        at: usize,
        (code, severity): (Code, Severity),
        about: About<'_>,
        message: String,
    ) -> Finding {
        let node = self.node(at);
        let words = self.words(&about.predicates);
        let relation = about.relation.and_then(|meant| self.source.relation(meant, &words));
        let named = relation.map(|at| self.source.table(at));
        Finding {
            code,
            severity,
            node: node.path.clone(),
            kind: node.kind.clone(),
            table: named.or_else(|| about.relation.map(|relation| relation.name.clone())),
            message,
            relation_at: relation.map(|at| self.source.span(at)),
            predicate_at: relation.and_then(|at| self.source.condition(at, &words)),
        }
    }
}

/// What a finding is about.
#[derive(Default)]
struct About<'a> {
    relation: Option<&'a Relation>,
    predicates: Vec<&'a str>,
}

impl<'a> About<'a> {
    /// What a step reads, and all that it asks of rows.
    fn of(node: &'a Node) -> Self {
        Self {
            relation: node.relation.as_ref(),
            predicates: texts(node, &[Role::Filter, Role::Index, Role::Join]),
        }
    }
}

/// The predicates of a step for one of these purposes.
fn texts<'a>(node: &'a Node, roles: &[Role]) -> Vec<&'a str> {
    let of_role = node.predicates.iter().filter(|predicate| roles.contains(&predicate.role));
    of_role.map(|predicate| predicate.text.as_str()).collect()
}

/// What a finding calls what it is about: the table, or the step.
fn called(node: &Node, relation: Option<&Relation>) -> String {
    relation.map_or_else(|| node.kind.clone(), |relation| relation.name.clone())
}
