//! The deployment: SAM finds nothing wrong with the template, and what it becomes has the routes that the
//! functions have and the settings that they need.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqm_http::REQUEST;
use sqm_http::background::BackgroundSettings;
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
    assert_eq!(functions.len(), 5);
    let is_called_over_http = |name: &str| !BACKGROUND.contains(&name);
    for (name, function) in functions.iter().filter(|(name, _)| is_called_over_http(name)) {
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

/// The functions that a schedule or a queue starts.
const BACKGROUND: [&str; 2] = ["Schedule", "Worker"];

#[tokio::test]
async fn what_runs_in_the_background_has_a_queue_and_time() {
    let template = translated().await;
    let functions = of_type(&template, "AWS::Lambda::Function");
    let queues = of_type(&template, "AWS::SQS::Queue");
    let (queue, dead) = (queues["AnalysisQueue"], queues["AnalysisDeadLetters"]);
    let redrive = &queue["RedrivePolicy"];
    assert_eq!(redrive["deadLetterTargetArn"]["Fn::GetAtt"][0], "AnalysisDeadLetters");
    assert!(dead["MessageRetentionPeriod"].as_u64() > queue["MessageRetentionPeriod"].as_u64());
    for name in BACKGROUND {
        let variables = functions[name]["Environment"]["Variables"].as_object().unwrap();
        let asked = std::cell::RefCell::new(BTreeSet::new());
        let settings = BackgroundSettings::read(|variable| {
            asked.borrow_mut().insert(variable.to_owned());
            let given = variables.get(variable)?;
            Some(match variable {
                "SQM_REDIS_CLUSTER" => "true".to_owned(),
                _ => given.as_str().unwrap_or("given").to_owned(),
            })
        });
        let settings = settings.unwrap();
        assert!(variables.keys().all(|variable| asked.borrow().contains(variable)), "{name}: {variables:?}");
        assert_eq!(Some(settings.queue_receives), redrive["maxReceiveCount"].as_u64(), "{name}");
        let timeout = functions[name]["Timeout"].as_u64().unwrap();
        assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * timeout, "{name} outlives a message");
    }
    let mappings = of_type(&template, "AWS::Lambda::EventSourceMapping");
    let mapping = mappings.values().next().unwrap();
    assert_eq!(mapping["FunctionResponseTypes"], serde_json::json!(["ReportBatchItemFailures"]));
    assert_eq!(mapping["FunctionName"]["Ref"], "Worker");
    let schedules = of_type(&template, "AWS::Scheduler::Schedule");
    let target = &schedules.values().next().unwrap()["Target"];
    assert_eq!(target["Arn"]["Fn::GetAtt"][0], "Schedule");
    let time = "2027-01-15T08:00:00Z";
    let input = target["Input"].as_str().unwrap().replace("<aws.scheduler.scheduled-time>", time);
    let event: sqm_schedule::Event = serde_json::from_str(&input).unwrap();
    assert_eq!((event.time, event.workspace), (time.parse().unwrap(), None));
}

/// What each function's code asks of AWS.
const ASKED: [(&str, &[&str]); 5] = [
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
    (
        "Schedule",
        &[
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "sqs:SendMessage",
        ],
    ),
    (
        "Worker",
        &[
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ],
    ),
];

#[tokio::test]
async fn each_function_may_do_what_it_does_and_no_more() {
    let template = translated().await;
    let roles = of_type(&template, "AWS::IAM::Role");
    // And that of the scheduler, which SAM makes: it may invoke one function.
    assert_eq!(roles.len(), ASKED.len() + 1);
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
