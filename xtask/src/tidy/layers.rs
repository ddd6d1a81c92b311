//! Arrows between our crates point down: to a line above in `[workspace.dependencies]`. Functions know
//! nothing of each other, and a package that is in no line is used by nobody.

use super::workspace::Workspace;

/// What is wrong.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let height = |name: &str| workspace.order.iter().position(|other| other == name);
    let mut wrong = Vec::new();
    for package in workspace.members() {
        for dependency in &package.dependencies {
            let Some(other) = workspace.packages.get(dependency) else { continue };
            if !workspace.members.contains(dependency) {
                continue;
            }
            let (from, to) = (&package.name, &other.name);
            match (height(from), height(to)) {
                (_, None) => wrong.push(format!("{from} depends on {to}, which Cargo.toml does not list")),
                (Some(above), Some(below)) if below >= above => {
                    wrong.push(format!("{from} depends on {to}, which Cargo.toml lists below it"));
                }
                _ => {}
            }
            if package.folder.contains("/functions/") && other.folder.contains("/functions/") {
                wrong.push(format!("the function {from} depends on the function {to}"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_down_are_right() {
        assert_eq!(check(&Workspace::of(&[("domain", &[]), ("sql", &["domain", "serde"])])), [""; 0]);
    }

    #[test]
    fn arrows_up_are_wrong() {
        let workspace = Workspace::of(&[("sql", &["domain"]), ("domain", &[])]);
        assert_eq!(check(&workspace), ["sql depends on domain, which Cargo.toml lists below it"]);
    }

    #[test]
    fn nobody_uses_a_tool() {
        let mut workspace = Workspace::of(&[("xtask", &[]), ("sql", &["xtask"])]);
        workspace.order.retain(|name| name != "xtask");
        assert_eq!(check(&workspace), ["sql depends on xtask, which Cargo.toml does not list"]);
    }

    #[test]
    fn functions_know_nothing_of_each_other() {
        let mut workspace = Workspace::of(&[("one", &[]), ("two", &["one"])]);
        for package in workspace.packages.values_mut() {
            package.folder = format!("/r/functions/{}", package.name);
        }
        assert_eq!(check(&workspace), ["the function two depends on the function one"]);
    }
}
