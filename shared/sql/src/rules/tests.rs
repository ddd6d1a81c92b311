//! What holds for every rule: its documentation is true, its page is up to date, its code is its own.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn catalog(ddl: &str) -> Catalog {
    let (catalog, problems) = Catalog::from_ddl(ddl, Dialect::Postgres).unwrap();
    assert!(problems.is_empty(), "{ddl}: {problems:?}");
    catalog
}

#[test]
fn every_example_says_what_it_shows() {
    let mut wrong = Vec::new();
    for doc in docs() {
        let code = doc.meta.code;
        let examples = doc.examples().unwrap();
        let bad = examples.iter().filter(|example| example.expects.iter().any(|of| of == code)).count();
        let good = examples.iter().filter(|example| example.expects.is_empty()).count();
        if bad == 0 || good == 0 {
            wrong.push(format!("{code}: {bad} bad and {good} good examples"));
        }
        for example in examples {
            let found = lint(&example.sql, example.dialect, &catalog(&example.schema), &Config::default());
            let codes: BTreeSet<_> = found.iter().map(|finding| finding.code.to_owned()).collect();
            if codes != example.expects.iter().cloned().collect() {
                let found: Vec<_> = found.iter().map(|f| format!("  {} {}", f.code, f.message)).collect();
                let found = found.join("\n");
                wrong.push(format!(
                    "{code}: {}\n  expects {:?}, found\n{found}",
                    example.sql, example.expects
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documentation_has_its_sections() {
    for doc in docs() {
        for section in ["## What it does", "## Why", "## Bad", "## Good", "## Limits"] {
            assert!(doc.text.contains(section), "{}: {section}", doc.meta.code);
        }
        assert!(doc.summary().ends_with('.'), "{}: {}", doc.meta.code, doc.summary());
    }
}

#[test]
fn codes_and_names_are_their_own() {
    let mut codes = Vec::new();
    let mut names = BTreeSet::new();
    for meta in all() {
        let digits = meta.code.strip_prefix("SQM").unwrap();
        assert!(digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{}", meta.code);
        let hundred = match meta.group {
            Group::Correctness => '0',
            Group::Performance => '1',
            Group::Safety => '2',
            Group::Cost => '3',
            Group::Clarity => '4',
            Group::Design => '5',
        };
        assert!(digits.starts_with(hundred), "{} is not of the group {}", meta.code, meta.group.name());
        assert!(names.insert(meta.name), "{} occurs twice", meta.name);
        codes.push(meta.code);
    }
    assert!(codes.is_sorted_by(|a, b| a < b), "the list of rules is not in the order of codes: {codes:?}");
}

/// `SQM_BLESS=1` writes the pages anew.
#[test]
fn pages_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    let bless = std::env::var_os("SQM_BLESS").is_some();
    if bless {
        std::fs::create_dir_all(&folder).unwrap();
    }
    for (name, content) in pages() {
        let file = folder.join(&name);
        if bless {
            std::fs::write(&file, &content).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(written == content, "docs/rules/{name} is out of date: run this test with SQM_BLESS=1");
    }
}

fn check(sql: &str, config: &Config, expected: &[&str]) {
    let found = lint(sql, Dialect::Postgres, &Catalog::default(), config);
    let lines = |finding: &Finding| format!("{} {}", finding.span.start.line, finding.code);
    assert_eq!(found.iter().map(lines).collect::<Vec<_>>(), expected, "{sql}");
}

#[test]
fn comments_silence_a_line_a_rule_or_the_text() {
    let config = Config { only: vec!["SQM001".into()], ..Config::default() };
    let query = "select a\nfrom t\nwhere a = null";
    check(query, &config, &["3 SQM001"]);
    check(&format!("{query} -- sqm:ignore"), &config, &[]);
    check(&format!("{query} -- sqm:ignore SQM001"), &config, &[]);
    check(&format!("{query} /* sqm:ignore equals-null: it is generated */"), &config, &[]);
    check(&format!("{query} -- sqm:ignore SQM002"), &config, &["3 SQM001"]);
    check("select a from t\n-- sqm:ignore SQM001\nwhere a = null", &config, &[]);
    check("-- sqm:ignore SQM001\nselect a\nfrom t where a = null", &config, &["3 SQM001"]);
    check(&format!("-- sqm:ignore-file SQM001\n{query}"), &config, &[]);
    check(&format!("-- sqm:ignore-file SQM002\n{query}"), &config, &["4 SQM001"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    check("selekt 1;\nselect 2", &Config::default(), &["1 SQM000"]);
    check(&" ".repeat(3 << 20), &Config::default(), &["1 SQM000"]);
    check("selekt 1", &Config { ignore: vec!["SQM000".into()], ..Config::default() }, &[]);
}

#[test]
fn a_rule_repeats_itself_only_so_often() {
    let sql = format!("select a from t where {}", vec!["a = null"; 1000].join(" or "));
    let config = Config { only: vec!["SQM001".into()], ..Config::default() };
    let found = lint(&sql, Dialect::Postgres, &Catalog::default(), &config);
    assert_eq!(found.len(), crate::lint::MOST_PER_RULE);
}

#[test]
fn thousands_of_subqueries_take_the_time_of_their_number() {
    let catalog = catalog("CREATE TABLE t (a INT, c INT); CREATE TABLE u (a INT, b INT, d INT)");
    let of = |item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..3_000).map(item).collect();
        format!("SELECT {} FROM t", items.join(", "))
    };
    let start = std::time::Instant::now();
    for sql in [
        of(&|at| format!("(SELECT MAX(x{at}.a) FROM u x{at} WHERE x{at}.b = t.c) AS c{at}")),
        of(&|at| format!("(SELECT a FROM u) + {at} AS c{at}")),
    ] {
        lint(&sql, Dialect::Postgres, &catalog, &Config::default());
    }
    // Some 40 seconds where each of them walks all others.
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
}

/// As long as a statement may be, and as deep as the grammar makes it.
#[test]
fn long_chains_are_walked() {
    let chain = |piece: &str, by: &str, bytes: usize| vec![piece; bytes / (piece.len() + by.len())].join(by);
    let most = 255 * 1024;
    for sql in [
        format!("select {}", chain("1", "+", most)),
        format!("select a from t where {}", chain("a = 1", " or ", most)),
        format!("select a from t where {}", chain("a = null", " and ", most)),
        format!("select a from t where {}", chain("a || b", " || ", most)),
        chain("select a from t", " union all ", most),
        chain("select a from t", " union ", most),
        format!("select a from t where a in ({})", chain("1", ",", most)),
        format!("select a from {}", chain("t", " natural join ", most)),
        format!("select a from {}", chain("t", ",", most)),
        format!("select {} from t", chain("a", ",", most)),
        format!("select a from t group by {}", chain("a", ",", most)),
        format!("select a{} from t", "::int".repeat(most / 5)),
        format!("select case {} end from t", chain("when a = 1 then 2", " ", most)),
        format!("with {} select 1", chain("a as (select 1)", ",", most)),
    ] {
        let start = std::time::Instant::now();
        let found = lint(&sql, Dialect::Postgres, &Catalog::default(), &Config::default());
        println!("{:?} {}", start.elapsed(), &sql[..60]);
        assert!(
            found
                .iter()
                .all(|finding| finding.code != "SQM000" || finding.message.contains("could not be read")),
            "{}: {:?}",
            &sql[..40],
            found.first()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the text: an answer, sorted, the same twice, with places inside the text.
    #[test]
    fn lint_is_total(words in proptest::collection::vec(
        prop_oneof![
            Just("select"), Just("from"), Just("t"), Just("u"), Just("a"), Just("*"), Just("where"), Just("="),
            Just("null"), Just("("), Just(")"), Just("in"), Just("not"), Just("and"), Just("or"), Just("join"),
            Just("on"), Just("left"), Just("1"), Just("'x%'"), Just("like"), Just("group by"), Just("order by"),
            Just("limit"), Just("case when"), Just("then"), Just("end"), Just("count"), Just(","), Just("union"),
            Just("with"), Just("as"), Just("exists"), Just("between"), Just("é"), Just("\n"), Just("distinct"),
        ], 0..25)) {
        let sql = words.join(" ");
        let found = lint(&sql, Dialect::Generic, &Catalog::default(), &Config::default());
        prop_assert_eq!(&found, &lint(&sql, Dialect::Generic, &Catalog::default(), &Config::default()));
        prop_assert!(found.is_sorted_by(|a, b| a.span <= b.span));
        for finding in found {
            prop_assert!(finding.span.start <= finding.span.end, "{} {:?}", sql, finding);
        }
    }
}
