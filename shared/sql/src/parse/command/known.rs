//! The statements that are recognized by their words, and what each does to which table.

use sqlparser::ast::{Ident, ObjectName};
use sqlparser::tokenizer::Token;

use super::super::source::Source;
use super::{Command, Relation};

/// Kind, and pattern: a word; `?WORD` for one that may be missing; `A|B` for one of several; `..` for
/// anything up to the next word of the pattern, or to the end; `(..)` for a bracketed group; `<r` and `<w`
/// for a table that is read or written, `<rp` and `<wp` for a path, `<rf` for a group with addresses of
/// files, `<m` for another name, `<q` for a query. What follows the end of a pattern does not matter.
const KNOWN: &[(&str, &str)] = &[
    ("ALTER TABLE EXCHANGE PARTITION", "ALTER TABLE <w EXCHANGE PARTITION .. WITH TABLE <r"),
    ("ALTER TABLE APPEND", "ALTER TABLE <w APPEND FROM <r"),
    ("ALTER TABLE SWITCH", "ALTER TABLE <r SWITCH .. TO <w"),
    ("ALTER TABLE REPLACE PARTITION", "ALTER TABLE <w REPLACE|ATTACH PARTITION .. FROM <r"),
    ("ALTER TABLE MOVE PARTITION", "ALTER TABLE <r MOVE PARTITION .. TO TABLE <w"),
    ("ALTER TABLE ATTACH PARTITION", "ALTER TABLE <w ATTACH PARTITION <r"),
    ("ALTER TABLE SWAP", "ALTER TABLE ?IF ?EXISTS <w SWAP WITH <w"),
    ("ALTER TABLE RENAME", "ALTER TABLE ?IF ?EXISTS <r RENAME TO <w"),
    ("ALTER TABLE", "ALTER ?EXTERNAL ?FOREIGN ?ICEBERG ?DYNAMIC TABLE ?IF ?EXISTS ?ONLY <w .."),
    ("ALTER MATERIALIZED VIEW", "ALTER MATERIALIZED VIEW ?IF ?EXISTS <w .."),
    ("ALTER VIEW", "ALTER VIEW ?IF ?EXISTS <w .."),
    ("EXCHANGE TABLES", "EXCHANGE TABLES <w AND <w"),
    ("RENAME", "RENAME ?TABLE <r TO <w"),
    ("REFRESH MATERIALIZED VIEW", "REFRESH MATERIALIZED VIEW ?CONCURRENTLY <w"),
    ("REFRESH DYNAMIC TABLE", "REFRESH DYNAMIC TABLE <w"),
    ("LOAD DATA", "LOAD DATA .. INPATH|INFILE <rp .. INTO TABLE <w"),
    ("LOAD DATA", "LOAD DATA INTO|OVERWRITE ?TEMP ?TABLE <w .. FROM FILES <rf"),
    ("LOAD DATA", "LOAD DATA INTO|OVERWRITE ?TEMP ?TABLE <w .."),
    ("BULK INSERT", "BULK INSERT <w FROM <rp"),
    ("UPDATE STATISTICS", "UPDATE STATISTICS <m .."),
    ("SUBSCRIBE", "SUBSCRIBE ?TO <q"),
    ("SUBSCRIBE", "SUBSCRIBE ?TO <r"),
    (
        "CREATE PIPELINE",
        "CREATE ?OR ?REPLACE PIPELINE ?IF ?NOT ?EXISTS <m AS LOAD DATA <m <rp .. INTO TABLE <w",
    ),
    ("CREATE FLOW", "CREATE FLOW <m AS AUTO CDC INTO <w FROM STREAM ( <r"),
    ("CREATE FLOW", "CREATE FLOW <m AS AUTO CDC INTO <w FROM <r"),
    ("IMPORT TABLE", "IMPORT ?EXTERNAL TABLE <w FROM <rp"),
    ("IMPORT", "IMPORT INTO <w .. FROM .."),
    ("EXPORT TABLE", "EXPORT TABLE <r TO <wp"),
    ("EXPORT", "EXPORT <q INTO .."),
    ("EXPORT", "EXPORT <r INTO .."),
    ("UNLOAD", "UNLOAD <q TO <wp"),
    ("COPY INTO", "COPY INTO <w ?(..) FROM <q"),
    ("COPY INTO", "COPY INTO <w ?(..) FROM <rp"),
    ("COPY INTO", "COPY INTO <wp FROM <q"),
    ("COPY INTO", "COPY INTO <wp FROM <r"),
    ("COPY", "COPY <w ?(..) FROM <rp"),
    ("COPY", "COPY <q TO <wp"),
    ("COPY", "COPY <r ?(..) TO <wp"),
    ("INSERT", "INSERT ?INTO ?TABLE <w ?(..) EXEC|EXECUTE <m"),
    ("INSERT", "INSERT INTO <w ?(..) FORMAT <m"),
    ("MERGE", "MERGE INTO <w USING <r ON .. REMOVE DUPLICATES"),
    ("APPLY CHANGES", "APPLY CHANGES INTO <w FROM STREAM ( <r"),
    ("APPLY CHANGES", "APPLY CHANGES INTO <w FROM <r"),
    ("RESTORE TABLE", "RESTORE ?TABLE <w TO .."),
    ("CREATE STREAM", "CREATE ?OR ?REPLACE STREAM ?IF ?NOT ?EXISTS <w .. ON ?EXTERNAL TABLE|VIEW <r"),
    ("CREATE MODEL", "CREATE ?OR ?REPLACE ?TEMP MODEL ?IF ?NOT ?EXISTS <m .. AS <q"),
    ("CREATE MODEL", "CREATE ?OR ?REPLACE MODEL <m FROM <q"),
    ("CREATE MODEL", "CREATE ?OR ?REPLACE MODEL <m FROM <r"),
    ("CREATE TABLE FUNCTION", "CREATE ?OR ?REPLACE TABLE FUNCTION ?IF ?NOT ?EXISTS <m ?(..) .. AS <q"),
    ("CREATE RULE", "CREATE ?OR ?REPLACE RULE <m AS ON .. TO <w"),
    ("CREATE MATERIALIZED VIEW LOG", "CREATE MATERIALIZED VIEW LOG ON <m"),
    ("CREATE SYNONYM", "CREATE ?OR ?REPLACE ?PUBLIC SYNONYM <w FOR <r"),
    ("CREATE TABLE", "CREATE ?OR ?REPLACE ?TRANSIENT ?TEMPORARY TABLE ?IF ?NOT ?EXISTS <w USING TEMPLATE <q"),
    (
        "CREATE INDEX",
        "CREATE ?UNIQUE ?CLUSTERED|NONCLUSTERED|BITMAP|FULLTEXT|SPATIAL ?COLUMNSTORE INDEX .. ON <m",
    ),
    ("CREATE VIEW", "CREATE ?OR ?REPLACE ?GLOBAL ?TEMPORARY|TEMP VIEW <w ?(..) USING <m .."),
    ("TRUNCATE TABLE", "TRUNCATE ?TABLE <w .."),
    ("DROP TABLE", "DROP ?TEMPORARY ?EXTERNAL ?DYNAMIC ?ICEBERG ?FOREIGN ?SNAPSHOT TABLE ?IF ?EXISTS <w .."),
    ("DROP VIEW", "DROP ?MATERIALIZED VIEW ?IF ?EXISTS <w .."),
    ("PIVOT", "PIVOT <r .."),
    ("UNPIVOT", "UNPIVOT <r .."),
    ("SUMMARIZE", "SUMMARIZE <q"),
    ("SUMMARIZE", "SUMMARIZE <r"),
    ("TABLE", "TABLE <r"),
    ("DESCRIBE", "DESC|DESCRIBE QUERY <q"),
    ("PREPARE", "PREPARE <m ?(..) FROM|AS <q"),
    ("SET", "SET VAR|VARIABLE .. = <q"),
    ("OPEN", "OPEN <m ?(..) FOR <q"),
    ("RETURN QUERY", "RETURN QUERY <q"),
];

