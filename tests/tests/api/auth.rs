//! Whose tokens are taken: every wrong one is a 401 that says what is wrong with it, and never a word of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use sqm_http::Kind;
use sqm_http::auth::{
    KEPT_S, KeySource, LEEWAY_S, MAX_TOKEN_BYTES, MIN_REFRESH_INTERVAL_S, MIN_RETRY_INTERVAL_S, mint,
};
use sqm_testkit::{Bearer, Calls, Response, TestApp};

const PATH: &str = "/v1/queries";

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token whose header says anything, with a signature by this algorithm and key.
fn signed(header: &Value, claims: &Value, algorithm: Algorithm, key: &[u8]) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm).unwrap();
    format!("{message}.{signature}")
}

/// Checks that this is no token, and why, and that the answer does not repeat it.
#[track_caller]
fn refused(response: &Response, token: &str, why: &str) -> Value {
    let problem = response.problem(Kind::Unauthenticated);
    assert!(problem["detail"].as_str().unwrap().contains(why), "{why}: {response:?}");
    let challenge = response.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"sqm\""), "{response:?}");
    assert!(challenge.contains("error=\"invalid_token\""), "{response:?}");
    for part in token.split('.').filter(|part| part.len() > 8) {
        assert!(!format!("{response:?}").contains(part), "the answer repeats the token: {response:?}");
    }
    problem
}

#[tokio::test]
async fn claims_that_are_missing_or_wrong_are_named() {
    let app = TestApp::start().await;
    let now = app.clock.seconds();
    let cases = [
        (json!({ "exp": now - 3_600 }), "exp"),
        (json!({ "exp": now - LEEWAY_S - 1 }), "exp"),
        (json!({ "exp": -1 }), "exp"),
        (json!({ "exp": "2100-01-01" }), "exp"),
        (json!({ "exp": [now + 60] }), "exp"),
        (json!({ "exp": null }), "exp"),
        (json!({ "nbf": now + 3_600 }), "nbf"),
        (json!({ "nbf": "soon" }), "nbf"),
        (json!({ "iss": "https://issuer.example.org" }), "iss"),
        (json!({ "iss": "" }), "iss"),
        (json!({ "iss": ["https://issuer.example"] }), "iss"),
        (json!({ "iss": null }), "iss"),
        (json!({ "aud": "other" }), "aud"),
        (json!({ "aud": ["other", "sqm2"] }), "aud"),
        (json!({ "aud": { "sqm": true } }), "aud"),
        (json!({ "aud": null }), "aud"),
        (json!({ "sub": "" }), "sub"),
        (json!({ "sub": 7 }), "sub"),
        (json!({ "sub": "x".repeat(129) }), "sub"),
        (json!({ "sub": "bell\u{7}" }), "sub"),
        (json!({ "sub": null }), "sub"),
        (json!({ "workspace": "" }), "workspace"),
        (json!({ "workspace": "ACME" }), "workspace"),
        (json!({ "workspace": "acme#q" }), "workspace"),
        (json!({ "workspace": "../other" }), "workspace"),
        (json!({ "workspace": "x".repeat(65) }), "workspace"),
        (json!({ "workspace": ["acme", "other"] }), "workspace"),
        (json!({ "workspace": null }), "workspace"),
        (json!({ "scope": ["queries:read"] }), "scope"),
        (json!({ "scope": null }), "scope"),
    ];
    for (change, claim) in cases {
        let caller = app.token(&app.claims_with("acme", &change));
        let problem = refused(&caller.get(PATH).send().await, "", claim);
        assert_eq!(problem["claim"], claim, "{change}");
    }
}

