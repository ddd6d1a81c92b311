//! Words of single dialects inside of a query: left out, or said as the grammar has them.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect;

use super::super::source::{Output, Source, name};
use super::clause::operand;

/// Tokens of a FROM in front of its SELECT: without a bound each of many would read all that follows.
const MOST_OF_FROM: usize = 2_000;

/// Tokens of a MERGE before its USING: names, an alias, hints.
const MOST_BEFORE_USING: usize = 64;

pub(super) fn mend(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    match source.token(at) {
        Token::Word(word) if word.quote_style.is_none() => before(source, at)
            .or_else(|| behind(source, at, output))
            .or_else(|| said_otherwise(source, at, output))
            .or_else(|| frame(source, at, output))
            .or_else(|| list(source, at))
            .or_else(|| duckdb(source, at, output)),
        Token::LBrace => odbc_escape(source, at, output),
        Token::LBracket => element_that_is_set(source, at),
        Token::ExclamationMark => negation(source, at, output),
        // LIMIT 10%
        Token::Mod => {
            let of_limit =
                at > 1 && source.is(at - 2, "LIMIT") && matches!(source.token(at - 1), Token::Number(..));
            of_limit.then_some(at + 1)
        }
        _ => None,
    }
}

/// What is left out because of the word before it.
fn before(source: &Source, at: usize) -> Option<usize> {
    let last = at.checked_sub(1)?;
    let after_number = matches!(source.token(last), Token::Number(..));
    match () {
        () if source.are(at, &["SIBLINGS", "BY"]) && source.is(last, "ORDER") => Some(at + 1),
        () if source.is_any(at, &["SYMMETRIC", "ASYMMETRIC"]) && source.is(last, "BETWEEN") => Some(at + 1),
        () if source.is(at, "XML") && source.is(last, "PIVOT") => Some(at + 1),
        () if source.are(at, &["WITH", "TIES"]) && after_number => Some(at + 2),
        () if source.is(at, "SOUNDS") && source.is(at + 1, "LIKE") => Some(at + 1),
        // LISTAGG(a, ',' ON OVERFLOW TRUNCATE '…' WITH COUNT)
        () if source.are(at, &["ON", "OVERFLOW", "ERROR"]) => Some(at + 3),
        () if source.are(at, &["ON", "OVERFLOW", "TRUNCATE"]) => {
            let end = at + 3 + usize::from(source.is_string(at + 3));
            let counts = source.is_any(end, &["WITH", "WITHOUT"]) && source.is(end + 1, "COUNT");
            Some(if counts { end + 2 } else { end })
        }
        // FOR UPDATE OF a WAIT 5
        () if source.is(at, "WAIT") && matches!(source.token(at + 1), Token::Number(..)) => Some(at + 2),
        // ORDER BY a USING >
        () if source.is(at, "USING")
            && matches!(source.token(at + 1), Token::Lt | Token::Gt | Token::LtEq | Token::GtEq) =>
        {
            Some(at + 2)
        }
        // TRIM(TRAILING FROM a)
        () if source.is_any(at, &["LEADING", "TRAILING", "BOTH"])
            && source.is(at + 1, "FROM")
            && source.is_token(last, &Token::LParen) =>
        {
            Some(at + 2)
        }
        // (a, b) AS 1: a value for a name.
        () if source.is(at, "AS")
            && matches!(source.token(at + 1), Token::Number(..))
            && matches!(source.token(last), Token::RParen | Token::Word(_)) =>
        {
            Some(at + 2)
        }
        // MERGE INTO t WITH (HOLDLOCK) AS x
        () if source.is(0, "MERGE")
            && at < MOST_BEFORE_USING
            && source.is(at, "WITH")
            && source.is_token(at + 1, &Token::LParen)
            && source.find(0, at, |at| source.is(at, "USING")).is_none() =>
        {
            Some(source.after_group(at + 1))
        }
        () if source.dialect == Dialect::MySql || source.dialect == Dialect::MariaDb => {
            // GROUP BY a DESC
            let is_direction = source.is_any(at, &["ASC", "DESC"]);
            (is_direction && is_of_group(source, at)).then_some(at + 1)
        }
        () => None,
    }
}

