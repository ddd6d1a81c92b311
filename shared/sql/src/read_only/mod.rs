//! Whether a text is one query of PostgreSQL that reads and does nothing else, so that it may be run on
//! somebody's database. What is not known to be harmless is taken for harmful.
//!
//! Of what the database makes of the text (views, functions of the same name) nothing is known here.

mod harmless;
mod walk;

use std::collections::BTreeSet;

use sqm_domain::{Dialect, SqlText};

use crate::guard::{self, GuardError};
use crate::parse::{Script, Tree};
use crate::text::Position;

pub use harmless::is_harmless;

/// A query that reads: one SELECT, VALUES or set operation over them, that locks no rows, makes no table,
/// changes no data inside of WITH, and calls functions alone that read nothing, wait for nothing and leave
/// nothing behind. [`ReadOnly::prove`] alone makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnly {
    sql: SqlText,
    functions: BTreeSet<String>,
    relations: BTreeSet<Vec<String>>,
    leaves_a_choice: bool,
}

/// Why a text may not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReadOnly {
    /// Too long, or the look at it broke off.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// None, or several.
    #[error("it holds {0} statements, and only one is run")]
    NotOne(usize),
    /// A statement that is not understood as it is written.
    #[error("the statement is not understood as it is written")]
    NotUnderstood,
    /// A statement that is no query.
    #[error("the statement is no query")]
    NotAQuery,
    /// A clause that does more than read.
    #[error("{0} does more than read")]
    Clause(&'static str),
    /// A function that is not known to be harmless.
    #[error("the function {name}{} is not known to be harmless", at.map(|at| format!(" at {at}")).unwrap_or_default())]
    Function {
        /// Its name as written.
        name: String,
        /// Where it stands.
        at: Option<Position>,
    },
}

impl ReadOnly {
    /// Looks at a text in PostgreSQL's dialect.
    ///
    /// # Errors
    /// What keeps it from being run.
    pub fn prove(sql: &str) -> Result<Self, NotReadOnly> {
        guard::with_script(sql, Dialect::Postgres, prove_script)?
    }

    /// The statement, without what stands around it.
    pub fn sql(&self) -> &str {
        self.sql.as_str()
    }

    /// The names of the functions that it calls, in lower case. They are harmless as long as they are
    /// those of the database itself.
    pub fn functions(&self) -> &BTreeSet<String> {
        &self.functions
    }

    /// The names of the relations that it reads, in parts, as PostgreSQL folds them; those of its own WITH as well.
    pub fn relations(&self) -> &BTreeSet<Vec<String>> {
        &self.relations
    }

    /// Whether some of what it returns may differ from run to run: it takes a part of the rows, or depends
    /// on their order.
    pub fn leaves_a_choice(&self) -> bool {
        self.leaves_a_choice
    }
}

fn prove_script(script: &Script<'_>) -> Result<ReadOnly, NotReadOnly> {
    let [statement] = script.statements.as_slice() else {
        return Err(NotReadOnly::NotOne(script.statements.len()));
    };
    if script.is_procedural || !statement.mends.is_empty() || statement.grammar != script.grammar {
        return Err(NotReadOnly::NotUnderstood);
    }
    let tree = match &statement.tree {
        Ok(Tree::Sql(tree)) => tree,
        Ok(Tree::Command(_)) => return Err(NotReadOnly::NotAQuery),
        Err(_) => return Err(NotReadOnly::NotUnderstood),
    };
    let walked = walk::walk(tree)?;
    let sql =
        SqlText::try_from(script.text_of(statement).to_owned()).map_err(|_| NotReadOnly::NotUnderstood)?;
    let walk::Walked { functions, relations, leaves_a_choice } = walked;
    Ok(ReadOnly { sql, functions, relations, leaves_a_choice })
}

#[cfg(test)]
mod tests;
