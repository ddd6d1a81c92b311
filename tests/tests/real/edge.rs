//! The edge: its function gives each token of a table the answer that the origin gives it, and the template has the
//! function and the routes as they stand in the code.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use sqm_http::auth::KeySource;
use sqm_http::caching::{RULES, Rule};
use sqm_testkit::{Calls, TestApp, checkout};
use tokio::process::Command;

use crate::template::{of_type, translated};

/// Longest time of a function of CloudFront's, in milliseconds.
const MOST_MS: f64 = 1.0;

/// Most bytes of a function of CloudFront's.
const MOST_BYTES: usize = 10 * 1024;

fn table() -> Value {
    let file = checkout::root().join("infra/edge/tokens.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The `Authorization` of a row; none where it has none.
fn authorization(table: &Value, row: &Value) -> Option<String> {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    if row.get("authorization").is_some() {
        return text("authorization");
    }
    let scheme = text("scheme").unwrap_or_else(|| "Bearer ".to_owned());
    if let Some(token) = text("token") {
        return Some(scheme + &token);
    }
    let encoded = |name: &str| URL_SAFE_NO_PAD.encode(text(name).unwrap());
    let message = format!("{}.{}", encoded("header"), encoded("claims"));
    let key = EncodingKey::from_secret(table["keys"][text("key").unwrap()].as_str().unwrap().as_bytes());
    let signed = text("message").unwrap_or_else(|| message.clone());
    let mut signature = crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    if let Some(cut) = row["cut"].as_u64() {
        signature.truncate(cut.try_into().unwrap());
    }
    Some(format!("{scheme}{message}.{signature}"))
}

/// What the edge says, a value a line.
async fn of_edge() -> Vec<Value> {
    let mut command = Command::new("node");
    command.arg("infra/edge/check.mjs").current_dir(checkout::root());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn each_token_gets_the_same_answer_at_the_edge_and_at_the_origin() {
    let table = table();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let keys = &table["keys"];
    let text = format!("{}\n{}\n", keys["current"].as_str().unwrap(), keys["previous"].as_str().unwrap());
    std::fs::write(&file, text).unwrap();
    let app = TestApp::builder().key_source(KeySource::File(file)).start().await;
    assert_eq!(table["now"], app.clock.seconds(), "the origin's clock is that of the table");

    let rows = table["rows"].as_array().unwrap();
    let edge = of_edge().await;
    let mut tenants: BTreeMap<String, String> = BTreeMap::new();
    for (row, edge) in rows.iter().zip(&edge) {
        let name = row["name"].as_str().unwrap();
        assert_eq!(edge["name"], name);
        let authorization = authorization(&table, row);
        // What no header can hold never arrives anywhere.
        let arrives = !authorization.as_ref().is_some_and(|value| value.contains('\0'));
        let anonymous = app.anonymous();
        let mut call = anonymous.get("/v1/queries");
        for value in authorization.iter().filter(|_| arrives) {
            for _ in 0..if row["twice"] == true { 2 } else { 1 } {
                call = call.header("authorization", value);
            }
        }
        let origin = call.send().await;
        let expected = &row["expect"];
        let Some(refused) = expected["refused"].as_str() else {
            assert!([200, 403].contains(&origin.status.as_u16()), "{name}: {origin:?}");
            let tenant = edge["tenant"].as_str().unwrap_or_else(|| panic!("{name}: {edge}"));
            let workspace = expected["workspace"].as_str().unwrap();
            assert_eq!(tenant.split_once('.').unwrap().0, workspace, "{name}");
            // The same workspace and scopes are one tenant, and everything else is another one.
            let known = tenants.entry(expected.to_string()).or_insert_with(|| tenant.to_owned());
            assert_eq!(known, tenant, "{name}");
            continue;
        };
        assert_eq!((edge["status"].as_u64(), origin.status.as_u16()), (Some(401), 401), "{name}");
        let (mut said, mut document) = (edge["document"].clone(), origin.json());
        assert_eq!(said["detail"], refused, "{name}");
        if !arrives {
            continue;
        }
        for document in [&mut said, &mut document] {
            document.as_object_mut().unwrap().remove("request_id").unwrap();
        }
        assert_eq!(said, document, "{name}");
        for header in ["www-authenticate", "content-type", "cache-control"] {
            assert_eq!(edge["headers"][header], origin.header(header), "{name}: {header}");
        }
    }
    let different: std::collections::BTreeSet<&String> = tenants.values().collect();
    assert_eq!(different.len(), tenants.len());

    let mut rest = edge[rows.len()..].to_vec();
    let took = rest.remove(5);
    assert!(took["milliseconds"].as_f64().is_some_and(|took| took < MOST_MS), "{took}");
    let expected = [
        json!({ "uri": "/v1/health", "status": null, "tenant": "open" }),
        json!({ "uri": "/v1/openapi.yaml", "status": null, "tenant": "open" }),
        json!({ "uri": "/v1/health/", "status": 401, "tenant": null }),
        json!({ "uri": "/V1/health", "status": 401, "tenant": null }),
        json!({ "uri": "/v1/openapi.yaml/../queries", "status": 401, "tenant": null }),
        json!({ "store": null, "status": 503 }),
        json!({ "store": "no JSON", "status": 503 }),
        json!({ "store": "{}", "status": 503 }),
    ];
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn the_template_has_the_function_as_it_stands() {
    let path = checkout::root().join("infra/template.yaml");
    let function = std::fs::read_to_string(checkout::root().join("infra/edge/viewer-request.js")).unwrap();
    assert!(function.is_ascii() && function.len() <= MOST_BYTES, "{} bytes", function.len());
    // What CloudFront's runtime 2.0 does not know and Node does.
    let code = function.lines().filter(|line| !line.trim_start().starts_with("//"));
    for line in code {
        for newer in
            ["?.", "??", "...", "class ", ".at(", "replaceAll", "matchAll", "Object.entries", "Array.from"]
        {
            assert!(!line.contains(newer), "{newer} in {line}");
        }
    }
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("        {line}\n") };
    let block: String = function.lines().map(indented).collect();
    let template = std::fs::read_to_string(&path).unwrap();
    let begin = template.find("      FunctionCode: |\n").unwrap() + "      FunctionCode: |\n".len();
    let rest = &template[begin..];
    let is_of_block = |line: &&str| line.starts_with("        ") || line.trim().is_empty();
    let length: usize = rest.split_inclusive('\n').take_while(is_of_block).map(str::len).sum();
    let there = rest[..length].trim_end();
    if std::env::var_os("SQM_BLESS").is_some() && there != block.trim_end() {
        let whole = [&template[..begin], block.trim_end(), "\n\n", &rest[length..]].concat();
        std::fs::write(&path, whole).unwrap();
        return;
    }
    assert_eq!(there, block.trim_end(), "SQM_BLESS=1 writes it into the template");
}

/// Whether a pattern of CloudFront's matches: `*` stands for any characters, slashes included.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(after, &rest[at..]))
        }),
    }
}