/// Clauses of single dialects that only stand behind something, and are names or calls elsewhere.
fn behind(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    use Dialect as D;
    let last = at.checked_sub(1)?;
    let group = || source.is_token(at + 1, &Token::LParen).then(|| source.after_group(at + 1));
    let no_name =
        ["SELECT", "WHERE", "AND", "OR", "ON", "WHEN", "THEN", "ELSE", "NOT", "BY", "HAVING", "CASE"];
    let behind_table = source.is_ident(last) && !source.is_any(last, &no_name);
    match source.dialect {
        // At the end of a statement: OPTION (HASH JOIN)
        D::TSql | D::Fabric if source.is(at, "OPTION") => group().filter(|&end| {
            matches!(source.token(end), Token::EOF | Token::SemiColon) || source.is_any(end, &["UNION"])
        }),
        D::Sqlite if source.are(at, &["NOT", "INDEXED"]) && behind_table => Some(at + 2),
        D::Sqlite if source.are(at, &["INDEXED", "BY"]) && behind_table => {
            Some(source.after_name(at + 2)).filter(|&end| end > at + 2)
        }
        D::Snowflake if source.is(at, "CHANGES") && behind_table => group(),
        D::Teradata if source.is(at, "RETURNS") && source.is_token(last, &Token::RParen) => group(),
        // MAX(a) KEEP (DENSE_RANK LAST ORDER BY b)
        _ if source.is(at, "KEEP")
            && source.is_token(last, &Token::RParen)
            && source.is(at + 2, "DENSE_RANK")
            && source.are(at + 4, &["ORDER", "BY"]) =>
        {
            let end = group()?;
            output.words(source, at, "WITHIN GROUP (");
            output.copy_range(source, at + 4..end);
            Some(end)
        }
        // JSON_VALUE(a, '$.x' DEFAULT 0 ON EMPTY): what is read of a column is not left out.
        _ if source.is(at, "DEFAULT")
            && (source.is_string(at + 1)
                || matches!(source.token(at + 1), Token::Number(..))
                || source.is(at + 1, "NULL"))
            && source.is(at + 2, "ON")
            && source.is_any(at + 3, &["EMPTY", "ERROR"]) =>
        {
            Some(at + 4)
        }
        _ => None,
    }
}

/// Whether the clause that a token stands in is GROUP BY.
fn is_of_group(source: &Source, at: usize) -> bool {
    let starts = |at: &usize| source.is_any(*at, &["GROUP", "ORDER", "SELECT", "OVER", "HAVING", "WHERE"]);
    (0..at).rev().take(200).find(starts).is_some_and(|at| source.is(at, "GROUP"))
}

/// What the grammar has other words for.
fn said_otherwise(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let last = at.checked_sub(1)?;
    match () {
        () if source.is_any(at, &["NOTNULL", "ISNULL"])
            && matches!(source.token(last), Token::Word(_) | Token::RParen)
            && !source.is_token(at + 1, &Token::LParen) =>
        {
            output.words(source, at, if source.is(at, "ISNULL") { "IS NULL" } else { "IS NOT NULL" });
            Some(at + 1)
        }
        () if source.is(at, "REGEXP_LIKE") && !source.is_token(at + 1, &Token::LParen) => {
            output.put(source, at, Token::make_keyword("LIKE"));
            Some(at + 1)
        }
        // NEXT VALUE FOR s
        () if source.is_any(at, &["NEXT", "PREVIOUS"])
            && source.are(at + 1, &["VALUE", "FOR"])
            && source.is_ident(at + 3) =>
        {
            output.words(source, at, "nextval ( )");
            Some(source.after_name(at + 3))
        }
        // SQLite: a IN t
        () if source.is(at, "IN") && source.dialect == Dialect::Sqlite && source.is_ident(at + 1) => {
            let end = source.after_name(at + 1);
            (!source.is_token(end, &Token::LParen)).then(|| {
                output.copy(source, at);
                output.words(source, at, "( SELECT * FROM");
                output.copy_range(source, at + 1..end);
                output.words(source, end - 1, ")");
                end
            })
        }
        // Teradata: THEN UPD SET a = 1, THEN INS (a) VALUES (1)
        () if source.is_any(at, &["UPD", "INS"]) && source.is(last, "THEN") => {
            output.put(
                source,
                at,
                Token::make_keyword(if source.is(at, "UPD") { "UPDATE" } else { "INSERT" }),
            );
            Some(at + 1)
        }
        // Teradata: INS INTO t SEL a
        () if source.is(at, "SEL") && source.is_any(0, &["INSERT", "INS"]) => {
            output.put(source, at, Token::make_keyword("SELECT"));
            Some(at + 1)
        }
        // XMLATTRIBUTES(a AS x)
        () if source.is_any(at, &["XMLATTRIBUTES", "XMLFOREST"])
            && source.is_token(at + 1, &Token::LParen) =>
        {
            let end = source.after_group(at + 1);
            output.copy_range(source, at..at + 2);
            let mut inner = at + 2;
            while inner < end {
                // Names of its own, not those inside of CAST.
                if source.is(inner, "AS") && source.is_ident(inner + 1) {
                    inner += 2;
                    continue;
                }
                let next = source.after_group(inner).min(end);
                output.copy_range(source, inner..next);
                inner = next;
            }
            Some(end)
        }
        () => None,
    }
}

/// What frames of windows have and the grammar does not.
fn frame(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    let last = at.checked_sub(1)?;
    if source.is(at, "EXCLUDE") && source.is_any(last, &["ROW", "PRECEDING", "FOLLOWING"]) {
        return match () {
            () if source.is(at + 1, "CURRENT") || source.is(at + 1, "NO") => Some(at + 3),
            () if source.is_any(at + 1, &["GROUP", "TIES"]) => Some(at + 2),
            () => None,
        };
    }
    // Teradata: RESET WHEN starts another group of rows, as a further key does.
    if source.are(at, &["RESET", "WHEN"]) {
        output.words(source, at, ",");
        return Some(at + 2);
    }
    None
}

