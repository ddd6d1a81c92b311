//! Every key of the table, and what it serves. No other file writes a key.
//!
//! # Items
//!
//! `ws` is the workspace, `id` a query's id, `n` a version in ten digits, `k` a chunk in two.
//!
//! | item | `pk` | `sk` | further attributes |
//! |---|---|---|---|
//! | head of a query | `ws#q#id` | `~` | `doc` (the newest version's record, with what was found out later), `version`, `refreshes` |
//! | version | `ws#q#id` | `v#n` | `doc` (the record: title, tags, author, message, time, parse state, references …) |
//! | SQL of a version | `ws#q#id` | `x#n#k` | `blob` (zstd; only where the SQL changed) |
//! | references too many for the record | `ws#q#id` | `r#n#k` | `blob` |
//! | terms: columns, flows, words of the text; found out for the `m`th time | `ws#q#id` | `g#n#k`, `g#n#k#m` | `blob` |
//! | way from a table or column to another one | `ws#l#(td, tu, cd, cu)#from#shard` | `to#id` | `version` |
//! | word of a query | `ws#l#word#(its first two characters)#shard` | `word#weight#id` | `version` |
//! | list entry | `ws#l#facet#value#shard` | `id` | `version` that put it there, and after a point which time of analysing it |
//! | … by whether and by what it was analysed | `ws#l#standing#(new, failed, or engine catalog version)#shard` | `id` | likewise |
//! | … by complexity | `ws#l#complexity##shard` | `score#id`, the score in ten digits | likewise |
//! | by what queries were analysed | `ws#n` | engine, catalog, version | `doc`, `at` |
//! | workspace | `~w` | `ws` | `at` |
//! | report of a day | `ws#r` | `YYYY-MM-DD` | `text`, `until`, `expires` |
//! | job | `ws#j` | its id | `doc`, `planned`, `expires` |
//! | task of a job | `ws#t#job` | `t#id` | `outcome`, `expires` |
//! | why a task failed | `ws#t#job` | `f#id` | `doc`, `expires` |
//! | counters of the tasks, in eight parts | `ws#t#job` | `n#part` | `total`, `done`, `failed`, `at`, `expires` |
//! | number of list shards | `ws#s` | `~` | `shards` |
//! | idempotency record | `ws#i#hash` | `~` | `doc`, `expires` |
//! | head of a catalog | `ws#c#name` | `~` | `doc`, `version`; stays as a tombstone, so that a version's number never comes again |
//! | version of a catalog | `ws#c#name` | `v#n` | `doc` |
//! | text and tables of a catalog version | `ws#c#name` | `x#n#k` | `blob` |
//! | connection to a database | `ws#d` | `name` | `doc`, `version`; stays as a tombstone like the head of a catalog |
//! | entry in the list of catalogs | `ws#k` | `name` | |
//! | what a model has said | `ws#m#hash` | `~` | `doc`, `expires` |
//! | lease on asking it | `ws#m#hash` | `lease` | `holder`, `expires` |
//! | how often the lists of queries and of catalogs were changed | `ws#g` | `queries`, `catalogs` | `number`, `at`, `under_way` |
//! | an analysis and its first chunk | `ws#a#hash` | `~` | `doc`, `blob`, `expires` |
//! | further chunks of it | `ws#a#hash` | `x#k` | `blob`, `expires` |
//! | query that was imported, by what it is called where it comes from | `ws#o#hash` | `~` | `doc`: its id |
//! | execution of a query | `ws#e#id` | `e#hash` | `doc`, `expires` |
//! | what ran in an hour, a day | `ws#e#id` | `h#YYYY-MM-DDTHH`, `d#YYYY-MM-DD` | counters: `b0` … `b715` (executions by their time), `summarized`, `micros`, `rows`, `bytes`; a set: `plans`; `expires` |
//! | counters of a database, up to where they are counted | `ws#e#id` | `c#source` | `doc`, `version` |
//! | outline of a plan | `ws#e#id` | `p#shape` | `doc`, `expires` |
//! | what was spent on models in a day | `ws#u` | `YYYY-MM-DD` | counters: `requests`, `calls`, `tokens` (with those set aside), `prompt_tokens`, `completion_tokens`, `cost_nano_usd`; `expires` |
//!
//! There is no secondary index: what another index would serve is a list entry, written in the same
//! transaction as the head, so that a list shows what the last answer said. `r < v < x < ~`: a backwards
//! read of a query's partition starts with the head and its SQL.
//!
//! # Access patterns
//!
//! A request unit of DynamoDB is 4 KB read consistently or 1 KB written; inside a transaction a write
//! counts twice. `s` is the number of list shards (four until a workspace outgrows them), `p` the page.
//!
//! | pattern | how | cost for an ordinary query (2 KB of SQL, 3 tables, 2 tags) |
//! |---|---|---|
//! | fetch a query | one Query on its partition, backwards, two items | 1 read unit |
//! | … with SQL of several chunks | and one BatchGetItem | 100 read units per chunk |
//! | fetch version n | GetItem, then BatchGetItem of its SQL | 2 read units |
//! | has the query changed? | GetItem of the head | 1 read unit |
//! | has its lineage changed? | one BatchGetItem: head, catalog's head, with a version that too | 2–3 read units |
//! | has a list changed? | GetItem of `ws#g` | 1 read unit; 2 write units for each write of a query or catalog |
//! | history, newest first | Query on `v#` backwards | 1 read unit per about 5 versions |
//! | create | one TransactWriteItems: head, version, SQL, terms, an entry per facet, column and way, the idempotency record; an entry per word before it | about 90 write units, and 4 for each way from column to column (`docs/costs.md`) |
//! | update, SQL only | one TransactWriteItems: head, version, SQL, terms and entries that changed | from 6 write units, and 2 for each changed entry |
//! | delete | TransactWriteItems: head becomes a tombstone, entries go; then the rest in batches, the tombstone last | 2 write units per entry, 1 per version and chunk |
//! | list, newest first | Query on `ws#l#all##shard` of each shard, merged; BatchGetItem of the heads | `s + p` read units |
//! | … by tag, owner, dialect, form of the text, table read or written | the same on that facet's entries | `s + p` read units |
//! | … by column read or written | the same; the heads and their terms | `s + 2p` read units |
//! | … by what needs analysis | as newest first, with `ws#n` and the heads of catalogs | 2 read units, `s` + heads looked at |
//! | list, the most complex first | the same on `complexity`'s entries, which sort by score | `s + p` read units |
//! | … by several of them | the narrowest facet's entries; the heads decide about the others | `s` + heads looked at |
//! | which queries read table t (reverse look-up) | the list by facet `reads` | `s + p` read units |
//! | which queries read or write column c | the same on facets `rc`, `wc`; the heads and their terms | `s + 2p` read units |
//! | what table or column t leads to in a step | on each shard one Query for each that it leads to | `2s` read units each |
//! | what needs analysis | Query on `ws#n` and the heads of the catalogs that it names; the lists of those that are not as they are now, and their heads | 1 read unit, `s` a list that is stale, and a head for each query that is |
//! | keep what was found out anew | one TransactWriteItems: head, the entry by what it was analysed, and what changed | 6 write units, 2 for each entry that changes, 4 where terms do |
//! | plan tasks | BatchGetItem; one TransactWriteItems for up to 90 | 2 write units each, and 2 |
//! | count one that is done | one TransactWriteItems: the task, if it has no outcome, and a counter | 4 write units |
//! | write the report of a day | Query on each list shard, BatchGetItem of all heads, Query on each query's days; PutItem | 2 read units a query |
//! | the newest report | Query on `ws#r`, backwards | 1 to 25 read units |
//! | how far a job is | GetItem; Query on its counters | 2 read units |
//! | search | for each word a Query on each shard, up to 1,000 entries; BatchGetItem of the heads | `s` to `25s` read units a word, and `p` |
//! | fetch or put a catalog | as a query | 1–3 read units; 3–4 items |
//! | catalogs by name | Query on `ws#k` | 1 read unit per about 100 names, 1 per head shown |
//! | fetch or put a connection | GetItem; one TransactWriteItems | 1 read unit; 2 write units |
//! | connections by name | Query on `ws#d` | 1 read unit per about 10 |
//! | what a model has said | GetItem | 1–25 read units, by its length |
//! | ask a model, alone | conditional PutItem of the lease, two UpdateItems of the day, PutItem of what was said | 5 write units, and its length |
//! | fetch an analysis | GetItem; of one in several chunks a BatchGetItem as well | 1–100 read units, by its length compressed |
//! | keep it | conditional PutItem | 1–390 write units, likewise |
//! | what was spent | Query on `ws#u`, backwards | 1 read unit per about 20 days |
//! | record executions | one TransactWriteItems for up to some 95: each if it is not there, their hour and day, a check of the head | 2 write units each; 8 for hour and day and transaction, more as these grow |
//! | … again | the same, refused; BatchGetItem of them | 2 write units and 1 read unit each |
//! | import a query | GetItem of its origin; create, with the origin, or update | 1 read unit, and as those |
//! | export | Query on each list shard, on each query's versions and executions; BatchGetItem of texts | 1 read unit per 4 KB, 4 per query |
//! | executions by hour or day | Query on `h#` or `d#` | 1 read unit per about 4 windows |
//! | repeat of a request | GetItem of the idempotency record, then the version that it names | 3 read units |
//!
//! # Partitions
//!
//! A partition key takes 1,000 write units a second. Everything of one query is one partition, which no
//! sensible load fills. Lists are the hot place: each new query writes an entry into `all`, by its score, its dialect
//! and its owner. Each of these is spread over shards, drawn from the id and kept in the head, so that
//! an entry stays where it is when the number of shards grows (the `shards` item; a create that was
//! throttled doubles it). What ran of a query is a partition of its own; those who record executions of the same hour
//! take turns at its counters, a transaction each. Readers merge the shards; positions in a list are sort keys, so a cursor holds
//! across a growth. Four shards carry about 2,000 new queries a second and workspace.
//!
//! # Lists propose, heads dispose
//!
//! What a list shows is read from the heads, and a head that does not have the facet is skipped. So an
//! entry may be too many but must never be missing, and references that do not fit into one transaction
//! of 100 items lose nothing: the surplus, and every word, is written before the transaction, and what is no longer
//! wanted is removed after it unless a later version has put it there again (`version`).

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use sqm_domain::{
    AnalysisId, CatalogName, ConnectionName, JobId, QueryId, RunId, VersionNumber, WorkspaceId,
};
use sqm_runs::Span;

