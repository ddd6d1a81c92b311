//! The steps, in their order: what fails soonest and most often comes first.

use sqm_local::Tool;

use crate::shell::quoted;

/// A step.
pub struct Step {
    /// How one names it.
    pub name: &'static str,
    /// What it does.
    pub title: &'static str,
    /// How it is done.
    pub work: Work,
}

/// How a step is done.
pub enum Work {
    /// The programs are installed that later steps use.
    Install,
    /// The rules of the house are checked.
    Tidy,
    /// Cargo does it.
    Cargo {
        /// What cargo is told.
        arguments: &'static [&'static str],
        /// What its environment has besides.
        environment: &'static [(&'static str, &'static str)],
    },
    /// A program does it that is installed when it is needed.
    Program {
        /// Which.
        tool: Tool,
        /// What it is told.
        arguments: &'static [&'static str],
    },
    /// The product is run, on a port and with data of its own.
    Up,
}

/// All of them.
pub fn all() -> Vec<Step> {
    let cargo =
        |name, title, arguments| Step { name, title, work: Work::Cargo { arguments, environment: &[] } };
    vec![
        cargo("format", "all code is formatted", &["fmt", "--all", "--check"]),
        Step { name: "tidy", title: "the rules of the house are kept", work: Work::Tidy },
        Step { name: "install", title: "the programs that tests use are there", work: Work::Install },
        Step {
            name: "deny",
            title: "licences, bans and sources of what we depend on",
            work: Work::Program {
                tool: Tool::CargoDeny,
                arguments: &["check", "licenses", "bans", "sources"],
            },
        },
        cargo(
            "clippy",
            "no warning of the compiler or of clippy",
            &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        ),
        Step {
            name: "doc",
            title: "the documentation builds without a warning",
            work: Work::Cargo {
                arguments: &["doc", "--workspace", "--no-deps", "--document-private-items"],
                environment: &[("RUSTDOCFLAGS", "-D warnings")],
            },
        },
        cargo("build", "everything that is tested builds", &["test", "--workspace", "--no-run"]),
        cargo("test", "all tests", &["test", "--workspace", "--no-fail-fast"]),
        Step { name: "up", title: "the product does its main job", work: Work::Up },
    ]
}

impl Step {
    /// The command that repeats it.
    pub fn repeat(&self) -> String {
        match &self.work {
            Work::Install | Work::Program { .. } => format!("cargo xtask test --only {}", self.name),
            Work::Tidy => "cargo xtask tidy".to_owned(),
            Work::Up => "cargo xtask up --once".to_owned(),
            Work::Cargo { arguments, environment } => {
                let variables = environment.iter().map(|(name, value)| format!("{name}={} ", quoted(value)));
                let words: Vec<_> = arguments.iter().map(|word| quoted(word)).collect();
                format!("{}cargo {}", variables.collect::<String>(), words.join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_can_be_repeated_by_one_line() {
        let steps = all();
        let repeat = |name| steps.iter().find(|step| step.name == name).unwrap().repeat();
        assert_eq!(repeat("format"), "cargo fmt --all --check");
        assert_eq!(
            repeat("doc"),
            "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items"
        );
        assert_eq!(repeat("deny"), "cargo xtask test --only deny");
    }
}
