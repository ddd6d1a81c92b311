//! Callers of each kind, as types of their own: what only a user can do, nobody else has a method for.

use http::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::call::Call;

/// Whoever can ask.
pub trait Calls {
    /// A request of this method.
    fn call(&self, method: &str, path: &str) -> Call<'_>;

    /// A GET.
    fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET.as_str(), path)
    }

    /// A POST.
    fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST.as_str(), path)
    }

    /// A PUT.
    fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT.as_str(), path)
    }

    /// A PATCH.
    fn patch(&self, path: &str) -> Call<'_> {
        self.call(Method::PATCH.as_str(), path)
    }

    /// A DELETE.
    fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE.as_str(), path)
    }
}

/// Nobody known.
#[derive(Clone, Copy)]
pub struct Anonymous<'a>(pub(crate) &'a TestApp);

impl Calls for Anonymous<'_> {
    fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(self.0, method, path)
    }
}

/// Whoever sends this text as a bearer token.
#[derive(Clone)]
pub struct Bearer<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) token: String,
}

impl Calls for Bearer<'_> {
    fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(self.app, method, path).header("authorization", format!("Bearer {}", self.token))
    }
}

/// A user of a workspace who may do everything there.
#[derive(Clone)]
pub struct User<'a>(pub(crate) Bearer<'a>);

impl Calls for User<'_> {
    fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.0.call(method, path)
    }
}

/// A query that a user has stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// Its path.
    pub path: String,
    /// Its entity tag.
    pub etag: String,
    /// The answer to its creation.
    pub document: Value,
}

impl User<'_> {
    /// Stores a query in PostgreSQL's dialect.
    pub async fn store(&self, sql: &str) -> Stored {
        self.store_as(json!({ "title": "A query", "sql": sql, "dialect": "postgres" })).await
    }

    /// Stores a query as the body says.
    pub async fn store_as(&self, body: Value) -> Stored {
        let response = self.post("/v1/queries").json(&body).send().await.expect(201);
        let document = response.json();
        let id = document["id"].as_str().unwrap().to_owned();
        Stored { path: format!("/v1/queries/{id}"), id, etag: response.etag(), document }
    }

    /// Stores a catalog out of DDL in PostgreSQL's dialect.
    pub async fn store_catalog(&self, name: &str, ddl: &str) -> Value {
        let body = json!({ "ddl": ddl, "dialect": "postgres" });
        let response = self.put(&format!("/v1/catalogs/{name}")).json(&body).send().await;
        assert!(response.status.is_success(), "{response:?}");
        response.json()
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let response = self.get(&path).send().await.expect(200);
            let page = response.json();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            next = next_page(&response);
            let cursor = page["next"].as_str().map(str::to_owned);
            assert_eq!(cursor.is_some(), next.is_some(), "the link and the member differ: {response:?}");
            assert!(cursor.is_none_or(|cursor| next.as_ref().unwrap().contains(&cursor)), "{response:?}");
        }
        items
    }
}

/// The target of the link to the next page (RFC 8288).
fn next_page(response: &crate::Response) -> Option<String> {
    let link = response.headers.get("link")?.to_str().unwrap();
    let target = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(target.to_owned())
}