use crate::changes::Listed;
use crate::suggestions::SuggestionKey;

/// The partition key's attribute.
pub const PK: &str = "pk";
/// The sort key's attribute.
pub const SK: &str = "sk";
/// The attribute after whose time (seconds since 1970) DynamoDB removes an item.
pub const EXPIRES: &str = "expires";

/// The sort key of a head, and of an item that is alone in its partition. It sorts after every other.
pub(crate) const HEAD: &str = "~";
/// What the sort keys of versions start with.
pub(crate) const VERSIONS: &str = "v#";
/// What the sort keys of executions start with.
pub(crate) const EXECUTIONS: &str = "e#";
/// What the sort keys of counters start with.
pub(crate) const COUNTERS: &str = "c#";
/// What the sort keys of outlines start with.
pub(crate) const OUTLINES: &str = "p#";

/// What the sort keys of tasks start with.
pub(crate) const TASKS: &str = "t#";
/// What the sort keys of failures start with.
pub(crate) const FAILURES: &str = "f#";
/// What the sort keys of the counters of a job start with.
pub(crate) const TASK_COUNTERS: &str = "n#";

/// A longer value of a facet stands in a key as its hash: DynamoDB takes keys of at most 2,048 bytes.
const MAX_VALUE_BYTES: usize = 512;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

