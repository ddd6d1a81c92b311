//! The client: what it makes of every answer that an endpoint may give.

use std::time::Duration;

use serde_json::json;
use sqm_ai::provider::ProviderError;
use sqm_testkit::{FakeModel, Step};

use crate::asking::{ask, ask_within, provider};

async fn says(steps: impl IntoIterator<Item = Step>) -> Result<String, ProviderError> {
    let model = FakeModel::saying(steps).await;
    ask(&provider(&model)).await.map(|answer| answer.text)
}

#[tokio::test]
async fn a_question_goes_out_as_the_protocol_has_it() {
    let model = FakeModel::saying([Step::say("{\"a\":1}")]).await;
    let answer = ask(&provider(&model)).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.request_id.as_deref()), ("{\"a\":1}", Some("req-fake")));
    assert_eq!((answer.usage.prompt_tokens, answer.usage.completion_tokens), (300, 40));
    let asked = &model.asked()[0];
    assert!(asked.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", asked.head);
    assert!(asked.head.contains("authorization: Bearer hunter2"), "{}", asked.head);
    assert_eq!(asked.body["response_format"]["json_schema"]["strict"], true);
    assert_eq!((&asked.body["model"], &asked.body["max_tokens"]), (&json!("fake-1"), &json!(500)));
    assert_eq!((&asked.body["temperature"], &asked.body["stream"]), (&json!(0), &json!(false)));
}

#[tokio::test]
async fn answers_in_other_shapes() {
    assert_eq!(says([Step::streamed("{\"sql\":\"SELECT 1\"}")]).await.unwrap(), "{\"sql\":\"SELECT 1\"}");
    assert_eq!(says([Step::tool_call(&json!({"a": 1}))]).await.unwrap(), "{\"a\":1}");
    assert_eq!(says([Step::refusal()]).await, Err(ProviderError::Refused));
    assert_eq!(says([Step::filtered()]).await, Err(ProviderError::Filtered));
    assert_eq!(says([Step::error(400, "content_filter", "x")]).await, Err(ProviderError::Filtered));
    assert_eq!(says([Step::cut_off("{\"sql\":")]).await, Err(ProviderError::CutOff));
    assert_eq!(
        says([Step::error(400, "context_length_exceeded", "x")]).await,
        Err(ProviderError::TooMuchAsked)
    );
    let html = Step::Answer(200, Vec::new(), "<html>".to_owned());
    assert!(matches!(says([html]).await, Err(ProviderError::NotUnderstood(_))));
}

#[tokio::test]
async fn what_an_endpoint_does_not_take_is_left_out_from_then_on() {
    let model = FakeModel::answering(|asked| {
        let body = &asked.body;
        if body["response_format"]["type"] == "json_schema" {
            return Step::error(400, "invalid_request_error", "response_format json_schema is not supported");
        }
        if body.get("max_tokens").is_some() {
            return Step::error(
                400,
                "unsupported_parameter",
                "Use 'max_completion_tokens', not 'max_tokens'",
            );
        }
        if body.get("temperature").is_some() {
            return Step::error(400, "unsupported_value", "temperature does not support 0");
        }
        Step::say("{}")
    })
    .await;
    let provider = provider(&model);
    assert_eq!(ask(&provider).await.unwrap().text, "{}");
    assert_eq!(model.asked().len(), 4);
    assert_eq!(ask(&provider).await.unwrap().text, "{}");
    assert_eq!(model.asked().len(), 5, "it is remembered");
    assert_eq!(model.asked()[4].body["response_format"]["type"], "json_object");
}

