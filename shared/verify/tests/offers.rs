//! What the rewrites propose for the examples in their documentation, held against the verifier.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::rewrites;
use sqm_verify::offer::{Options, optimize};

/// Proposals that are refuted although they are right, by the text that the query holds, and why.
const REFUTED_BY_MISTAKE: &[(&str, &str)] =
    &[("TO_CHAR(sold_at, 'YYYY-MM')", "the engine reads the format as another one")];

/// A query of the shared corpora, and the schema that it is about.
#[derive(Deserialize)]
struct Case {
    id: String,
    schema_ref: String,
    q1: String,
}

/// What the rewrites propose for queries that others wrote: nothing of it is wrong. Takes minutes, so it
/// runs when asked for; `SQM_CORPORA` names the files, without their endings.
#[test]
#[ignore = "takes minutes"]
fn nothing_is_refuted_on_the_corpora() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/equivalence");
    let files = std::env::var("SQM_CORPORA").unwrap_or_else(|_| "sqlglot_tpch,sqlsolver_calcite".to_owned());
    let options = Options { measure: false, ..Options::default() };
    let mut verdicts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let (mut wrong, mut reasons) = (Vec::new(), BTreeMap::<String, usize>::new());
    for file in files.split(',') {
        let Ok(text) = std::fs::read_to_string(folder.join(format!("{file}.jsonl"))) else {
            println!("skipped: there is no {file} under ../shared/corpora");
            continue;
        };
        for case in text.lines().map(|line| serde_json::from_str::<Case>(line).unwrap()) {
            let schema = folder.join("schemas").join(format!("{}.json", case.schema_ref));
            let (catalog, _) = Catalog::from_json(&std::fs::read_to_string(schema).unwrap()).unwrap();
            let found = optimize(&case.q1, Dialect::Postgres, &catalog, &options);
            for offer in found.rewrites.iter().chain(&found.refuted) {
                *verdicts.entry((offer.origin.clone(), offer.verdict)).or_default() += 1;
                if offer.verdict == "unknown" {
                    *reasons.entry(offer.reason.chars().take(90).collect()).or_default() += 1;
                }
            }
            for offer in found.refuted {
                wrong.push(format!(
                    "{}\n{}\nby {}: {}\n{}",
                    case.id, case.q1, offer.origin, offer.reason, offer.sql
                ));
            }
        }
    }
    println!("{verdicts:#?}\nunknown: {reasons:#?}");
    assert!(wrong.is_empty(), "{} refuted\n{}", wrong.len(), wrong.join("\n\n"));
}

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
            if !REFUTED_BY_MISTAKE.iter().any(|(text, _)| example.sql.contains(text)) {
                wrong.push(format!("{}\nby {}: {}\n{}", example.sql, offer.origin, offer.reason, offer.sql));
            }
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
