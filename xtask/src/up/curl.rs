//! The three requests of the main job, as one types them.

use serde_json::json;
use sqm_local::sample::{CATALOG, SampleQuery};

use crate::shell::quoted;

/// Store, lineage, optimizations. `token` is the file with the token.
pub fn lines(base_url: &str, token: &str, query: &SampleQuery, id: &str) -> [String; 3] {
    let authorization = format!("-H \"Authorization: Bearer $(cat {})\"", quoted(token));
    let body = json!({
        "title": query.title,
        "dialect": query.dialect,
        "catalog": CATALOG,
        "sql": query.sql,
    });
    [
        format!(
            "curl -sS {base_url}/v1/queries {authorization} -H 'Content-Type: application/json' -d {}",
            quoted(&body.to_string())
        ),
        format!("curl -sS '{base_url}/v1/queries/{id}/lineage?format=text' {authorization}"),
        format!("curl -sS -X POST {base_url}/v1/queries/{id}/optimizations {authorization}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What curl would be called with.
    fn words(line: &str, folder: &std::path::Path) -> Vec<String> {
        let script = line.replacen("curl", "printf '%s\\n'", 1);
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_passes_on_what_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "abc").unwrap();
        let query = SampleQuery {
            file: "f".into(),
            title: "It's one".into(),
            description: String::new(),
            tags: vec![],
            owner: "o".into(),
            dialect: "postgres".into(),
            sql: "SELECT '$x'\nFROM t".into(),
        };
        let [store, lineage, optimize] = lines("http://127.0.0.1:8080", "token", &query, "7");
        let said = words(&store, folder.path());
        assert_eq!(said[1], "http://127.0.0.1:8080/v1/queries");
        assert_eq!(said[3], "Authorization: Bearer abc");
        let body: serde_json::Value = serde_json::from_str(said.last().unwrap()).unwrap();
        assert_eq!((&body["title"], &body["sql"]), (&json!("It's one"), &json!("SELECT '$x'\nFROM t")));
        assert_eq!(
            words(&lineage, folder.path())[1],
            "http://127.0.0.1:8080/v1/queries/7/lineage?format=text"
        );
        assert_eq!(words(&optimize, folder.path())[3], "http://127.0.0.1:8080/v1/queries/7/optimizations");
    }
}
