//! The daily reports of a workspace: documents that are written once.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;
use sqm_domain::WorkspaceId;

use crate::batch::{Order, Range};
use crate::config::Store;
use crate::error::StoreError;
use crate::item::number;
use crate::keys::{self, EXPIRES, Key};

/// How long a report is kept, in seconds: a year.
const KEEP_SECONDS: i64 = 366 * 24 * 60 * 60;

/// The attributes.
const TEXT: &str = "text";
const UNTIL: &str = "until";

/// A report as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// Of which day.
    pub day: Date,
    /// Up to when it looks: the next one looks from there on.
    pub until: Timestamp,
    /// The document.
    pub document: String,
}

impl Store {
    /// The newest report.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn latest_report(&self, workspace: &WorkspaceId) -> Result<Option<StoredReport>, StoreError> {
        let (pk, last) = (keys::reports(workspace), char::MAX.to_string());
        let range = Range { pk: &pk, first: "!", last: &last, order: Order::Backwards, most: 1 };
        let Some(item) = self.range(range).await?.pop() else { return Ok(None) };
        let key = Key::of(&item);
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
        let read = || {
            let (day, until) = (key.sk.parse().ok()?, text(UNTIL)?.parse().ok()?);
            Some(StoredReport { day, until, document: text(TEXT)?.to_owned() })
        };
        read().map(Some).ok_or_else(|| StoreError::corrupt(&key, "no report"))
    }

    /// Keeps a report; `false` where there is one of this day already.
    ///
    /// # Errors
    /// The database does not answer, or the document is longer than an item.
    pub async fn keep_report(
        &self,
        workspace: &WorkspaceId,
        report: &StoredReport,
    ) -> Result<bool, StoreError> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let expires = report.until.as_second().saturating_add(KEEP_SECONDS);
        let item = keys::report(workspace, report.day).with([
            (TEXT, text(&report.document)),
            (UNTIL, text(&report.until.to_string())),
            (EXPIRES, number(expires)),
        ]);
        self.put_new(item).await
    }
}