/// What a list is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Facet {
    /// How current what is known of it is. The first, so that it is always a part of the transaction.
    Standing(String),
    All,
    /// All that have a score, by it.
    Complexity(u32),
    Tag(String),
    Owner(String),
    Dialect(&'static str),
    /// The form of the text.
    Fingerprint(String),
    /// The code of a finding.
    Finding(String),
    /// A table read, in any case.
    Reads(String),
    /// A table written, in any case.
    Writes(String),
    /// A column read, as `table.column`, in lower case.
    ReadsColumn(String),
    /// A column written, likewise.
    WritesColumn(String),
    /// From a table or a column to another one, in lower case, by the way in which it is looked up.
    Flow(Grain, Direction, String, String),
}

/// What flows: tables or columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grain {
    /// Tables.
    Table,
    /// Columns.
    Column,
}

/// Which way a flow is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// To what is made of it.
    Downstream,
    /// To what it is made of.
    Upstream,
}

/// The part of a version's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The SQL of a query, or the text and tables of a catalog.
    Text,
    /// References that are too many for the record.
    References,
    /// What a query is found by: columns, what flows from where to where, words.
    Terms,
}

/// The partition of a query.
pub(crate) fn query(workspace: &WorkspaceId, id: QueryId) -> String {
    format!("{workspace}#q#{id}")
}

