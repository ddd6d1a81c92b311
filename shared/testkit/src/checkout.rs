//! Where things lie: the checkout that the test was built from, and the data beside it.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The root of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// A file of the corpora beside the checkout, one JSON value a line. Where it does not exist this says so
/// and gives nothing: the test that needs it has nothing to do.
pub fn corpus(file: &str) -> Option<Vec<Value>> {
    let text = corpus_text(file)?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The text of a file of the corpora beside the checkout; see [`corpus`].
pub fn corpus_text(file: &str) -> Option<String> {
    let path = root().join("../shared/corpora").join(file);
    if !path.is_file() {
        skipped(&format!("{} does not exist", path.display()));
        return None;
    }
    Some(std::fs::read_to_string(&path).unwrap())
}

/// Says, on standard output, that a test does nothing.
#[allow(clippy::print_stdout)] // This is where a person looks for it.
pub fn skipped(why: &str) {
    println!("skipped: {why}");
}
