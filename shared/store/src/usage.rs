//! What a workspace has spent on models, by day, and the quota that it may spend. A counter is changed by DynamoDB
//! alone, so that instances that count at once lose nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use sqm_domain::WorkspaceId;

use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::{StoreError, held};
use crate::item::{Item, number, number_of};
use crate::keys::{self, EXPIRES, Key};

const REQUESTS: &str = "requests";
const CALLS: &str = "calls";
const TOKENS: &str = "tokens";
const PROMPT: &str = "prompt_tokens";
const COMPLETION: &str = "completion_tokens";
const COST: &str = "cost_nano_usd";

/// How long a day is kept, in seconds.
const KEEP_SECONDS: i64 = 400 * 24 * 60 * 60;

/// What a workspace may spend in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// Requests for which a model is asked.
    pub requests: u64,
    /// Tokens, of questions and answers together.
    pub tokens: u64,
}

/// What was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Spent {
    /// Calls of the endpoint, those that failed included.
    pub calls: u64,
    /// Tokens of questions.
    pub prompt_tokens: u64,
    /// Tokens of answers.
    pub completion_tokens: u64,
    /// What they cost, in billionths of a dollar.
    pub cost_nano_usd: u64,
}

/// A day in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageOfDay {
    /// Which one.
    pub day: Date,
    /// Requests for which a model was asked.
    pub requests: u64,
    /// What they have spent.
    #[serde(flatten)]
    pub spent: Spent,
}

/// Tokens that were set aside for a request, on the day of its beginning.
#[derive(Debug)]
pub struct Reserved {
    day: Date,
    tokens: u64,
}

impl Store {
    /// Sets tokens aside for one request; `None` where the quota of the day does not hold it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn reserve_usage(
        &self,
        workspace: &WorkspaceId,
        quota: Quota,
        tokens: u64,
        now: Timestamp,
    ) -> Result<Option<Reserved>, StoreError> {
        // A quota of none: an absent counter would pass.
        let Some(most) = quota.tokens.checked_sub(tokens).filter(|_| quota.requests > 0) else {
            return Ok(None);
        };
        let day = day_of(now);
        let request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(keys::usage(workspace, day).item()))
            .update_expression("SET #e = :e ADD #r :one, #t :tokens")
            .condition_expression(
                "(attribute_not_exists(#r) OR #r < :requests) AND (attribute_not_exists(#t) OR #t <= :most)",
            )
            .set_expression_attribute_names(Some(names(&[("#e", EXPIRES), ("#r", REQUESTS), ("#t", TOKENS)])))
            .expression_attribute_values(":e", number(now.as_second().saturating_add(KEEP_SECONDS)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":tokens", number(tokens))
            .expression_attribute_values(":requests", number(quota.requests))
            .expression_attribute_values(":most", number(most))
            .return_values(ReturnValue::None);
        Ok(held(request.send().await)?.then_some(Reserved { day, tokens }))
    }

    /// Puts what was spent in the place of what was set aside.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn settle_usage(
        &self,
        workspace: &WorkspaceId,
        reserved: Reserved,
        spent: Spent,
    ) -> Result<(), StoreError> {
        let tokens = i128::from(spent.prompt_tokens) + i128::from(spent.completion_tokens);
        self.client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(keys::usage(workspace, reserved.day).item()))
            .update_expression("ADD #t :t, #c :c, #p :p, #a :a, #n :n")
            .set_expression_attribute_names(Some(names(&[
                ("#t", TOKENS),
                ("#c", CALLS),
                ("#p", PROMPT),
                ("#a", COMPLETION),
                ("#n", COST),
            ])))
            .expression_attribute_values(":t", number(tokens - i128::from(reserved.tokens)))
            .expression_attribute_values(":c", number(spent.calls))
            .expression_attribute_values(":p", number(spent.prompt_tokens))
            .expression_attribute_values(":a", number(spent.completion_tokens))
            .expression_attribute_values(":n", number(spent.cost_nano_usd))
            .return_values(ReturnValue::None)
            .send()
            .await?;
        Ok(())
    }

    /// What was spent in the last days, the newest first; at most so many days, today included.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn usage(
        &self,
        workspace: &WorkspaceId,
        days: u16,
        now: Timestamp,
    ) -> Result<Vec<UsageOfDay>, StoreError> {
        let today = day_of(now);
        let first = today.saturating_sub(jiff::Span::new().days(i64::from(days.max(1)) - 1));
        let (pk, first, last) = (keys::usages(workspace), first.to_string(), today.to_string());
        let most = usize::from(days.max(1));
        let range = Range { pk: &pk, first: &first, last: &last, order: Order::Backwards, most };
        self.range(range).await?.iter().map(of_day).collect()
    }
}

fn of_day(item: &Item) -> Result<UsageOfDay, StoreError> {
    let key = Key::of(item);
    let day = key.sk.parse().map_err(|error| StoreError::corrupt(&key, error))?;
    let count = |name| number_of(item, name).unwrap_or(0);
    let spent = Spent {
        calls: count(CALLS),
        prompt_tokens: count(PROMPT),
        completion_tokens: count(COMPLETION),
        cost_nano_usd: count(COST),
    };
    Ok(UsageOfDay { day, requests: count(REQUESTS), spent })
}

fn day_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

fn names(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