/// The partition of a catalog.
pub(crate) fn catalog(workspace: &WorkspaceId, name: &CatalogName) -> String {
    format!("{workspace}#c#{name}")
}

/// The head of the query or catalog that has this partition.
pub(crate) fn head(partition: &str) -> Key {
    Key { pk: partition.to_owned(), sk: HEAD.to_owned() }
}

/// A version of the query or catalog that has this partition.
pub(crate) fn version(partition: &str, number: VersionNumber) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{VERSIONS}{number:0>10}", number = number.get()) }
}

/// A chunk of a version, or of what was found out about it later.
pub(crate) fn chunk(
    partition: &str,
    part: Part,
    (number, refresh): (VersionNumber, u32),
    chunk: usize,
) -> Key {
    let letter = match part {
        Part::Text => 'x',
        Part::References => 'r',
        Part::Terms => 'g',
    };
    let mut sk = format!("{letter}#{number:0>10}#{chunk:0>2}", number = number.get());
    if refresh > 0 {
        sk += &format!("#{refresh}");
    }
    Key { pk: partition.to_owned(), sk }
}

/// The partition of one shard of a list.
pub(crate) fn list(workspace: &WorkspaceId, facet: &Facet, shard: u16) -> String {
    let (name, value) = match facet {
        Facet::Standing(standing) => ("standing", value(standing)),
        Facet::All => ("all", String::new()),
        Facet::Complexity(_) => ("complexity", String::new()),
        Facet::Tag(tag) => ("tag", value(tag)),
        Facet::Owner(owner) => ("owner", value(owner)),
        Facet::Dialect(dialect) => ("dialect", value(dialect)),
        Facet::Fingerprint(form) => ("form", value(form)),
        Facet::Finding(code) => ("finding", value(code)),
        Facet::Reads(table) => ("reads", value(&table.to_lowercase())),
        Facet::Writes(table) => ("writes", value(&table.to_lowercase())),
        Facet::ReadsColumn(column) => ("rc", value(column)),
        Facet::WritesColumn(column) => ("wc", value(column)),
        Facet::Flow(grain, direction, from, _) => {
            let name = match (grain, direction) {
                (Grain::Table, Direction::Downstream) => "td",
                (Grain::Table, Direction::Upstream) => "tu",
                (Grain::Column, Direction::Downstream) => "cd",
                (Grain::Column, Direction::Upstream) => "cu",
            };
            (name, value(from))
        }
    };
    format!("{workspace}#l#{name}#{value}#{shard}")
}

/// A query's entry in a list.
pub(crate) fn entry(workspace: &WorkspaceId, facet: &Facet, shard: u16, id: QueryId) -> Key {
    let sk = match facet {
        Facet::Complexity(score) => format!("{score:0>10}#{id}"),
        Facet::Flow(_, _, _, to) => format!("{}#{id}", escaped(to)),
        _ => id.to_string(),
    };
    Key { pk: list(workspace, facet, shard), sk }
}

/// The partition of one shard of the list of words that begin as this one does.
pub(crate) fn words(workspace: &WorkspaceId, word: &str, shard: u16) -> String {
    let begin: String = word.chars().take(2).collect();
    format!("{workspace}#l#word#{}#{shard}", value(&begin))
}

