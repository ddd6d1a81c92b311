//! The queries of the sample workspace, changed as people get them wrong: no change is taken for none that
//! can be seen, and most are refuted.

#[path = "../examples/mutants/operators/mod.rs"]
mod operators;
#[path = "../examples/witness/mod.rs"]
mod witness;
#[path = "../examples/mutants/workspace.rs"]
mod workspace;

use std::collections::BTreeMap;
use std::time::Duration;

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard;
use sqm_verify::{Options, verify};
use witness::{Found, examine};
use workspace::Item;

/// Of a hundred mutants that are compared so many are refuted at least. The others include those that are
/// the same query.
const REFUTED_OF_HUNDRED: usize = 70;

#[test]
fn mutants_of_the_sample_workspace_are_refuted() {
    let (schema, queries) = workspace::sample().expect("the sample workspace is there");
    let (catalog, _) = Catalog::from_ddl(&schema, Dialect::Postgres).expect("its schema is read");
    let options = Options { time: Duration::from_millis(500), ..Options::default() };
    let mut unchecked = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, sql) in queries {
        let dialect = workspace::named_dialect(&sql);
        let item = Item { name, sql, dialect, catalog: &catalog };
        let Some((original, mutants)) = workspace::mutants(&item, 1, 1) else { continue };
        for (operator, mutant) in mutants {
            let found = verify(&original, &mutant, dialect, &catalog, &options);
            let verdict = found.verdict.name();
            *counts.entry(verdict).or_default() += 1;
            if verdict == "proved" {
                let again = guard::on_large_stack(|| examine(&original, &mutant, dialect, &catalog, 99, 60));
                match again.expect("the stack is large enough") {
                    Found::Contradiction(how) => panic!(
                        "{operator} of {} is proved, and is another query:\n{original}\n{mutant}\n{how}",
                        item.name
                    ),
                    Found::Unproved(reason) => unchecked.push(reason),
                    Found::Proved | Found::Nothing => {}
                }
            }
        }
    }
    // The time for a proof may be over when it is looked for again, on a busy machine.
    assert!(unchecked.len() < 5, "what was proved is not proved again: {unchecked:?}");
    let count = |verdict: &str| counts.get(verdict).copied().unwrap_or(0);
    let compared = count("refuted") + count("tested") + count("proved");
    assert!(compared > 100, "too few mutants are compared: {counts:?}");
    assert!(count("refuted") * 100 >= compared * REFUTED_OF_HUNDRED, "{counts:?}");
}