/// Lists that only say how many, or where.
fn list(source: &Source, at: usize) -> Option<usize> {
    // Teradata: SAMPLE 0.1, 0.2
    if source.dialect == Dialect::Teradata && source.is(at, "SAMPLE") {
        let mut end = operand(source, at + 1)?;
        while source.is_token(end, &Token::Comma) && matches!(source.token(end + 1), Token::Number(..)) {
            end += 2;
        }
        return Some(end);
    }
    // DuckDB: t AT (VERSION => 3)
    let at_time = source.is(at, "AT")
        && source.is_token(at + 1, &Token::LParen)
        && source.is_any(at + 2, &["VERSION", "TIMESTAMP"])
        && source.is_token(at + 3, &Token::RArrow);
    at_time.then(|| source.after_group(at + 1))
}

fn duckdb(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if source.dialect != Dialect::DuckDb {
        return None;
    }
    // FILTER (a > 1)
    let of_aggregate = at > 0 && source.is_token(at - 1, &Token::RParen);
    if source.is(at, "FILTER")
        && of_aggregate
        && source.is_token(at + 1, &Token::LParen)
        && !source.is(at + 2, "WHERE")
    {
        output.copy_range(source, at..at + 2);
        output.words(source, at, "WHERE");
        return Some(at + 2);
    }
    // FROM t WHERE a: all columns.
    let behind_with = source.is(0, "WITH")
        && at > 0
        && source.is_token(at - 1, &Token::RParen)
        && source.find(0, at, |at| source.is(at, "SELECT")).is_none();
    let starts = at == 0 || behind_with || source.is_token(at - 1, &Token::LParen) || source.is(at - 1, "AS");
    if starts && source.is(at, "FROM") && source.is_ident(at + 1) {
        let select = source.find(at, source.len().min(at + MOST_OF_FROM), |at| {
            source.is(at, "SELECT") || source.is_token(at, &Token::RParen)
        });
        if !select.is_some_and(|at| source.is(at, "SELECT")) {
            output.words(source, at, "SELECT *");
            output.copy(source, at);
            return Some(at + 1);
        }
    }
    // * LIKE 'a%'
    if at > 0 && source.is(at, "LIKE") && source.is_token(at - 1, &Token::Mul) && source.is_string(at + 1) {
        output.put(source, at, Token::make_keyword("ILIKE"));
        return Some(at + 1);
    }
    // WHEN MATCHED THEN UPDATE: all columns by name.
    let ends =
        |at: usize| matches!(source.token(at), Token::EOF) || source.is_any(at, &["WHEN", "RETURNING"]);
    let of_merge = at > 0 && source.is(0, "MERGE") && source.is(at - 1, "THEN") && ends(at + 1);
    if of_merge && source.is(at, "UPDATE") {
        output.words(source, at, "UPDATE SET");
        output.put(source, at, name("*"));
        output.words(source, at, "=");
        output.put(source, at, name("*"));
        return Some(at + 1);
    }
    (of_merge && source.is(at, "INSERT")).then(|| {
        output.words(source, at, "INSERT ROW");
        at + 1
    })
}

/// `{OJ t LEFT JOIN s …}`, `{fn f(a)}`, `{d '2020-01-01'}`: what stands in it.
fn odbc_escape(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    source.is_any(at + 1, &["OJ", "FN", "D", "T", "TS"]).then(|| {
        let end = source.after_group(at);
        output.copy_range(source, at + 2..end - 1);
        end
    })
}

/// `UPDATE t SET a[1] = 2`: the column that changes.
fn element_that_is_set(source: &Source, at: usize) -> Option<usize> {
    let column = at.checked_sub(1)?;
    let end = source.after_group(at);
    let is_target = source.is(0, "UPDATE")
        && source.is_ident(column)
        && source.is_token(end, &Token::Eq)
        && (source.is(column.saturating_sub(1), "SET")
            || source.is_token(column.saturating_sub(1), &Token::Comma));
    is_target.then_some(end)
}

/// `!a` as `NOT a`, and Vertica's `a::!int`.
fn negation(source: &Source, at: usize, output: &mut Output) -> Option<usize> {
    if at > 0 && source.is_token(at - 1, &Token::DoubleColon) {
        return Some(at + 1);
    }
    let is_operand = source.is_ident(at + 1) || source.is_token(at + 1, &Token::LParen);
    let starts = at > 0
        && (matches!(source.token(at - 1), Token::Comma | Token::LParen)
            || source.is_any(at - 1, &["SELECT", "WHERE", "AND", "OR", "ON", "WHEN", "NOT", "HAVING"]));
    (is_operand && starts).then(|| {
        output.put(source, at, Token::make_keyword("NOT"));
        at + 1
    })
}
