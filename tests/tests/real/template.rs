//! The deployment: SAM finds nothing wrong with the template, and what it becomes has the routes that the
//! functions have and the settings that they need.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqm_http::REQUEST;
use sqm_http::settings::Settings;
use sqm_local::{Tool, Tools};
use sqm_testkit::{Route, checkout, deployed_routes};
use tokio::process::Command;

fn tools() -> Tools {
    Tools::of_checkout(&checkout::root())
}

/// What a program writes, if it succeeds.
async fn run(mut command: Command) -> String {
    let output = command.current_dir(checkout::root()).env("SAM_CLI_TELEMETRY", "0").output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The CloudFormation that the template becomes.
pub async fn translated() -> Value {
    let mut command = Command::new(tools().python(Tool::Sam).await.unwrap());
    command.args(["infra/translate.py", "infra/template.yaml"]);
    serde_json::from_str(&run(command).await).unwrap()
}

/// The resources of this type by logical name.
pub fn of_type<'t>(template: &'t Value, kind: &str) -> BTreeMap<&'t str, &'t Value> {
    let all = template["Resources"].as_object().unwrap().iter();
    let all = all.filter(|(_, resource)| resource["Type"] == kind);
    all.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
}

#[tokio::test]
async fn sam_finds_nothing_wrong() {
    let mut command = Command::new(tools().install(Tool::Sam).await.unwrap());
    command.args(["validate", "--lint", "--template", "infra/template.yaml"]);
    command.env("AWS_DEFAULT_REGION", "us-east-1");
    let said = run(command).await;
    println!("{said}");
}

#[tokio::test]
async fn what_it_becomes_has_the_routes_of_the_functions() {
    let template = translated().await;
    let apis = of_type(&template, "AWS::ApiGatewayV2::Api");
    assert_eq!(apis.len(), 1);
    let paths = apis.values().next().unwrap()["Body"]["paths"].as_object().unwrap();
    let mut deployed = BTreeSet::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let integration = &operation["x-amazon-apigateway-integration"];
            assert_eq!(integration["payloadFormatVersion"], "2.0", "{method} {path}");
            // "…/functions/${Queries.Arn}/invocations"
            let uri = integration["uri"]["Fn::Sub"].as_str().unwrap();
            let function = uri.split("${").last().unwrap().split(".Arn}").next().unwrap().to_lowercase();
            assert_eq!(method, "x-amazon-apigateway-any-method", "{path}");
            let path = if operation["isDefaultRoute"] == true { "$default" } else { path };
            deployed.insert(Route { path: path.to_owned(), function });
        }
    }
    let written: BTreeSet<_> = deployed_routes().into_iter().collect();
    assert_eq!(deployed, written);
    // Each of them may call its function: "…:${__ApiId__}/${__Stage__}/*/v1/catalogs/*", or anything.
    let permissions = of_type(&template, "AWS::Lambda::Permission");
    for route in &written {
        let parts = route.path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
        let own = format!("*{}", parts.collect::<Vec<_>>().join("/"));
        let allows = |permission: &&Value| {
            let source = permission["SourceArn"]["Fn::Sub"][0].as_str().unwrap();
            let pattern = source.split_once("${__Stage__}/").unwrap().1;
            let function = permission["FunctionName"]["Ref"].as_str().unwrap();
            function.eq_ignore_ascii_case(&route.function) && (pattern == "*" || pattern == own)
        };
        assert!(permissions.values().copied().any(|permission| allows(&permission)), "{route:?}");
    }
    let stages = of_type(&template, "AWS::ApiGatewayV2::Stage");
    for stage in stages.values() {
        for limited in stage["RouteSettings"].as_object().unwrap().keys() {
            let path = limited.strip_prefix("ANY ").unwrap();
            assert!(written.iter().any(|route| route.path == path), "{limited} limits no route");
        }
    }
}

#[tokio::test]
async fn each_function_is_told_what_it_needs_and_no_more_than_it_knows() {
    let template = translated().await;
    let functions = of_type(&template, "AWS::Lambda::Function");
    assert_eq!(functions.len(), 3);
    for (name, function) in functions {
        let variables = function["Environment"]["Variables"].as_object().unwrap();
        let asked = std::cell::RefCell::new(BTreeSet::new());
        let settings = Settings::read(|variable| {
            asked.borrow_mut().insert(variable.to_owned());
            let value = match variable {
                "SQM_EDGE" => "tenants",
                "SQM_REDIS_CLUSTER" => "true",
                "SQM_MODEL_PRICES" => "0.15/0.60",
                number if number.ends_with("_PER_DAY") => "1",
                _ => "given",
            };
            variables.contains_key(variable).then(|| value.to_owned())
        });
        assert!(settings.is_ok(), "{name}: {settings:?}");
        for variable in variables.keys() {
            assert!(asked.borrow().contains(variable), "{name}: nobody reads {variable}");
        }
        assert_eq!(function["Runtime"], "provided.al2023", "{name}");
        assert_eq!(function["Architectures"], serde_json::json!(["arm64"]), "{name}");
        let timeout = function["Timeout"].as_u64().unwrap();
        assert!(timeout < 30, "{name} outlives the gateway's patience");
        assert!(timeout > REQUEST.as_secs() + 1, "{name} is ended before it can say that it took too long");
    }
}

/// What each function's code asks of AWS.
const ASKED: [(&str, &[&str]); 3] = [
    (
        "Queries",
        &[
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "secretsmanager:GetSecretValue",
        ],
    ),
    (
        "Lineage",
        &[
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "secretsmanager:GetSecretValue",
        ],
    ),
    (
        "Optimize",
        &[
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "secretsmanager:GetSecretValue",
        ],
    ),
];

#[tokio::test]
async fn each_function_may_do_what_it_does_and_no_more() {
    let template = translated().await;
    let roles = of_type(&template, "AWS::IAM::Role");
    assert_eq!(roles.len(), ASKED.len());
    for (function, asked) in ASKED {
        let policies = roles[format!("{function}Role").as_str()]["Policies"].as_array().unwrap();
        let statements =
            policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
        let mut allowed = BTreeSet::new();
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{function}");
            assert_ne!(statement["Resource"], "*", "{function}");
            match &statement["Action"] {
                Value::Array(actions) => {
                    allowed.extend(actions.iter().map(|action| action.as_str().unwrap()))
                }
                action => _ = allowed.insert(action.as_str().unwrap()),
            }
        }
        assert_eq!(allowed, asked.iter().copied().collect(), "{function}");
        for secrets in ["ConnectionSecrets", "ModelSecret"] {
            let reads = policies.iter().any(|policy| policy.to_string().contains(secrets));
            assert_eq!(reads, *function == *"Optimize", "only one of them reads {secrets}: {function}");
        }
    }
}