/// First words of statements that say nothing about tables, whatever follows.
const SILENT: &[&str] = &[
    "ADD",
    "ANALYZE",
    "ATTACH",
    "BACKUP",
    "BT",
    "CALL",
    "CHECK",
    "CHECKPOINT",
    "CLEAR",
    "CLOSE",
    "COLLECT",
    "COMMENT",
    "COMPUTE",
    "CONVERT",
    "DATABASE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DENY",
    "DESC",
    "DESCRIBE",
    "DETACH",
    "DISCARD",
    "DO",
    "ET",
    "EXEC",
    "EXECUTE",
    "EXISTS",
    "EXPLAIN",
    "EXPORT",
    "FETCH",
    "FLASHBACK",
    "FLUSH",
    "GET",
    "GRANT",
    "HANDLER",
    "HELP",
    "IMPORT",
    "INSTALL",
    "INVALIDATE",
    "KILL",
    "LIST",
    "LOAD",
    "LOCK",
    "LS",
    "MODIFY",
    "MSCK",
    "NOTIFY",
    "OPEN",
    "OPTIMIZE",
    "PRAGMA",
    "PREPARE",
    "PURGE",
    "PUT",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "RELOAD",
    "REMOVE",
    "REORG",
    "REPAIR",
    "RESET",
    "RESTORE",
    "REVOKE",
    "RM",
    "RUNSTATS",
    "SAVEPOINT",
    "SECURITY",
    "SET",
    "SHOW",
    "SYSTEM",
    "UNCACHE",
    "UNDROP",
    "UNLOCK",
    "UNSET",
    "USE",
    "VACUUM",
    "WAITFOR",
];

