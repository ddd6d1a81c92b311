//! Limits on what comes from outside, each with the reason for its number.

/// Longest single statement, in bytes. Machines generate long SQL (IN lists, UNION ALL of partitions);
/// the longest statements seen in public query logs stay under 200 KB.
pub const MAX_STATEMENT_BYTES: usize = 256 * 1024;

/// Longest script, in bytes. A DynamoDB item holds 400 KB and SQL compresses four to ten times, so a
/// script of this size usually takes one item and at most a few.
pub const MAX_SCRIPT_BYTES: usize = 1024 * 1024;

/// Longest request body, in bytes. JSON escapes a script of [`MAX_SCRIPT_BYTES`] to twice its size where it
/// is all quotes, to three times where a client writes letters beyond ASCII as escapes of six bytes. AWS Lambda
/// refuses a synchronous payload over 6 MB, in which the body is escaped once more.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Longest plan that is read, in bytes. A line of a plan has about 200 bytes, so this is a plan of ten thousand
/// lines; with its quotes and ends of lines escaped it fits into a body of [`MAX_BODY_BYTES`].
pub const MAX_PLAN_BYTES: usize = 2 * 1024 * 1024;

/// Longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;

/// Longest description or version message, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 4_000;

/// Longest tag, catalog name or owner, in characters. A workspace id has at most 64.
pub const MAX_NAME_CHARS: usize = 128;

/// Longest name of a secret, in characters, by the limit of Secrets Manager.
pub const MAX_SECRET_NAME_CHARS: usize = 512;

/// Most tags on one query: each is one item in the transaction that stores the query, which DynamoDB
/// limits to 100.
pub const MAX_TAGS: usize = 20;