/// A query's entry for a word, with what it tells of the query.
pub(crate) fn word_entry(
    workspace: &WorkspaceId,
    (word, weight): (&str, u8),
    shard: u16,
    id: QueryId,
) -> Key {
    Key { pk: words(workspace, word, shard), sk: format!("{word}#{weight}#{id}") }
}

/// The number of list shards of a workspace.
pub(crate) fn shards(workspace: &WorkspaceId) -> Key {
    Key { pk: format!("{workspace}#s"), sk: HEAD.to_owned() }
}

/// The partition that lists the workspaces. No workspace has such a name.
pub(crate) const WORKSPACES: &str = "~w";

/// A workspace in that list.
pub(crate) fn workspace(workspace: &WorkspaceId) -> Key {
    Key { pk: WORKSPACES.to_owned(), sk: workspace.to_string() }
}

/// The partition that lists by what the queries of a workspace were analysed.
pub(crate) fn standings(workspace: &WorkspaceId) -> String {
    format!("{workspace}#n")
}

/// An engine and a catalog in that list.
pub(crate) fn standing(workspace: &WorkspaceId, name: &str) -> Key {
    Key { pk: standings(workspace), sk: name.to_owned() }
}

/// The partition of the daily reports of a workspace.
pub(crate) fn reports(workspace: &WorkspaceId) -> String {
    format!("{workspace}#r")
}

/// The report of a day.
pub(crate) fn report(workspace: &WorkspaceId, day: Date) -> Key {
    Key { pk: reports(workspace), sk: day.to_string() }
}

/// The partition that lists the jobs of a workspace.
pub(crate) fn jobs(workspace: &WorkspaceId) -> String {
    format!("{workspace}#j")
}

/// A job.
pub(crate) fn job(workspace: &WorkspaceId, id: JobId) -> Key {
    Key { pk: jobs(workspace), sk: id.to_string() }
}

/// The partition of the tasks of a job.
pub(crate) fn tasks(workspace: &WorkspaceId, id: JobId) -> String {
    format!("{workspace}#t#{id}")
}

/// A task: the analysis of a query.
pub(crate) fn task(partition: &str, query: QueryId) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{TASKS}{query}") }
}

/// Why a task failed.
pub(crate) fn failure(partition: &str, query: QueryId) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{FAILURES}{query}") }
}

/// Part of the counters of the tasks.
pub(crate) fn task_counters(partition: &str, part: usize) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{TASK_COUNTERS}{part}") }
}

/// The partition of an analysis.
pub(crate) fn analysis(workspace: &WorkspaceId, id: AnalysisId) -> String {
    format!("{workspace}#a#{id}")
}

/// A chunk of it after the first.
pub(crate) fn analysis_chunk(partition: &str, chunk: usize) -> Key {
    Key { pk: partition.to_owned(), sk: format!("x#{chunk:0>2}") }
}

/// How often the lists of a kind were changed.
pub(crate) fn changes(workspace: &WorkspaceId, listed: Listed) -> Key {
    let sk = match listed {
        Listed::Queries => "queries",
        Listed::Catalogs => "catalogs",
    };
    Key { pk: format!("{workspace}#g"), sk: sk.to_owned() }
}

/// The record of a request that a caller may repeat.
pub(crate) fn idempotency(workspace: &WorkspaceId, subject: &str, key: &str) -> Key {
    let hash = Sha256::new().chain_update(subject).chain_update([0]).chain_update(key).finalize();
    Key { pk: format!("{workspace}#i#{hash:x}"), sk: HEAD.to_owned() }
}

/// The partition that lists the catalogs of a workspace.
pub(crate) fn catalogs(workspace: &WorkspaceId) -> String {
    format!("{workspace}#k")
}

/// The entry of a catalog in that list.
pub(crate) fn catalog_entry(workspace: &WorkspaceId, name: &CatalogName) -> Key {
    Key { pk: catalogs(workspace), sk: name.to_string() }
}

/// The partition of the connections of a workspace: they are few, small and listed more often than changed.
pub(crate) fn connections(workspace: &WorkspaceId) -> String {
    format!("{workspace}#d")
}