#[tokio::test]
async fn the_edge_keeps_what_the_table_says_and_nothing_that_does_not_say_so() {
    let template = translated().await;
    let distributions = of_type(&template, "AWS::CloudFront::Distribution");
    let config = &distributions["Distribution"]["DistributionConfig"];
    let behaviours = config["CacheBehaviors"].as_array().unwrap();
    let (policy, none) = (json!({ "Ref": "EdgeCachePolicy" }), "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
    let kept_by = |path: &str| {
        let pattern = |behaviour: &&Value| matches(behaviour["PathPattern"].as_str().unwrap(), path);
        behaviours.iter().find(pattern)
    };
    // A behaviour for each row that edges keep, in an order in which each has what is its own.
    let pattern = |rule: &Rule| {
        let parts = rule.path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    for rule in RULES {
        let kept = kept_by(&rule.path.replace(['{', '}'], ""));
        match (rule.kept.is_kept_by_edges(), kept) {
            (true, Some(behaviour)) => assert_eq!(behaviour["CachePolicyId"], policy, "{}", rule.path),
            (false, None) => continue,
            // Another row's pattern has it: it needs one of its own before that.
            (false, Some(behaviour)) => assert_eq!(behaviour["CachePolicyId"], none, "{}", rule.path),
            (true, None) => panic!("no behaviour has {}", rule.path),
        }
        assert_eq!(kept.unwrap()["PathPattern"], pattern(rule), "{}", rule.path);
    }
    let patterns: Vec<String> = RULES.iter().map(pattern).collect();
    for behaviour in behaviours {
        let pattern = behaviour["PathPattern"].as_str().unwrap();
        assert!(patterns.iter().any(|of_row| of_row == pattern), "{pattern} is of no row");
    }
    let verifies = |behaviour: &Value| {
        let functions = &behaviour["FunctionAssociations"]["Fn::If"];
        assert_eq!(functions[0], "EdgeVerifies");
        functions[1][0]["EventType"] == "viewer-request"
    };
    let default = &config["DefaultCacheBehavior"];
    assert_eq!(default["CachePolicyId"], none);
    for behaviour in behaviours.iter().chain([default]) {
        assert!(verifies(behaviour), "{behaviour}");
        assert!([&policy, &json!(none)].contains(&&behaviour["CachePolicyId"]), "{behaviour}");
        // All headers of the viewer but Host: the origin verifies the token as well.
        assert_eq!(behaviour["OriginRequestPolicyId"], "b689b0a8-53d0-40ab-baf2-68738e2966ac");
        assert_eq!(behaviour["Compress"], false, "it would make weak tags of strong ones");
    }

    let policies = of_type(&template, "AWS::CloudFront::CachePolicy");
    let policy = &policies["EdgeCachePolicy"]["CachePolicyConfig"];
    assert_eq!((&policy["MinTTL"], &policy["DefaultTTL"]), (&json!(0), &json!(0)));
    let key = &policy["ParametersInCacheKeyAndForwardedToOrigin"];
    let header = json!([{ "Fn::If": ["EdgeVerifies", "x-sqm-tenant", "Authorization"] }]);
    assert_eq!(key["HeadersConfig"], json!({ "HeaderBehavior": "whitelist", "Headers": header }));
    assert_eq!(key["QueryStringsConfig"]["QueryStringBehavior"], "all");
    assert_eq!(key["CookiesConfig"]["CookieBehavior"], "none");
    let errors = config["CustomErrorResponses"].as_array().unwrap();
    let codes: Vec<u64> = errors.iter().map(|error| error["ErrorCode"].as_u64().unwrap()).collect();
    assert_eq!(codes, [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]);
    assert!(errors.iter().all(|error| error["ErrorCachingMinTTL"] == 0));
    let functions = of_type(&template, "AWS::CloudFront::Function");
    assert_eq!(functions["EdgeFunction"]["FunctionConfig"]["Runtime"], "cloudfront-js-2.0");
    for (name, function) in of_type(&template, "AWS::Lambda::Function") {
        // Nobody asks these over HTTP.
        if ["Schedule", "Worker"].contains(&name) {
            continue;
        }
        let told = &function["Environment"]["Variables"]["SQM_EDGE"];
        assert_eq!(*told, json!({ "Fn::If": ["HasEdge", "tenants", ""] }));
    }
}
