//! The model over HTTP: asked once for what differs by literals alone, within a quota, and absent without harm.

use std::time::Duration;

use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_testkit::{Builder, Calls, FakeModel, Step, TestApp, User};

const SHOP: &str = "CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL, country TEXT);
    CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL REFERENCES customers (id), total INT NOT NULL)";

fn sql(country: &str) -> String {
    format!(
        "SELECT c.name FROM customers c WHERE c.country = '{country}' \
         AND c.id IN (SELECT o.customer FROM orders o WHERE o.total > 100)"
    )
}

const PROPOSED: &str = "SELECT c.name FROM customers AS c WHERE EXISTS \
    (SELECT 1 FROM orders o WHERE o.customer = c.id AND o.total > :integer_1) AND c.country = :text_1";

fn answer(sql: &str) -> Step {
    let one = json!({"sql": sql, "title": "EXISTS", "explanation": "Stops early.", "conditions": []});
    Step::json(&json!({"rewrites": [one]}))
}

async fn optimize(ada: &User<'_>, sql: &str, model: bool) -> Value {
    let body = json!({"sql": sql, "dialect": "postgres", "schema": SHOP, "measure": false, "model": model});
    ada.post("/v1/optimizations?include=refuted").json(&body).send().await.ok()
}

fn of_model(answer: &Value) -> Vec<&Value> {
    let rewrites = answer["rewrites"].as_array().unwrap().iter();
    rewrites.filter(|rewrite| rewrite["origin"] == "model:fake-1").collect()
}

async fn with(model: &FakeModel) -> TestApp {
    TestApp::builder().model(&model.url()).model_setting("SQM_MODEL_PRICES", "1/2").start().await
}

#[tokio::test]
async fn no_model_is_a_normal_state() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    let told = optimize(&ada, &sql("NL"), true).await;
    assert_eq!(told["model"], json!({"status": "not_configured"}));
    let silent = optimize(&ada, &sql("NL"), false).await;
    assert!(silent.get("model").is_none());
    let count = |answer: &Value| answer["rewrites"].as_array().unwrap().len();
    assert_eq!(count(&told), count(&silent));
    let body = json!({"sql": "SELECT 1", "dialect": "postgres"});
    let described = ada.post("/v1/descriptions").json(&body).send().await.ok();
    assert_eq!(
        (&described["model"]["status"], &described["description"]),
        (&json!("not_configured"), &Value::Null)
    );
    let usage = ada.get("/v1/usage").send().await.ok();
    assert_eq!(usage, json!({"model": null, "quota": null, "days": []}));
    ada.get("/v1/usage?days=0").send().await.problem(Kind::InvalidParameter);
}

#[tokio::test]
async fn what_was_paid_for_serves_every_statement_that_differs_by_literals_alone() {
    let model = FakeModel::saying([answer(PROPOSED)]).await;
    let app = with(&model).await;
    let ada = app.user("acme");
    let first = optimize(&ada, &sql("NL"), true).await;
    assert_eq!(
        (&first["model"]["status"], &first["model"]["rounds"]),
        (&json!("answered"), &json!(1)),
        "{first}"
    );
    assert_eq!(first["model"]["usage"], json!({"calls": 1, "prompt_tokens": 300, "completion_tokens": 40}));
    assert!(of_model(&first)[0]["sql"].as_str().unwrap().contains("'NL'"));
    let second = optimize(&ada, &sql("BE"), true).await;
    assert_eq!(second["model"]["status"], "remembered");
    let rewrite = of_model(&second)[0];
    assert!(rewrite["sql"].as_str().unwrap().contains("'BE'") && rewrite["verdict"] == "proved", "{rewrite}");
    assert_eq!(model.asked().len(), 1);
    let other = optimize(&app.user("other"), &sql("NL"), true).await;
    assert_eq!(other["model"]["status"], "answered", "workspaces share nothing");
    let usage = ada.get("/v1/usage").send().await.ok();
    assert_eq!((&usage["model"], &usage["quota"]["requests"]), (&json!("fake-1"), &json!(200)));
    let day = &usage["days"][0];
    assert_eq!((&day["requests"], &day["calls"], &day["prompt_tokens"]), (&json!(1), &json!(1), &json!(300)));
    assert!((day["cost_usd"].as_f64().unwrap() - 0.00038).abs() < 1e-12, "{day}");
    for asked in model.asked() {
        assert!(!asked.body.to_string().contains("NL"));
    }
}