/// A connection.
pub(crate) fn connection(workspace: &WorkspaceId, name: &ConnectionName) -> Key {
    Key { pk: connections(workspace), sk: name.to_string() }
}

/// What a model has said.
pub(crate) fn suggestion(workspace: &WorkspaceId, key: &SuggestionKey) -> Key {
    head(&format!("{workspace}#m#{key}"))
}

/// The lease on asking it.
pub(crate) fn suggestion_lease(workspace: &WorkspaceId, key: &SuggestionKey) -> Key {
    Key { pk: format!("{workspace}#m#{key}"), sk: "lease".to_owned() }
}

/// The partition of what a workspace has spent on models: it is written as often as a model is asked.
pub(crate) fn usages(workspace: &WorkspaceId) -> String {
    format!("{workspace}#u")
}

/// What it has spent in a day.
pub(crate) fn usage(workspace: &WorkspaceId, day: Date) -> Key {
    Key { pk: usages(workspace), sk: day.to_string() }
}

/// The partition of what ran of a query.
pub(crate) fn executions(workspace: &WorkspaceId, id: QueryId) -> String {
    format!("{workspace}#e#{id}")
}

/// An execution.
pub(crate) fn execution(partition: &str, hash: &str) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{EXECUTIONS}{hash}") }
}

/// What ran in the window that begins then.
pub(crate) fn window(partition: &str, span: Span, start: Timestamp) -> Key {
    let letter = match span {
        Span::Hour => 'h',
        Span::Day => 'd',
    };
    Key { pk: partition.to_owned(), sk: format!("{letter}#{}", span.name(start)) }
}

/// Counters of a database.
pub(crate) fn counters(partition: &str, source: &RunId) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{COUNTERS}{source}") }
}

/// What leads to a query by what it is called where it comes from.
pub(crate) fn origin(workspace: &WorkspaceId, name: &str) -> Key {
    head(&format!("{workspace}#o#{:x}", Sha256::digest(name)))
}

/// The outline of a plan.
pub(crate) fn outline(partition: &str, shape: &str) -> Key {
    Key { pk: partition.to_owned(), sk: format!("{OUTLINES}{shape}") }
}

/// A value as it stands between `#`.
fn value(text: &str) -> String {
    if text.len() > MAX_VALUE_BYTES {
        return format!("%%{:x}", Sha256::digest(text));
    }
    escaped(text)
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('#', "%23")
}

/// The name that was [`escaped`].
pub(crate) fn unescaped(text: &str) -> String {
    text.replace("%23", "#").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(name: &str) -> WorkspaceId {
        name.parse().unwrap()
    }

    #[test]
    fn a_backwards_read_starts_with_the_head_and_its_sql() {
        let number = |n| VersionNumber::new(n).unwrap();
        let mut keys = [
            head("p"),
            chunk("p", Part::Text, (number(10), 0), 1),
            chunk("p", Part::Text, (number(10), 0), 0),
            chunk("p", Part::Text, (number(9), 0), 0),
            version("p", number(11)),
            version("p", number(2)),
            chunk("p", Part::References, (number(12), 3), 0),
            chunk("p", Part::References, (number(12), 0), 0),
        ];
        let order = keys.clone();
        keys.sort();
        keys.reverse();
        assert_eq!(keys, order);
    }

    #[test]
    fn values_cannot_reach_into_another_list() {
        let acme = workspace("acme");
        let one = list(&acme, &Facet::Owner("a#1".into()), 2);
        assert_eq!(one, "acme#l#owner#a%231#2");
        assert_ne!(one, list(&acme, &Facet::Owner("a%231".into()), 2));
        let long = list(&acme, &Facet::Reads("x".repeat(1 << 20)), 0);
        assert!(long.len() < 128, "{long}");
    }

    #[test]
    fn tables_are_looked_up_in_any_case() {
        let acme = workspace("acme");
        let list = |table: &str| list(&acme, &Facet::Reads(table.into()), 0);
        assert_eq!(list("SALES.Orders"), list("sales.orders"));
    }
}
