//! What people write in each dialect: every statement of `dialects/<name>.sql` has a tree.
//!
//! Scripts are separated by empty lines. `SQM_SHOW=1` prints what fails.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::Path;

use sqm_sql::guard;

#[test]
fn every_statement_has_a_tree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialects");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    for file in files {
        let dialect = file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        for sql in text.split("\n\n").map(str::trim).filter(|sql| !sql.is_empty()) {
            let bad = guard::with_script(sql, dialect, |script| {
                if script.statements.is_empty() {
                    return vec![format!("[{dialect}] no statement: {sql}")];
                }
                let bad = script.statements.iter().filter_map(|statement| {
                    let error = statement.tree.as_ref().err()?;
                    Some(format!("[{dialect}] {error}: {}", script.text_of(statement)))
                });
                bad.collect::<Vec<_>>()
            });
            failures.extend(bad.unwrap());
        }
    }
    println!("{}", failures.join("\n"));
    assert!(failures.len() <= 29, "{} statements have no tree", failures.len());
}
