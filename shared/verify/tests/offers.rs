//! What the rewrites propose for the examples in their documentation, held against the verifier.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::rewrites;
use sqm_verify::offer::{Options, optimize};

/// Nothing that any rewrite proposes for any example is wrong, whether or not it is what the example
/// shows; and of what each rewrite's examples show, something is confirmed.
#[test]
fn every_rewrite_is_confirmed() {
    let options = Options { measure: false, time: Duration::from_secs(60), ..Options::default() };
    let mut wrong = Vec::new();
    let (mut shown, mut confirmed) = (BTreeSet::new(), BTreeSet::new());
    let mut unknown: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let (mut judged, mut open) = (0, 0);
    for example in rewrites::examples() {
        let (catalog, _) = Catalog::from_ddl(&example.tables, Dialect::Postgres).unwrap();
        let found = optimize(&example.sql, example.dialect, &catalog, &options);
        for offer in &found.refuted {
            wrong.push(format!("{}\nby {}: {}\n{}", example.sql, offer.origin, offer.reason, offer.sql));
        }
        for offer in &found.rewrites {
            match offer.verdict {
                "unknown" => open += 1,
                _ => judged += 1,
            }
        }
        let Some(wanted) = &example.becomes else { continue };
        shown.insert(example.rewrite);
        match found.rewrites.iter().find(|offer| offer.sql == *wanted) {
            Some(offer) if offer.verdict != "unknown" => {
                confirmed.insert(example.rewrite);
            }
            Some(offer) => {
                unknown.entry(example.rewrite).or_default().insert(offer.reason.clone());
            }
            None => {}
        }
    }
    println!("{judged} offers confirmed, {open} not judged, {} refuted", wrong.len());
    println!("not judged: {unknown:#?}");
    for name in shown.difference(&confirmed) {
        wrong.push(format!("{name}: none of its examples is confirmed: {:?}", unknown.get(name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_text_over_the_limits_is_said_to_be_so() {
    let long = " ".repeat(sqm_domain::limits::MAX_SCRIPT_BYTES + 1);
    let found = optimize(&long, Dialect::Postgres, &Catalog::default(), &Options::default());
    assert!(found.rewrites.is_empty());
    assert!(found.notes[0].starts_with("no rewrite was sought: the script has"), "{:?}", found.notes);
    assert_eq!(found.findings[0].name, "not-checked");
}
