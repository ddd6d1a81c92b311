//! What a workspace has spent on models, by day, and the quota that it may spend. A counter is changed by DynamoDB
//! alone, so that instances that count at once lose nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
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
/// What is set aside, each as `until.tokens.id`; and what of that was given back before it was settled.
const RESERVED: &str = "reserved";
const GIVEN_BACK: &str = "given_back";

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
    mark: String,
}

impl Store {
    /// Sets tokens aside for one request, for so many seconds; `None` where the quota of the day does not hold them. What
    /// was set aside for requests that were cut off is given back where it is needed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn reserve_usage(
        &self,
        workspace: &WorkspaceId,
        quota: Quota,
        tokens: u64,
        (now, seconds): (Timestamp, i64),
    ) -> Result<Option<Reserved>, StoreError> {
        // A quota of none: an absent counter would pass.
        let Some(most) = quota.tokens.checked_sub(tokens).filter(|_| quota.requests > 0) else {
            return Ok(None);
        };
        let day = day_of(now);
        let until = now.as_second().saturating_add(seconds);
        let mark = format!("{until}.{tokens}.{}", uuid::Uuid::new_v4());
        let reserve = || {
            let names = names(&[("#e", EXPIRES), ("#r", REQUESTS), ("#t", TOKENS), ("#s", RESERVED)]);
            let request = self
                .count(workspace, day, "SET #e = :e ADD #r :one, #t :tokens, #s :mark", names)
                .condition_expression(
                    "(attribute_not_exists(#r) OR #r < :requests) AND (attribute_not_exists(#t) OR #t <= :most)",
                )
                .expression_attribute_values(":e", number(now.as_second().saturating_add(KEEP_SECONDS)))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":tokens", number(tokens))
                .expression_attribute_values(":mark", AttributeValue::Ss(vec![mark.clone()]))
                .expression_attribute_values(":requests", number(quota.requests))
                .expression_attribute_values(":most", number(most));
            request.send()
        };
        let is_held =
            held(reserve().await)? || (self.give_back(workspace, day, now).await? && held(reserve().await)?);
        Ok(is_held.then_some(Reserved { day, tokens, mark }))
    }

    /// Puts what was spent in the place of what was set aside, once however often it is tried.
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
        let back = |set: &'static str, set_aside: u64| {
            let names = names(&[
                ("#t", TOKENS),
                ("#c", CALLS),
                ("#p", PROMPT),
                ("#a", COMPLETION),
                ("#n", COST),
                ("#s", set),
            ]);
            self.count(
                workspace,
                reserved.day,
                "ADD #t :t, #c :c, #p :p, #a :a, #n :n DELETE #s :marks",
                names,
            )
            .condition_expression("contains(#s, :mark)")
            .expression_attribute_values(":mark", AttributeValue::S(reserved.mark.clone()))
            .expression_attribute_values(":marks", AttributeValue::Ss(vec![reserved.mark.clone()]))
            .expression_attribute_values(":t", number(tokens - i128::from(set_aside)))
            .expression_attribute_values(":c", number(spent.calls))
            .expression_attribute_values(":p", number(spent.prompt_tokens))
            .expression_attribute_values(":a", number(spent.completion_tokens))
            .expression_attribute_values(":n", number(spent.cost_nano_usd))
            .send()
        };
        if !held(back(RESERVED, reserved.tokens).await)? {
            // It took longer than it was to, and somebody has given it back.
            held(back(GIVEN_BACK, 0).await)?;
        }
        Ok(())
    }

    /// Gives back what was set aside for requests whose time is over; whether there was anything.
    async fn give_back(
        &self,
        workspace: &WorkspaceId,
        day: Date,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = self.item(&keys::usage(workspace, day)).await?.unwrap_or_default();
        let marks = item.get(RESERVED).and_then(|marks| marks.as_ss().ok()).map_or(&[][..], Vec::as_slice);
        let mut was_any = false;
        for mark in marks {
            let mut parts = mark.split('.').map(str::parse::<i64>);
            let (Some(Ok(until)), Some(Ok(tokens))) = (parts.next(), parts.next()) else { continue };
            if until >= now.as_second() {
                continue;
            }
            let names = names(&[("#t", TOKENS), ("#s", RESERVED), ("#g", GIVEN_BACK)]);
            let request = self
                .count(workspace, day, "ADD #t :t, #g :marks DELETE #s :marks", names)
                .condition_expression("contains(#s, :mark)")
                .expression_attribute_values(":mark", AttributeValue::S(mark.clone()))
                .expression_attribute_values(":marks", AttributeValue::Ss(vec![mark.clone()]))
                .expression_attribute_values(":t", number(tokens.saturating_neg()));
            // Another one may have done it meanwhile.
            held(request.send().await)?;
            was_any = true;
        }
        Ok(was_any)
    }

    /// A change of the counters of a day.
    fn count(
        &self,
        workspace: &WorkspaceId,
        day: Date,
        change: &str,
        names: HashMap<String, String>,
    ) -> UpdateItemFluentBuilder {
        let request = self.client.update_item().table_name(&*self.table);
        let request = request.set_key(Some(keys::usage(workspace, day).item()));
        let request = request.update_expression(change).set_expression_attribute_names(Some(names));
        request.return_values(ReturnValue::None)
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
