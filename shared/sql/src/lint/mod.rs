//! The machinery under the rules: the walk, places in the text, findings, configuration, suppression.
//!
//! It knows no rule; `crate::rules` lists them and puts both together.

mod children;
mod config;
pub mod docs;
mod finding;
pub mod known;
mod place;
mod rule;
mod run;
pub mod shape;
mod suppress;
pub mod walk;

pub use config::{Config, Level};
pub use finding::{Edit, Finding, Fix, Severity};
pub use place::Places;
pub use rule::{Findings, Group, MOST_PER_RULE, Meta, Node, On, Rule, RuleContext};
pub use run::NOT_CHECKED;
pub(crate) use run::{Entry, run};
pub use walk::{Clause, Role, Site};