#[tokio::test]
async fn claims_that_are_as_they_may_be() {
    let app = TestApp::start().await;
    let now = app.clock.seconds();
    for change in [
        json!({}),
        json!({ "aud": ["other", "sqm"] }),
        json!({ "exp": now - LEEWAY_S + 5 }),
        json!({ "exp": now as f64 + 60.5 }),
        json!({ "nbf": now + LEEWAY_S - 5 }),
        json!({ "scope": "queries:read something:else" }),
        json!({ "iat": now + 60, "jti": "x", "more": { "nested": [1, 2] } }),
    ] {
        app.token(&app.claims_with("acme", &change)).get(PATH).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_token_holds_until_it_expires() {
    let app = TestApp::start().await;
    let claims = app.claims_with("acme", &json!({ "exp": app.clock.seconds() + 60 }));
    let caller = app.token(&claims);
    caller.get(PATH).send().await.expect(200);
    app.clock.advance(60 + LEEWAY_S + 1);
    refused(&caller.get(PATH).send().await, &caller_token(&app, &claims), "expired");
}

fn caller_token(app: &TestApp, claims: &Value) -> String {
    app.keys.sign(claims)
}

#[tokio::test]
async fn unknown_scopes_allow_nothing() {
    let app = TestApp::start().await;
    for scope in ["", "everything", "queries:*", "QUERIES:READ", "queries:read,queries:write", "queries"] {
        let response = app.scoped("acme", scope).get(PATH).send().await;
        let problem = response.problem(Kind::MissingScope);
        assert_eq!(problem["scope"], "queries:read", "{scope}");
        let challenge = response.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\", scope=\"queries:read\""), "{challenge}");
    }
}

#[tokio::test]
async fn signatures_and_algorithms() {
    let app = TestApp::start().await;
    let claims = serde_json::to_value(app.claims("acme")).unwrap();
    let key = app.keys.current().as_bytes();
    let hs256 = json!({ "alg": "HS256", "typ": "JWT" });
    let good = signed(&hs256, &claims, Algorithm::HS256, key);
    app.bearer(good.as_str()).get(PATH).send().await.expect(200);

    let parts: Vec<&str> = good.split('.').collect();
    let other = encoded(&app.claims_with("other", &json!({})));
    let flipped = {
        let last = parts[2].as_bytes()[0];
        format!("{}.{}.{}{}", parts[0], parts[1], if last == b'A' { 'B' } else { 'A' }, &parts[2][1..])
    };
    let none = |name: &str| format!("{}.{}.", encoded(&json!({ "alg": name })), parts[1]);
    let said = |header: Value| signed(&header, &claims, Algorithm::HS256, key);
    let (signature, algorithm) = ("the signature is not valid", "not signed with HS256");
    let cases = [
        (signed(&hs256, &claims, Algorithm::HS256, &[b'x'; 64]), signature),
        (signed(&hs256, &claims, Algorithm::HS256, b""), signature),
        (format!("{}.{other}.{}", parts[0], parts[2]), signature),
        (flipped, signature),
        (format!("{}.{}.", parts[0], parts[1]), signature),
        (format!("{}.{}.{}", parts[0], parts[1], parts[1]), signature),
        // Signed with the right key, by another algorithm of the family.
        (signed(&hs256, &claims, Algorithm::HS384, key), signature),
        (signed(&json!({ "alg": "HS384" }), &claims, Algorithm::HS384, key), algorithm),
        (signed(&json!({ "alg": "HS512" }), &claims, Algorithm::HS512, key), algorithm),
        // An asymmetric algorithm is named, and the secret used as if it were a public key.
        (said(json!({ "alg": "RS256", "typ": "JWT" })), algorithm),
        (said(json!({ "alg": "ES256" })), algorithm),
        (said(json!({ "alg": "EdDSA" })), algorithm),
        (none("none"), algorithm),
        (none("None"), algorithm),
        (none("NONE"), algorithm),
        (none(""), algorithm),
        (format!("{}{}", none("none"), parts[2]), algorithm),
        (said(json!({ "alg": "hs256" })), algorithm),
        (said(json!({ "alg": "HS256 " })), algorithm),
        (said(json!({ "typ": "JWT" })), algorithm),
        (said(json!({ "alg": ["HS256"] })), "not a signed JWT"),
        (said(json!({ "alg": "HS256", "crit": ["exp"], "exp": 1 })), algorithm),
        // No key is taken from a token.
        (said(json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "eHg" } })), algorithm),
    ];
    for (token, why) in cases {
        refused(&app.bearer(token.as_str()).get(PATH).send().await, &token, why);
    }
    // What else a header may say changes nothing.
    let said = said(json!({
        "alg": "HS256", "kid": "../../dev/null", "jku": "https://evil.example/jwks", "x5u": "x",
    }));
    app.bearer(said).get(PATH).send().await.expect(200);
}

