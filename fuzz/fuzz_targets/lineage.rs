//! Split, parse, resolve, trace: whatever the text, there is an answer.
//!
//! The first byte chooses the dialect; the rest is the text, with a catalog if the byte is odd. A panic behind
//! the guard becomes an answer that says so, so it is looked for here.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::guard::{self, GuardError};
use sqm_sql::lineage::{Options, trace_script};

static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| Dialect::all().collect());

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let ddl = "CREATE TABLE t (a INT, b TEXT); CREATE TABLE u (a INT, c INT); CREATE VIEW v AS SELECT a FROM t";
    Catalog::from_ddl(ddl, Dialect::Postgres).expect("the catalog is read").0
});

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else { return };
    let dialect = DIALECTS[usize::from(choice / 2) % DIALECTS.len()];
    let nothing = Catalog::default();
    let catalog = if choice % 2 == 1 { &*CATALOG } else { &nothing };
    let text = String::from_utf8_lossy(text);
    let traced = guard::with_script(&text, dialect, |script| {
        let lineage = trace_script(script, catalog, &Options::default());
        // What is read has a place in the text.
        for statement in &lineage.statements {
            assert!(statement.span.start <= statement.span.end, "{statement:?}");
        }
    });
    assert!(!matches!(traced, Err(GuardError::Panicked(_))), "{traced:?}");
});
