//! `GET /v1/usage`

use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sqm_http::{Caller, Problem, QueryString, Reply, Scope};
use sqm_store::{Quota, UsageOfDay};

use crate::App;

/// How many days where nobody says, and most that are shown.
const DEFAULT_DAYS: u16 = 30;
const MOST_DAYS: u16 = 100;

/// How far back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    days: Option<u16>,
}

#[derive(Serialize)]
struct View<'a> {
    model: Option<&'a str>,
    quota: Option<Quota>,
    days: Vec<DayView>,
}

#[derive(Serialize)]
struct DayView {
    day: Date,
    requests: u64,
    calls: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    cost_usd: f64,
}

impl From<UsageOfDay> for DayView {
    #[allow(clippy::cast_precision_loss)] // To the cent it is exact.
    fn from(usage: UsageOfDay) -> Self {
        let UsageOfDay { day, requests, spent } = usage;
        Self {
            day,
            requests,
            calls: spent.calls,
            prompt_tokens: spent.prompt_tokens,
            completion_tokens: spent.completion_tokens,
            cost_usd: spent.cost_nano_usd as f64 / 1e9,
        }
    }
}

/// What the workspace has spent on models, day by day, and what it may spend in one.
pub(crate) async fn usage(
    caller: Caller,
    QueryString(which): QueryString<Which>,
    State(app): State<App>,
) -> Result<Reply, Problem> {
    caller.may(Scope::OptimizationsRun)?;
    let days = which.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Problem::parameter("days", format!("from 1 to {MOST_DAYS}")));
    }
    let days = app.store.usage(caller.workspace(), days, app.clock.now()).await?;
    let model = app.models.configured();
    Ok(Reply::ok(&View {
        model: model.map(crate::models::Configured::id),
        quota: model.map(|model| model.quota),
        days: days.into_iter().map(DayView::from).collect(),
    }))
}
