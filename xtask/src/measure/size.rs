//! How large a program is, and how large without what only a debugger reads.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// As it was built.
    pub built: u64,
    /// Stripped; none where this machine has no `strip`.
    pub stripped: Option<u64>,
}

/// The sizes of a program.
pub fn of(program: &Path) -> Result<Size> {
    let length = |path: &Path| std::fs::metadata(path).map(|file| file.len());
    let built = length(program).with_context(|| format!("reading {}", program.display()))?;
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("stripped");
    let stripped = Command::new("strip").arg("-o").arg(&copy).arg(program).status();
    let stripped = stripped.is_ok_and(|status| status.success()).then(|| length(&copy).ok()).flatten();
    Ok(Size { built, stripped })
}
