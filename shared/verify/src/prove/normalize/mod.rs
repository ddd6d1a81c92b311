//! Makes queries simpler, each rule with its condition, until nothing changes.

mod aggregate;
mod cases;
mod distinct;
mod exists;
mod merge;
mod rows;
mod selfjoin;
mod semijoin;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::build::formula::any;
use super::prover::Prover;
use super::rebuild::{self, Rebuild};
use super::solve::Scene;
use super::substitute;
use super::term::{Block, Fact, Formula, Query, Source, Term, Type};

/// Whether it matters how often a row comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It does.
    Bag,
    /// It does not.
    Set,
}

/// Most rounds of rules over one block.
const MOST_ROUNDS: usize = 8;

/// A query made simpler, wherever the scene holds.
pub fn query(prover: &Prover<'_>, scene: &Scene, query: &Query, mode: Mode) -> Query {
    let mut hasher = DefaultHasher::new();
    (mode, &scene.sources, &scene.formulas).hash(&mut hasher);
    let place = hasher.finish();
    if let Some(known) = prover.simplified.borrow().get(&(query.clone(), place)) {
        return known.clone();
    }
    let simple = simplified(prover, scene, query, mode);
    let mut memory = prover.simplified.borrow_mut();
    memory.insert((query.clone(), place), simple.clone());
    memory.insert((simple.clone(), place), simple.clone());
    simple
}

fn simplified(prover: &Prover<'_>, scene: &Scene, query: &Query, mode: Mode) -> Query {
    let mut done = Vec::new();
    for block in &query.blocks {
        done.extend(self::block(prover, scene, block.clone(), mode));
    }
    for _ in 0..MOST_ROUNDS {
        let Some(merged) = merge::merge(prover, scene, &mut done) else { break };
        done.extend(block(prover, scene, merged, mode));
    }
    Query { blocks: done }
}

/// What becomes of a block: nothing where it is empty, several where a union goes outwards.
fn block(prover: &Prover<'_>, scene: &Scene, block: Block, mode: Mode) -> Vec<Block> {
    let mut open = vec![block];
    let mut done = Vec::new();
    while let Some(mut block) = open.pop() {
        let mut alive = true;
        for _ in 0..MOST_ROUNDS {
            if prover.is_spent() {
                break;
            }
            match round(prover, scene, &mut block, mode) {
                Step::Same => break,
                Step::Changed => {}
                Step::Gone => {
                    alive = false;
                    break;
                }
                Step::Split(parts) => {
                    open.extend(parts);
                    alive = false;
                    break;
                }
            }
        }
        if alive {
            done.push(block);
        }
    }
    done
}

/// What a round of rules did to a block.
pub enum Step {
    /// Nothing.
    Same,
    /// It is simpler.
    Changed,
    /// It has no rows.
    Gone,
    /// It is these blocks.
    Split(Vec<Block>),
}

fn round(prover: &Prover<'_>, scene: &Scene, block: &mut Block, mode: Mode) -> Step {
    let before = block.clone();
    flatten(block);
    if block.conditions.contains(&Formula::False) {
        return Step::Gone;
    }
    inner(prover, scene, block);
    flatten(block);
    let here = scene.with(block);
    if here.is_impossible(prover) {
        prover.note("a part whose conditions contradict each other has no rows");
        return Step::Gone;
    }
    redundant(prover, scene, block);
    cases::settle(prover, scene, block);
    match distinct::simplify(prover, scene, block, mode) {
        Step::Same | Step::Changed => {}
        step => return step,
    }
    selfjoin::collapse(prover, scene, block);
    semijoin::unused(prover, scene, block, mode);
    flatten(block);
    if *block == before { Step::Same } else { Step::Changed }
}

/// Conditions as a flat list.
pub fn flatten(block: &mut Block) {
    let mut flat = Vec::new();
    for condition in std::mem::take(&mut block.conditions) {
        match condition {
            Formula::True => {}
            Formula::And(parts) => flat.extend(parts),
            other => flat.push(other),
        }
    }
    let mut seen: Vec<Formula> = Vec::new();
    for formula in flat {
        if !seen.contains(&formula) {
            seen.push(formula);
        }
    }
    block.conditions = seen;
}

/// The plain facts of a block, which hold for the queries inside its terms and conditions.
fn plain(block: &Block) -> impl Iterator<Item = Formula> + '_ {
    block
        .conditions
        .iter()
        .filter(|c| matches!(c, Formula::Fact(fact) if !matches!(fact, Fact::Exists(_) | Fact::Empty(_))))
        .filter(|c| !mentions_query(c))
        .cloned()
}