/// Objects that hold no rows; a CREATE, ALTER or DROP of them says nothing about tables.
const OBJECTS: &[&str] = &[
    "ACCESS",
    "AGGREGATE",
    "ALERT",
    "API",
    "APPLICATION",
    "ASSEMBLY",
    "ASYMMETRIC",
    "AUDIT",
    "AUTHORIZATION",
    "CAST",
    "CATALOG",
    "CERTIFICATE",
    "CLUSTER",
    "COLLATION",
    "COMPUTE",
    "CONNECTION",
    "CONSTRAINT",
    "CONTEXT",
    "CONVERSION",
    "CREDENTIAL",
    "DATABASE",
    "DATASHARE",
    "DATA",
    "DEFAULT",
    "DICTIONARY",
    "DIMENSION",
    "DIRECTORY",
    "DISKGROUP",
    "DOMAIN",
    "EVENT",
    "EXTENSION",
    "FAILOVER",
    "FILE",
    "FOREIGN",
    "FULLTEXT",
    "FUNCTION",
    "GROUP",
    "HINT",
    "IMAGE",
    "INDEX",
    "INDEXTYPE",
    "INTEGRATION",
    "JAVA",
    "KEYSPACE",
    "LANGUAGE",
    "LARGE",
    "LIBRARY",
    "LINK",
    "LOGFILE",
    "LOGIN",
    "LUA",
    "MACRO",
    "MASKING",
    "MESSAGE",
    "MODEL",
    "NETWORK",
    "NICKNAME",
    "NOTEBOOK",
    "NOTIFICATION",
    "OPERATOR",
    "ORGANIZATION",
    "OUTLINE",
    "PACKAGE",
    "PARAMETER",
    "PARTITION",
    "PASSWORD",
    "PIPE",
    "POLICY",
    "PRIVILEGES",
    "PROCEDURE",
    "PROFILE",
    "PROJECTION",
    "PUBLICATION",
    "PYTHON",
    "QUEUE",
    "QUOTA",
    "R",
    "RATE",
    "REMOTE",
    "REPLICATION",
    "RESOURCE",
    "ROLE",
    "ROLLBACK",
    "ROUTINE",
    "ROUTINES",
    "ROW",
    "RULE",
    "SCALAR",
    "SCHEMA",
    "SCRIPT",
    "SEARCH",
    "SECRET",
    "SEQUENCE",
    "SERVER",
    "SERVICE",
    "SESSION",
    "SETTINGS",
    "SHARE",
    "SINK",
    "SOURCE",
    "SPATIAL",
    "STAGE",
    "STATISTICS",
    "STATS",
    "STORAGE",
    "STREAM",
    "STREAMLIT",
    "SUBSCRIPTION",
    "SYMMETRIC",
    "SYNONYM",
    "SYSTEM",
    "TABLESPACE",
    "TAG",
    "TASK",
    "TEXT",
    "TRANSFORM",
    "TRIGGER",
    "TYPE",
    "UNDO",
    "USER",
    "VIRTUAL",
    "VOLUME",
    "WAREHOUSE",
    "WORKGROUP",
    "WORKLOAD",
];

/// What may stand between CREATE and an object.
const BEFORE_OBJECT: &[&str] = &[
    "OR",
    "REPLACE",
    "ALTER",
    "TEMPORARY",
    "TEMP",
    "PUBLIC",
    "PRIVATE",
    "EXTERNAL",
    "GLOBAL",
    "LOCAL",
    "UNIQUE",
    "SECURE",
    "EDITIONABLE",
    "NONEDITIONABLE",
    "SECONDARY",
    "IF",
    "EXISTS",
    "NOT",
];

/// What the statement does, with the tokens of its query, if its words are known.
pub(super) fn recognise(source: &Source) -> Option<(Command, Option<std::ops::Range<usize>>)> {
    for (kind, pattern) in KNOWN {
        let mut matching = Matching { source, at: 0, command: Command::new(*kind), query: None };
        if matching.run(pattern) {
            return Some((matching.command, matching.query));
        }
    }
    let first = word(source, 0)?;
    if SILENT.contains(&first.as_str()) {
        let second = word(source, 1).filter(|word| OBJECTS.contains(&word.as_str()) || word == "TABLE");
        let kind = second.map_or(first.clone(), |second| format!("{first} {second}"));
        return Some((Command::new(kind), None));
    }
    if !["CREATE", "ALTER", "DROP"].contains(&first.as_str()) {
        return None;
    }
    let mut at = 1;
    while source.is_any(at, BEFORE_OBJECT) {
        at += 1;
    }
    let object = word(source, at).filter(|word| OBJECTS.contains(&word.as_str()))?;
    // `CREATE TYPE` alone says nothing: something must be created.
    (source.len() > at + 1).then(|| (Command::new(format!("{first} {object}")), None))
}