#[tokio::test]
async fn what_is_no_token() {
    let app = TestApp::start().await;
    let good = app.keys.sign(&app.claims("acme"));
    let parts: Vec<&str> = good.split('.').collect();
    let malformed = "not a signed JWT";
    let long = format!("{}.{}.{}", parts[0], "A".repeat(MAX_TOKEN_BYTES), parts[2]);
    let claims_that_are = |value: Value| {
        let header = json!({ "alg": "HS256" });
        signed(&header, &value, Algorithm::HS256, app.keys.current().as_bytes())
    };
    for (token, why) in [
        ("x".to_owned(), malformed),
        ("a.b".to_owned(), malformed),
        ("a.b.c".to_owned(), malformed),
        ("..".to_owned(), malformed),
        (format!("{good}."), malformed),
        (format!("{good}.{good}"), malformed),
        (format!("{}.{}.{}=", parts[0], parts[1], parts[2]), malformed),
        (format!("{} {}", parts[0], parts[1]), malformed),
        (good.replace('.', ","), malformed),
        ("undefined".to_owned(), malformed),
        ("null".to_owned(), malformed),
        ("\"; DROP TABLE tokens; --".to_owned(), malformed),
        (format!("{}.{}.{}", parts[0], "A", parts[2]), "signature"),
        (claims_that_are(json!([])), malformed),
        (claims_that_are(json!("text")), malformed),
        (claims_that_are(json!(null)), malformed),
        (long, "longer than 4096 bytes"),
        ("A".repeat(1_000_000), "longer than 4096 bytes"),
    ] {
        refused(&app.bearer(token.as_str()).get(PATH).send().await, &token, why);
    }
}

#[tokio::test]
async fn the_header_is_one_and_says_bearer() {
    let app = TestApp::start().await;
    let token = app.keys.sign(&app.claims("acme"));
    let anonymous = app.anonymous();
    let asked = |values: &[String]| {
        let call = anonymous.get(PATH);
        values.iter().fold(call, |call, value| call.header("authorization", value)).send()
    };
    for good in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        asked(&[format!("{good} {token}")]).await.expect(200);
        asked(&[format!("{good}  {token} ")]).await.expect(200);
    }
    let good = format!("Bearer {token}");
    let twice = [good.clone(), good.clone()];
    let mixed = [good.clone(), "Basic eDp5".to_owned()];
    for wrong in [
        &[][..],
        &twice,
        &mixed,
        std::slice::from_ref(&token),
        &[format!("Token {token}")],
        &["Bearer".to_owned()],
    ] {
        let response = asked(wrong).await;
        response.problem(Kind::Unauthenticated);
        let challenge = response.header("www-authenticate");
        assert_eq!(challenge, "Bearer realm=\"sqm\"", "RFC 6750, 3: no error where there is no token");
    }
    for comma in [format!("{good}, {good}"), format!("Bearer {token},{token}"), "Bearer ".to_owned()] {
        asked(&[comma]).await.problem(Kind::Unauthenticated);
    }
    let latin = anonymous.get(PATH).header("authorization", b"Bearer \xe9\xff").send().await;
    latin.problem(Kind::Unauthenticated);
    let in_the_query = anonymous.get(&format!("{PATH}?access_token={token}")).send().await;
    in_the_query.problem(Kind::Unauthenticated);
}