/// Simplifies the queries inside.
fn inner(prover: &Prover<'_>, scene: &Scene, block: &mut Block) {
    let mut here = scene.clone();
    here.sources.extend(block.sources.iter().cloned());
    here.formulas.extend(plain(block));
    let mut visitor = Inner { prover, scene: &here };
    for condition in &mut block.conditions {
        if mentions_query(condition) {
            *condition = rebuild::formula(condition, &mut visitor);
        }
    }
    for output in &mut block.outputs {
        *output = rebuild::term(output, &mut visitor);
    }
    for (_, source) in &mut block.sources {
        match source {
            Source::Table(_) => {}
            Source::Distinct(inside) => *inside = Rc::new(query(prover, scene, inside, Mode::Set)),
            Source::Opaque(_, inside) => *inside = Rc::new(query(prover, scene, inside, Mode::Bag)),
        }
    }
}

struct Inner<'p, 's> {
    prover: &'p Prover<'s>,
    scene: &'p Scene,
}

impl Rebuild for Inner<'_, '_> {
    fn exists(&mut self, query: &Rc<Query>) -> Formula {
        any(query.blocks.iter().map(|block| exists::simplify(self.prover, self.scene, block)))
    }

    fn aggregate(&mut self, name: &str, query: &Rc<Query>, data_type: &Type) -> Term {
        aggregate::simplify(self.prover, self.scene, name, query, data_type)
    }
}

/// Whether an output sums over a CASE.
pub fn sums_a_case(query: &Query) -> bool {
    fn sums(term: &Term) -> bool {
        match term {
            Term::Aggregate(_, query, _) => {
                query.blocks.iter().any(|block| matches!(block.outputs.first(), Some(Term::Case(..))))
            }
            Term::Call(_, parts, _) => parts.iter().any(sums),
            Term::Case(arms, otherwise, _) => arms.iter().any(|(_, value)| sums(value)) || sums(otherwise),
            _ => false,
        }
    }
    query.blocks.iter().any(|block| block.outputs.iter().any(sums))
}

/// Whether a formula has a query inside.
pub fn mentions_query(formula: &Formula) -> bool {
    match formula {
        Formula::True | Formula::False => false,
        Formula::And(parts) | Formula::Or(parts) => parts.iter().any(mentions_query),
        Formula::Fact(fact) => match fact {
            Fact::Exists(_) | Fact::Empty(_) => true,
            Fact::Equal(a, b)
            | Fact::Unequal(a, b)
            | Fact::Less(a, b)
            | Fact::AtMost(a, b)
            | Fact::Same(a, b)
            | Fact::Distinct(a, b) => term_mentions_query(a) || term_mentions_query(b),
            Fact::Null(a) | Fact::NotNull(a) | Fact::Holds(a) | Fact::Fails(a) => term_mentions_query(a),
        },
    }
}

fn term_mentions_query(term: &Term) -> bool {
    match term {
        Term::Column(..) | Term::Literal(..) => false,
        Term::Call(_, arguments, _) => arguments.iter().any(term_mentions_query),
        Term::Case(arms, otherwise, _) => {
            arms.iter().any(|(guard, value)| mentions_query(guard) || term_mentions_query(value))
                || term_mentions_query(otherwise)
        }
        Term::Truth(yes, no) => mentions_query(yes) || mentions_query(no),
        Term::Aggregate(..) => true,
    }
}

/// Drops conditions that the others entail, and branches of disjunctions that they exclude.
fn redundant(prover: &Prover<'_>, scene: &Scene, block: &mut Block) {
    let mut at = block.conditions.len();
    while at > 0 {
        at -= 1;
        let is_plain = matches!(&block.conditions[at], Formula::Fact(fact) if !matches!(fact, Fact::Exists(_) | Fact::Empty(_)));
        // A plain condition costs little where it is, unless the surroundings decide it.
        if is_plain && !mentions_query(&block.conditions[at]) {
            let vars = substitute::vars_of_formula(&block.conditions[at]);
            if !scene.sources.iter().any(|(outer, _)| vars.contains(outer)) {
                continue;
            }
        }
        let condition = block.conditions.remove(at);
        let rest = scene.with(block);
        if rest.entails(prover, &condition) {
            prover.note("a condition that the others entail is dropped");
            continue;
        }
        let condition = match condition {
            Formula::Or(parts) => any(parts.into_iter().filter(|part| {
                let mut with = rest.clone();
                with.formulas.push(part.clone());
                !with.is_impossible(prover)
            })),
            other => other,
        };
        block.conditions.insert(at, condition);
    }
}