fn word(source: &Source, at: usize) -> Option<String> {
    match source.token(at) {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
        _ => None,
    }
}

struct Matching<'s> {
    source: &'s Source,
    at: usize,
    command: Command,
    query: Option<std::ops::Range<usize>>,
}

impl Matching<'_> {
    fn run(&mut self, pattern: &str) -> bool {
        let mut skip = false;
        for step in pattern.split(' ') {
            if step == ".." {
                skip = true;
                continue;
            }
            if std::mem::take(&mut skip) {
                let found = self
                    .source
                    .find(self.at, self.source.len(), |at| self.source.is_any(at, &alternatives(step)));
                match found {
                    Some(at) => self.at = at,
                    None => return false,
                }
            }
            if !self.step(step) {
                return false;
            }
        }
        true
    }

    fn step(&mut self, step: &str) -> bool {
        match step {
            "<r" | "<w" | "<m" => self.table(step),
            "<rp" | "<wp" => self.path(step),
            "<q" => self.take_query(),
            "<rf" => self.files(),
            "(" | "=" => {
                let token = if step == "(" { Token::LParen } else { Token::Eq };
                let found = self.source.is_token(self.at, &token);
                self.at += usize::from(found);
                found
            }
            "?(..)" => {
                if self.source.is_token(self.at, &Token::LParen) && !self.source.starts_query(self.at) {
                    let end = self.source.after_group(self.at);
                    self.command.columns.extend((self.at..end).filter_map(|at| ident(self.source, at)));
                    self.at = end;
                }
                true
            }
            _ => {
                let optional = step.starts_with('?');
                let found = self.source.is_any(self.at, &alternatives(step));
                self.at += usize::from(found);
                found || optional
            }
        }
    }

    fn table(&mut self, step: &str) -> bool {
        let end = self.source.after_name(self.at);
        if end == self.at {
            return false;
        }
        let idents: Vec<Ident> = (self.at..end).filter_map(|at| ident(self.source, at)).collect();
        let table = Relation::Table(ObjectName::from(idents));
        match step {
            "<r" => self.command.reads.push(table),
            "<w" => self.command.writes.push(table),
            _ => {}
        }
        self.at = end;
        true
    }

    fn path(&mut self, step: &str) -> bool {
        let Some((path, end)) = path(self.source, self.at) else { return false };
        let path = Relation::Path(path);
        if step == "<rp" {
            self.command.reads.push(path)
        } else {
            self.command.writes.push(path)
        }
        self.at = end;
        true
    }

    /// The strings in brackets that are the addresses of files.
    fn files(&mut self) -> bool {
        let end = self.source.after_group(self.at);
        for at in self.at..end {
            if let Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) = self.source.token(at)
                && text.contains("://")
            {
                self.command.reads.push(Relation::Path(text.clone()));
            }
        }
        self.at = end;
        true
    }

    fn take_query(&mut self) -> bool {
        if !self.source.starts_query(self.at) {
            return false;
        }
        let is_group = self.source.is_token(self.at, &Token::LParen);
        let end = if is_group { self.source.after_group(self.at) } else { self.source.len() };
        self.query = Some(if is_group { self.at + 1..end - 1 } else { self.at..end });
        self.at = end;
        true
    }
}

fn alternatives(step: &str) -> Vec<&str> {
    step.trim_start_matches('?').split('|').collect()
}

fn ident(source: &Source, at: usize) -> Option<Ident> {
    match source.token(at) {
        Token::Word(word) => Some(word.to_ident(source.span(at))),
        _ => None,
    }
}

/// A path in quotes, or a stage: `@db.s.stage/a/b`.
fn path(source: &Source, at: usize) -> Option<(String, usize)> {
    match source.token(at) {
        Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => Some((text.clone(), at + 1)),
        token @ (Token::AtSign | Token::Word(_))
            if token == &Token::AtSign || token.to_string().starts_with('@') =>
        {
            let mut text = token.to_string();
            let mut end = at + 1;
            while end < source.len() && source.is_glued(end) {
                text.push_str(&source.token(end).to_string());
                end += 1;
            }
            Some((text, end))
        }
        Token::Placeholder(text) if text.starts_with('@') => Some((text.clone(), at + 1)),
        _ => None,
    }
}