#[tokio::test]
async fn the_key_before_the_last_rotation_is_taken_and_no_older_one() {
    let mut app = TestApp::start().await;
    let claims = app.claims("acme");
    let token = |key: &str| mint(key.as_bytes(), &claims).unwrap();
    let mut keys = vec![app.keys.current().to_owned()];
    let status = async |app: &TestApp, key: &str| {
        let caller: Bearer<'_> = app.bearer(token(key));
        caller.get(PATH).send().await.status.as_u16()
    };
    assert_eq!(status(&app, &keys[0]).await, 200);

    app.keys.rotate();
    keys.push(app.keys.current().to_owned());
    assert_eq!(status(&app, &keys[0]).await, 200);
    assert_eq!(status(&app, &keys[1]).await, 401, "the keys were fetched a moment ago");
    app.clock.advance(MIN_REFRESH_INTERVAL_S);
    assert_eq!(status(&app, &keys[1]).await, 200, "a signature that is not known has the keys fetched");
    assert_eq!(status(&app, &keys[0]).await, 200, "the key before is still taken");

    app.keys.rotate();
    keys.push(app.keys.current().to_owned());
    assert_eq!(status(&app, &keys[0]).await, 200, "nobody has asked for the keys yet");
    app.clock.advance(KEPT_S);
    let now = [status(&app, &keys[0]).await, status(&app, &keys[1]).await, status(&app, &keys[2]).await];
    assert_eq!(now, [401, 200, 200]);
}

#[tokio::test]
async fn a_list_goes_on_across_a_rotation() {
    let mut app = TestApp::start().await;
    for n in 0..3 {
        app.user("acme").store(&format!("SELECT {n} FROM t")).await;
    }
    let claims = app.claims("acme");
    let list = async |app: &TestApp, key: &str, cursor: &str| {
        let caller = app.bearer(mint(key.as_bytes(), &claims).unwrap());
        caller.get(&format!("/v1/queries?limit=1{cursor}")).send().await
    };
    let next = |page: Response| format!("&cursor={}", page.ok()["next"].as_str().unwrap());
    let old = app.keys.current().to_owned();
    let by_old = next(list(&app, &old, "").await);

    app.keys.rotate();
    let new = app.keys.current().to_owned();
    // Another process begins now, and has both keys; this one sees the new one when a token of it comes.
    let other = TestApp::builder().key_source(KeySource::File(app.keys.path())).start().await;
    list(&other, &old, &by_old).await.expect(200);
    app.clock.advance(MIN_REFRESH_INTERVAL_S);
    list(&app, &new, &by_old).await.expect(200);
    let by_new = next(list(&app, &new, "").await);
    list(&other, &old, &by_new).await.expect(200);

    app.keys.rotate();
    app.clock.advance(KEPT_S);
    list(&app, &new, &by_new).await.expect(200);
    list(&app, &new, &by_old).await.problem(Kind::InvalidCursor);
}

#[tokio::test]
async fn without_a_key_nobody_is_told_that_the_token_is_wrong() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    app.keys.remove();
    let response = ada.get(PATH).send().await;
    response.problem(Kind::Unavailable);
    assert_eq!(response.header("retry-after"), MIN_RETRY_INTERVAL_S.to_string());
    app.anonymous().get(PATH).send().await.problem(Kind::Unauthenticated);
    app.bearer("garbage").get(PATH).send().await.problem(Kind::Unauthenticated);
    app.anonymous().get("/v1/health").send().await.expect(200);
}

#[tokio::test]
async fn a_key_that_was_fetched_goes_on_serving() {
    let app = TestApp::start().await;
    let ada = app.user("acme");
    ada.get(PATH).send().await.expect(200);
    app.keys.remove();
    for _ in 0..3 {
        app.clock.advance(KEPT_S + 1);
        ada.get(PATH).send().await.expect(200);
    }
    let forged = mint(&[b'x'; 64], &app.claims("acme")).unwrap();
    refused(&app.bearer(forged.as_str()).get(PATH).send().await, &forged, "signature");
}
