//! A daily report for tests that ask for one.

use jiff::Timestamp;
use serde_json::json;
use sqm_store::StoredReport;

/// A report of a day on which nothing happened.
pub fn empty_report(now: Timestamp) -> StoredReport {
    let none = json!({ "count": 0, "items": [] });
    let document = json!({
        "day": "2027-01-15", "from": now, "to": now, "engine": "1", "queries": 0, "changed_queries": none,
        "changed_catalogs": none, "new_findings": none, "regressions": none, "dead_tables": none, "duplicates": none,
    });
    StoredReport { day: "2027-01-15".parse().unwrap(), until: now, document: document.to_string() }
}