#[tokio::test]
async fn one_of_many_asks_and_the_others_wait() {
    let model = FakeModel::saying([answer(PROPOSED).after(Duration::from_millis(600))]).await;
    let app = with(&model).await;
    let (one, two, three) = (app.user("acme"), app.user("acme"), app.user("acme"));
    let (nl, be, de) = (sql("NL"), sql("BE"), sql("DE"));
    let (a, b, c) =
        tokio::join!(optimize(&one, &nl, true), optimize(&two, &be, true), optimize(&three, &de, true));
    assert_eq!(model.asked().len(), 1);
    let mut statuses = [&a, &b, &c].map(|answer| answer["model"]["status"].as_str().unwrap().to_owned());
    statuses.sort();
    assert_eq!(statuses, ["answered", "remembered", "remembered"]);
}

#[tokio::test]
async fn what_is_wrong_is_kept_for_the_record_alone() {
    let wrong = PROPOSED.replace("o.total >", "o.total >=");
    let model = FakeModel::saying([answer(&wrong), answer("SELECT c.nom FROM customers c")]).await;
    let app = with(&model).await;
    let told = optimize(&app.user("acme"), &sql("NL"), true).await;
    assert!(of_model(&told).is_empty());
    assert_eq!(told["refuted"][0]["origin"], "model:fake-1");
    assert_eq!(told["model"]["rejected_count"], 1, "{told}");
    assert!(told["model"]["rejected"][0]["reason"].as_str().unwrap().contains("nom"));
}

#[tokio::test]
async fn a_quota_ends_it() {
    let model = FakeModel::saying([answer(PROPOSED)]).await;
    let builder: Builder = TestApp::builder().model(&model.url());
    let app = builder.model_setting("SQM_MODEL_REQUESTS_PER_DAY", "1").start().await;
    let ada = app.user("acme");
    assert_eq!(optimize(&ada, &sql("NL"), true).await["model"]["status"], "answered");
    let other = "SELECT o.id FROM orders o WHERE o.total > 5";
    let over = optimize(&ada, other, true).await;
    assert_eq!(over["model"]["status"], "over_quota");
    assert_eq!(optimize(&ada, &sql("BE"), true).await["model"]["status"], "remembered");
    assert_eq!(model.asked().len(), 1);
}

#[tokio::test]
async fn a_dead_model_takes_nothing_else_with_it() {
    let model = FakeModel::saying([Step::Drop]).await;
    let app = with(&model).await;
    let told = optimize(&app.user("acme"), &sql("NL"), true).await;
    assert_eq!(told["model"]["status"], "failed");
    assert!(told["model"]["reason"].as_str().unwrap().contains("cannot be reached"), "{told}");
    assert!(!told["rewrites"].as_array().unwrap().is_empty());
    let unknown = optimize(&app.user("acme"), "SELECT x FROM nowhere", true).await;
    assert_eq!(unknown["model"]["status"], "not_asked", "{unknown}");
}

