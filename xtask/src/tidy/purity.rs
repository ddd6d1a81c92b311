//! The inner crates know no cloud, no HTTP and no runtime, whatever stands between.

use super::workspace::Workspace;

/// A crate and what no part of it may be: names, or their beginnings where they end in `-`.
const RULES: &[(&str, &[&str])] = &[
    ("sqm-domain", &["aws-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum", "tokio"]),
    ("sqm-sql", &["aws-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum", "tokio"]),
    ("sqm-import", &["aws-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum", "tokio"]),
    (
        "sqm-runs",
        &["aws-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum", "tokio", "serde_json"],
    ),
    // DataFusion itself runs on tokio.
    ("sqm-verify", &["aws-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum"]),
    ("sqm-store", &["lambda_http", "lambda_runtime", "axum", "datafusion"]),
    ("sqm-http", &["datafusion", "rusqlite"]),
    ("sqm-analysis", &["datafusion", "rusqlite", "reqwest"]),
    ("sqm-optimization", &["reqwest", "tokio-postgres"]),
    ("sqm-queries", &["datafusion", "rusqlite", "reqwest"]),
    ("sqm-lineage", &["datafusion", "rusqlite", "reqwest"]),
    (
        "sqm-database",
        &["aws-config", "aws-sdk-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum"],
    ),
    ("sqm-reach", &["aws-config", "aws-sdk-", "lambda_http", "lambda_runtime", "reqwest", "hyper", "axum"]),
    ("sqm-ai", &["aws-config", "aws-sdk-", "lambda_http", "lambda_runtime", "axum"]),
    // The cryptography of TLS has a name like those of the cloud. It asks models, so it is an HTTP client.
    ("sqm-cli", &["aws-config", "aws-sdk-", "lambda_http", "lambda_runtime", "axum"]),
    ("xtask", &["datafusion"]),
];

/// What is wrong.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, forbidden) in RULES {
        if !workspace.members().any(|package| package.name == *name) {
            wrong.push(format!("there is no package {name}: the rule about it looks at nothing"));
        }
        for part in workspace.made_of(name) {
            let hit = forbidden
                .iter()
                .any(|rule| if rule.ends_with('-') { part.starts_with(rule) } else { part == *rule });
            if hit {
                wrong.push(format!("{name} is made of {part}"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(dependencies: &[&str]) -> Vec<String> {
        let mut packages: Vec<(&str, &[&str])> = RULES.iter().map(|(name, _)| (*name, &[][..])).collect();
        packages.push(("between", dependencies));
        packages[1].1 = &["between"];
        check(&Workspace::of(&packages))
    }

    #[test]
    fn what_stands_between_hides_nothing() {
        assert_eq!(with(&["serde"]), [""; 0]);
        assert_eq!(with(&["aws-config"]), ["sqm-sql is made of aws-config"]);
        assert_eq!(with(&["tokio"]), ["sqm-sql is made of tokio"]);
    }

    #[test]
    fn a_rule_about_nothing_is_told() {
        assert_eq!(check(&Workspace::of(&[])).len(), RULES.len());
    }
}
