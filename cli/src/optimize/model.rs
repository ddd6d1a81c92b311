//! The model that is asked for rewrites too. Where it is and with which key stands in the environment: an argument would
//! stand in the list of processes, for everybody on the machine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use sqm_ai::provider::{Budget, Endpoint, Key, Provider};
use sqm_ai::{Conversed, Dialogue, Keyed, NotAsked, Original, Statement, Workers, converse};
use sqm_database::Reach;
use sqm_domain::Dialect;
use sqm_reach::Trust;
use sqm_sql::catalog::Catalog;
use sqm_verify::offer::{Offer, Optimization, Options};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

/// Longest time for one query: nobody waits behind a gateway here, and a model on a laptop is slow.
const TIME: Duration = Duration::from_secs(120);

/// Most tokens for one query.
const TOKENS: u64 = 60_000;

/// A model, and the key that it is asked with.
pub struct Model {
    provider: Provider,
    key: Option<Key>,
    runtime: Runtime,
}

/// Judges on other threads than the one that asks: the verifier has a runtime of its own.
struct Apart;

impl Workers for Apart {
    type Error = JoinError;

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        tokio::task::spawn_blocking(work).await
    }
}

impl Model {
    /// The model that the environment names.
    ///
    /// # Errors
    /// The environment names none, or what it says cannot be used.
    pub fn from_env() -> Result<Self> {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let needed = |name: &str, what: &str| {
            given(name).with_context(|| format!("--model: the environment variable {name} holds no {what}"))
        };
        let (url, name) = (needed("SQM_MODEL_URL", "base URL")?, needed("SQM_MODEL", "name of a model")?);
        // Whoever is at this machine may reach it.
        let reach = match given("SQM_MODEL_HOSTS") {
            None => Reach::Local,
            Some(hosts) => hosts.parse().context("SQM_MODEL_HOSTS")?,
        };
        let endpoint = Endpoint::new(&url, &name, reach).context("SQM_MODEL_URL")?;
        let trust = match given("SQM_MODEL_CA") {
            None => Trust::default(),
            Some(file) => Trust::with_file(Path::new(&file)).context("SQM_MODEL_CA")?,
        };
        let key = given("SQM_MODEL_KEY")
            .map(|key| Key::new(&key).ok_or_else(|| anyhow!("SQM_MODEL_KEY holds what no header holds")))
            .transpose()?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { provider: Provider::new(endpoint, trust), key, runtime })
    }

    /// Adds what the model brings for a query. Where it brings nothing a note says why.
    pub fn add_to(
        &self,
        found: &mut Optimization,
        (sql, dialect): (&str, Dialect),
        catalog: &Catalog,
        options: &Options,
    ) {
        let begun = Statement::read_with(sql, dialect, catalog, &options.statistics)
            .and_then(|statement| Original::read(sql, statement, catalog));
        let original = match begun {
            Ok(original) => original,
            Err(why) => return found.notes.push(not_asked(&why)),
        };
        let id = self.provider.model();
        let dialogue = Dialogue::new(Arc::new(original), Arc::new(catalog.clone()), id, options.clone());
        let (keyed, mut budget) =
            (Keyed { provider: &self.provider, key: self.key.as_ref() }, Budget::new(TIME, TOKENS));
        let talk = converse(&keyed, &Apart, dialogue, &mut budget);
        let Conversed { outcome, broken_off } = match self.runtime.block_on(talk) {
            Ok(conversed) => conversed,
            // What the panic said may quote the SQL.
            Err(_) => return found.notes.push("judging the model's rewrites broke off".to_owned()),
        };
        let used = budget.used();
        found.notes.push(format!(
            "the model {id} was asked: {} rounds, {} tokens of questions, {} of answers",
            outcome.rounds, used.prompt_tokens, used.completion_tokens
        ));
        if let Some(why) = broken_off {
            found.notes.push(format!("the model did not answer to the end: {why}"));
        }
        let verdicts = outcome.verdicts;
        for rejected in &verdicts.rejected {
            let title = if rejected.title.is_empty() { "a rewrite" } else { &rejected.title };
            found.notes.push(format!("the model's \"{title}\" is not offered: {}", rejected.reason));
        }
        found.notes.extend(verdicts.notes);
        // A statement of a script stands behind the lines before it, and so does every rewrite of it.
        let lead = &sql[..sql.len() - sql.trim_start().len()];
        let placed = |offer: Offer| Offer { sql: format!("{lead}{}", offer.sql), ..offer };
        for offer in verdicts.offers.into_iter().map(placed) {
            if !found.rewrites.iter().any(|other| other.sql == offer.sql) {
                found.rewrites.push(offer);
            }
        }
        found.rewrites.sort_by(Offer::best_first);
        found.refuted.extend(verdicts.refuted.into_iter().map(placed));
    }
}

fn not_asked(why: &NotAsked) -> String {
    format!("the model was not asked: {why}")
}