#[tokio::test]
async fn a_description_is_the_models_and_says_so() {
    let said = json!({"explanation": "Lists customers of :text_1.", "name": "Dutch customers", "tags": ["customers"],
        "indexes": [{"table": "orders", "columns": ["customer"], "reason": "joins"},
                    {"table": "orders", "columns": ["nowhere"], "reason": "joins"}]});
    let model = FakeModel::saying([Step::json(&said)]).await;
    let app = with(&model).await;
    let ada = app.user("acme");
    let body = json!({"sql": sql("NL"), "dialect": "postgres", "schema": SHOP});
    let told = ada.post("/v1/descriptions").json(&body).send().await.ok();
    let description = &told["description"];
    assert_eq!(
        (&description["origin"], &told["model"]["status"]),
        (&json!("model:fake-1"), &json!("answered"))
    );
    assert_eq!(description["explanation"], "Lists customers of 'NL'.");
    assert_eq!(description["indexes"].as_array().unwrap().len(), 1);
    ada.store_catalog("shop", SHOP).await;
    let query = json!({"title": "T", "sql": sql("BE"), "dialect": "postgres", "catalog": "shop"});
    let stored = ada.store_as(query).await;
    let told = ada.post(&format!("{}/descriptions", stored.path)).send().await.ok();
    assert_eq!(told["model"]["status"], "remembered", "{told}");
    assert_eq!(told["description"]["explanation"], "Lists customers of 'BE'.");
}

#[tokio::test]
async fn what_is_wrong_with_a_plan_is_told_to_the_model_alone() {
    let model = FakeModel::saying([answer(PROPOSED)]).await;
    let app = with(&model).await;
    let ada = app.user("acme");
    let plan = "Seq Scan on customers c  (cost=0.00..5000.00 rows=1 width=8) (actual time=0.1..300.0 rows=3 loops=1)\n  \
        Filter: (country = 'NL'::text)\n  Rows Removed by Filter: 900000\n";
    let body = |plan: Value, model: bool| json!({"sql": sql("NL"), "dialect": "postgres", "schema": SHOP, "measure": false, "model": model, "plan": plan});
    let told = ada.post("/v1/optimizations").json(&body(plan.into(), true)).send().await.ok();
    assert_eq!(told["model"]["status"], "answered", "{told}");
    let asked = model.asked()[0].text();
    assert!(asked.contains("sequential-scan") && !asked.contains("NL"), "{asked}");
    let without = optimize(&ada, &sql("NL"), true).await;
    assert_eq!(without["model"]["status"], "answered", "it is another question");
    for (plan, model) in [(json!("no plan"), true), (json!({"x": 1}), true), (json!(plan), false)] {
        let refused = ada.post("/v1/optimizations").json(&body(plan, model)).send().await;
        assert_eq!(refused.problem(Kind::InvalidField)["field"], "plan");
    }
    ada.store_catalog("shop", SHOP).await;
    let query = json!({"title": "T", "sql": sql("NL"), "dialect": "postgres", "catalog": "shop"});
    let stored = ada.store_as(query).await;
    let body = json!({"measure": false, "model": true, "plan": plan});
    let told = ada.post(&format!("{}/optimizations", stored.path)).json(&body).send().await.ok();
    assert_eq!(told["model"]["status"], "remembered", "{told}");
}

#[tokio::test]
async fn a_request_that_is_cut_off_leaves_its_tokens_to_the_next_ones() {
    let slow = answer(PROPOSED).after(Duration::from_secs(60));
    let model = FakeModel::saying([slow, answer(PROPOSED)]).await;
    let builder: Builder = TestApp::builder().model(&model.url());
    let app = builder.model_setting("SQM_MODEL_TOKENS_PER_DAY", "60000").start().await;
    let ada = app.user("acme");
    let nl = sql("NL");
    tokio::select! {
        _ = optimize(&ada, &nl, true) => panic!("the model has not answered"),
        () = async { while model.asked().is_empty() { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
    }
    let other = "SELECT o.id FROM orders o WHERE o.total > 5";
    assert_eq!(optimize(&ada, other, true).await["model"]["status"], "over_quota");
    app.clock.advance(31);
    assert_eq!(optimize(&ada, other, true).await["model"]["status"], "answered");
}