#[tokio::test]
async fn an_endpoint_that_takes_nothing_is_not_asked_for_ever() {
    let model = FakeModel::saying([Step::error(400, "nope", "response_format max_tokens temperature")]).await;
    let failed = ask(&provider(&model)).await;
    assert_eq!(failed, Err(ProviderError::Status { status: 400, code: Some("nope".to_owned()) }));
    assert!(model.asked().len() <= 6);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for passing in [Step::status(500), Step::status(503), Step::status(408), Step::Drop, Step::Tear] {
        let model = FakeModel::saying([passing.clone(), Step::say("{}")]).await;
        assert!(ask(&provider(&model)).await.is_ok(), "{passing:?}");
        assert_eq!(model.asked().len(), 2, "{passing:?}");
    }
    let model = FakeModel::saying([Step::status(502)]).await;
    assert!(matches!(ask(&provider(&model)).await, Err(ProviderError::Status { status: 502, .. })));
    assert_eq!(model.asked().len(), 4);
    for lasting in [Step::status(404), Step::error(401, "invalid_api_key", "hunter2"), Step::status(418)] {
        let model = FakeModel::saying([lasting.clone()]).await;
        let error = ask(&provider(&model)).await.unwrap_err();
        assert_eq!(model.asked().len(), 1, "{lasting:?}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_limit_is_waited_for_where_there_is_time() {
    let limited = || Step::error(429, "rate_limit_exceeded", "slow down");
    for (step, least_ms) in [
        (limited(), 0),
        (limited().with("retry-after", "0.2"), 200),
        (limited().with("retry-after-ms", "150"), 150),
        (
            limited().with("x-ratelimit-remaining-requests", "0").with("x-ratelimit-reset-requests", "120ms"),
            120,
        ),
        (
            limited()
                .with("date", "Sat, 28 Nov 2026 07:00:00 GMT")
                .with("retry-after", "Sat, 28 Nov 2026 07:00:01 GMT"),
            1_000,
        ),
    ] {
        let model = FakeModel::saying([step.clone(), Step::say("{}")]).await;
        let (answer, budget, took) = ask_within(&provider(&model), Duration::from_secs(20)).await;
        assert!(answer.is_ok(), "{step:?}");
        assert!(took >= Duration::from_millis(least_ms), "{step:?}: {took:?}");
        assert_eq!(budget.used().calls, 2);
    }
    let model = FakeModel::saying([limited().with("retry-after", "60")]).await;
    let (answer, _, took) = ask_within(&provider(&model), Duration::from_secs(5)).await;
    assert_eq!(answer, Err(ProviderError::RateLimited(Duration::from_secs(60))));
    assert!(took < Duration::from_secs(4), "there is no point in waiting");
}

#[tokio::test]
async fn an_endpoint_that_has_nothing_left_is_not_asked() {
    let spent =
        Step::say("{}").with("x-ratelimit-remaining-tokens", "0").with("x-ratelimit-reset-tokens", "30s");
    let model = FakeModel::saying([spent]).await;
    let provider = provider(&model);
    assert!(ask(&provider).await.is_ok());
    let (answer, ..) = ask_within(&provider, Duration::from_secs(5)).await;
    assert!(matches!(answer, Err(ProviderError::RateLimited(_))), "{answer:?}");
    assert_eq!(model.asked().len(), 1);
}

#[tokio::test]
async fn too_much_too_slow_and_too_late() {
    let model = FakeModel::saying([Step::Endless(10 * 1024 * 1024)]).await;
    assert_eq!(ask(&provider(&model)).await, Err(ProviderError::TooLong(1024 * 1024)));
    let long = Step::Answer(200, Vec::new(), "x".repeat(10 * 1024 * 1024));
    assert_eq!(says([long]).await, Err(ProviderError::TooLong(1024 * 1024)));
    let drip = Step::Drip(" ".repeat(10_000), Duration::from_millis(20));
    let late = Step::say("{}").after(Duration::from_secs(30));
    for slow in [drip, late] {
        let model = FakeModel::saying([slow.clone()]).await;
        let (answer, _, took) = ask_within(&provider(&model), Duration::from_millis(400)).await;
        assert!(matches!(answer, Err(ProviderError::Silent(_))), "{slow:?}: {answer:?}");
        assert!(took < Duration::from_secs(2), "{slow:?}: {took:?}");
        assert_eq!(model.asked().len(), 1, "what took all the time is not asked again");
    }
}

#[tokio::test]
async fn a_dead_endpoint_costs_nothing_after_a_while() {
    let model = FakeModel::saying([Step::Drop]).await;
    let provider = provider(&model);
    for _ in 0..2 {
        assert!(ask(&provider).await.is_err());
    }
    let seen = model.connections();
    let (answer, _, took) = ask_within(&provider, Duration::from_secs(5)).await;
    assert!(matches!(answer, Err(ProviderError::Resting(_))), "{answer:?}");
    assert!(took < Duration::from_millis(50), "{took:?}");
    assert_eq!(model.connections(), seen);
}

#[tokio::test]
async fn connections_are_used_again() {
    let model = FakeModel::saying([Step::say("{}")]).await;
    let provider = provider(&model);
    for _ in 0..5 {
        ask(&provider).await.unwrap();
    }
    assert_eq!((model.asked().len(), model.connections()), (5, 1));
}
