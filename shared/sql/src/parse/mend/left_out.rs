//! Clauses that say nothing about which tables and columns are meant: left out, each where its dialect has it.

use sqlparser::tokenizer::Token;
use sqm_domain::Dialect as D;

use super::super::source::Source;

/// A step of a pattern.
enum Step {
    /// This word.
    Word(&'static str),
    /// One of these words.
    Any(&'static [&'static str]),
    /// These words or nothing.
    Maybe(&'static [&'static str]),
    /// A text or nothing.
    MaybeText,
    /// A number.
    Number,
    /// A text, a number or NULL.
    Literal,
    /// A bracketed group.
    Group,
    /// A name with dots.
    Name,
    /// A literal, a name or a call, as often as operators join them.
    Operand,
    /// `<`, `>`, `<=`, `>=`.
    Comparison,
    /// This word follows, and stays.
    Before(&'static str),
    /// The query ends here.
    End,
}

use Step::{Any, Before, Comparison, End, Group, Literal, Maybe, MaybeText, Name, Number, Operand, Word};

/// What must stand before a clause: elsewhere its words are names or calls.
enum Behind {
    /// Anything, or nothing.
    Anything,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number.
    ANumber,
    /// The name of a table, or its alias.
    ATable,
    /// The end of a name, or of something in brackets.
    AnOperand,
    /// `(`
    Open,
    /// `)`
    Close,
}

use Behind::{ANumber, ATable, AnOperand, Anything, Close, Open, Words};

/// A clause: the dialects that have it, where others have its words for something else; what stands before it;
/// its words.
type Clause = (&'static [D], Behind, &'static [Step]);

/// In whatever dialect.
const ALL: &[D] = &[];

const LEFT_OUT: &[Clause] = &[
    // How rows are read, locked, kept and sent.
    (ALL, Anything, &[Word("WITH"), Any(&["UR", "CS", "RS", "RR"])]),
    (ALL, Anything, &[Word("OPTIMIZE"), Word("FOR"), Operand, Maybe(&["ROW", "ROWS"])]),
    (ALL, Anything, &[Word("FOR"), Any(&["READ", "FETCH"]), Word("ONLY")]),
    (ALL, Anything, &[Word("LOCK"), Word("IN"), Word("SHARE"), Word("MODE")]),
    (ALL, Anything, &[Word("WAIT"), Number]),
    (&[D::TSql, D::Fabric], Anything, &[Word("OPTION"), Group, End]),
    (&[D::Sqlite], ATable, &[Word("INDEXED"), Word("BY"), Name]),
    (&[D::Sqlite], ATable, &[Word("NOT"), Word("INDEXED")]),
    (ALL, Anything, &[Word("SEGMENTED"), Word("BY"), Operand, Word("ALL"), Word("NODES")]),
    (ALL, Anything, &[Word("UNSEGMENTED"), Word("ALL"), Word("NODES")]),
    (ALL, Anything, &[Word("DISTRIBUTED"), Word("BY"), Group]),
    (ALL, Anything, &[Word("DISTRIBUTED"), Word("RANDOMLY")]),
    (ALL, Anything, &[Word("PROCEDURE"), Word("ANALYSE"), Group]),
    (
        ALL,
        Anything,
        &[Word("LOG"), Word("ERRORS"), Word("INTO"), Name, Word("REJECT"), Word("LIMIT"), Operand],
    ),
    (ALL, Anything, &[Word("LOG"), Word("ERRORS"), Word("REJECT"), Word("LIMIT"), Operand]),
    (ALL, Anything, &[Word("LOG"), Word("ERRORS"), Word("INTO"), Name]),
    (ALL, Anything, &[Word("LOG"), Word("ERRORS"), Group]),
    (ALL, Anything, &[Word("LOG"), Word("ERRORS")]),
    (ALL, Anything, &[Word("ON"), Word("ERROR"), Any(&["CONTINUE", "ABORT"])]),
    (ALL, Anything, &[Word("ELSE"), Word("IGNORE")]),
    (ALL, Anything, &[Word("WITH"), Word("SCHEMA"), Word("EVOLUTION")]),
    // Which state of a table, and which part of it.
    (ALL, Anything, &[Word("FOR"), Any(PERIODS), Word("FROM"), Operand, Word("TO"), Operand]),
    (ALL, Anything, &[Word("FOR"), Any(PERIODS), Word("BETWEEN"), Operand, Word("AND"), Operand]),
    (ALL, Anything, &[Word("FOR"), Any(PERIODS), Word("CONTAINED"), Word("IN"), Group]),
    (ALL, Anything, &[Word("FOR"), Any(PERIODS), Word("ALL")]),
    (
        ALL,
        Anything,
        &[Word("FOR"), Word("PORTION"), Word("OF"), Name, Word("FROM"), Operand, Word("TO"), Operand],
    ),
    (ALL, Anything, &[Maybe(&["FOR"]), Any(STATES), Word("AS"), Word("OF"), Operand]),
    (ALL, Anything, &[Word("AS"), Word("OF"), Any(&["TIMESTAMP", "SCN"]), Operand]),
    (
        ALL,
        Anything,
        &[Word("VERSIONS"), Word("BETWEEN"), Any(&["SCN", "TIMESTAMP"]), Operand, Word("AND"), Operand],
    ),
    (&[D::Snowflake], ATable, &[Word("CHANGES"), Group]),
    (ALL, Anything, &[Any(&["PARTITION", "SUBPARTITION"]), Word("FOR"), Group]),
    (ALL, Anything, &[Word("USING"), Word("SAMPLE"), Operand]),
    (ALL, Anything, &[Word("TABLESAMPLE"), Name, Group]),
    (ALL, Anything, &[Word("TABLESAMPLE"), Group]),
    (ALL, Anything, &[Word("SAMPLE"), Any(&["BLOCK", "SYSTEM", "BERNOULLI", "ROW"]), Group]),
    // How a query works, and how its rows are chosen among equals.
    (ALL, Anything, &[Word("USING"), Word("KEY"), Group]),
    (
        ALL,
        Anything,
        &[Word("WITH"), Any(&["DIFFERENTIAL_PRIVACY", "AGGREGATION_THRESHOLD"]), Word("OPTIONS"), Group],
    ),
    (ALL, Anything, &[Word("PREFERRING"), Any(&["LOW", "HIGH"]), Name]),
    (ALL, ANumber, &[Word("WITH"), Word("TIES")]),
    (ALL, Words(&["ORDER"]), &[Word("SIBLINGS"), Before("BY")]),
    (ALL, Anything, &[Word("USING"), Comparison]),
    (ALL, Words(FRAME), &[Word("EXCLUDE"), Word("CURRENT"), Word("ROW")]),
    (ALL, Words(FRAME), &[Word("EXCLUDE"), Word("NO"), Word("OTHERS")]),
    (ALL, Words(FRAME), &[Word("EXCLUDE"), Any(&["GROUP", "TIES"])]),
    (ALL, Anything, &[Any(&["INCLUDE", "EXCLUDE"]), Word("NULLS")]),
    (ALL, Words(&["PIVOT"]), &[Word("XML")]),
    (ALL, AnOperand, &[Word("AS"), Number]),
    // How functions and operators treat what they are given.
    (ALL, Words(&["BETWEEN"]), &[Any(&["SYMMETRIC", "ASYMMETRIC"])]),
    (ALL, Anything, &[Word("SOUNDS"), Before("LIKE")]),
    (ALL, Open, &[Any(&["LEADING", "TRAILING", "BOTH"]), Word("FROM")]),
    (&[D::Teradata], Close, &[Word("RETURNS"), Group]),
    (ALL, Anything, &[Word("ON"), Word("OVERFLOW"), Word("ERROR")]),
    (
        ALL,
        Anything,
        &[
            Word("ON"),
            Word("OVERFLOW"),
            Word("TRUNCATE"),
            MaybeText,
            Any(&["WITH", "WITHOUT"]),
            Word("COUNT"),
        ],
    ),
    (ALL, Anything, &[Word("ON"), Word("OVERFLOW"), Word("TRUNCATE"), MaybeText]),
    // What is read of a column is not left out.
    (ALL, Anything, &[Word("DEFAULT"), Literal, Word("ON"), Any(OUTCOMES)]),
    (ALL, Anything, &[Any(&["NULL", "ERROR"]), Word("ON"), Any(OUTCOMES)]),
    (ALL, Anything, &[Word("EMPTY"), Maybe(&["ARRAY", "OBJECT"]), Word("ON"), Any(OUTCOMES)]),
    (
        ALL,
        Anything,
        &[Word("WITH"), Maybe(&["CONDITIONAL", "UNCONDITIONAL"]), Maybe(&["ARRAY"]), Word("WRAPPER")],
    ),
    (ALL, Anything, &[Word("WITHOUT"), Maybe(&["ARRAY"]), Word("WRAPPER")]),
    (ALL, Anything, &[Any(&["KEEP", "OMIT"]), Word("QUOTES")]),
];

/// When a JSON function gives a default.
const OUTCOMES: &[&str] = &["EMPTY", "ERROR"];

/// The periods of a temporal table.
const PERIODS: &[&str] = &["SYSTEM_TIME", "BUSINESS_TIME", "APPLICATION_TIME"];

/// What tells the state of a table.
const STATES: &[&str] =
    &["VERSION", "TIMESTAMP", "SYSTEM_TIME", "SYSTEM_VERSION", "BUSINESS_TIME", "APPLICATION_TIME"];

/// Words with which the frame of a window ends.
const FRAME: &[&str] = &["ROW", "PRECEDING", "FOLLOWING"];

/// Words that are no name of a table.
const NO_TABLE: &[&str] =
    &["SELECT", "WHERE", "AND", "OR", "ON", "WHEN", "THEN", "ELSE", "NOT", "BY", "HAVING", "CASE"];

/// The place after a clause that is left out, if one stands here.
pub(super) fn left_out(source: &Source, at: usize) -> Option<usize> {
    LEFT_OUT.iter().find_map(|(dialects, behind, steps)| {
        let is_there = dialects.is_empty() || dialects.contains(&source.dialect);
        (is_there && behind.holds(source, at)).then(|| after(source, at, steps)).flatten()
    })
}

impl Behind {
    fn holds(&self, source: &Source, at: usize) -> bool {
        let Some(last) = at.checked_sub(1) else { return matches!(self, Anything) };
        match self {
            Anything => true,
            Words(words) => source.is_any(last, words),
            ANumber => matches!(source.token(last), Token::Number(..)),
            ATable => source.is_ident(last) && !source.is_any(last, NO_TABLE),
            AnOperand => matches!(source.token(last), Token::RParen | Token::Word(_)),
            Open => source.is_token(last, &Token::LParen),
            Close => source.is_token(last, &Token::RParen),
        }
    }
}

/// The place after the pattern, if it stands here.
fn after(source: &Source, start: usize, steps: &[Step]) -> Option<usize> {
    let is_number = |at: usize| matches!(source.token(at), Token::Number(..));
    let mut at = start;
    for step in steps {
        at = match step {
            Word(word) => source.is(at, word).then_some(at + 1)?,
            Any(words) => source.is_any(at, words).then_some(at + 1)?,
            Maybe(words) => at + usize::from(source.is_any(at, words)),
            MaybeText => at + usize::from(source.is_string(at)),
            Number => is_number(at).then_some(at + 1)?,
            Literal => (source.is_string(at) || is_number(at) || source.is(at, "NULL")).then_some(at + 1)?,
            Group => source.is_token(at, &Token::LParen).then(|| source.after_group(at))?,
            Name => Some(source.after_name(at)).filter(|&after| after > at)?,
            Operand => operand(source, at)?,
            Comparison => {
                let is_this = matches!(source.token(at), Token::Lt | Token::Gt | Token::LtEq | Token::GtEq);
                is_this.then_some(at + 1)?
            }
            Before(word) => source.is(at, word).then_some(at)?,
            End => {
                let ends =
                    matches!(source.token(at), Token::EOF | Token::SemiColon) || source.is(at, "UNION");
                ends.then_some(at)?
            }
        };
    }
    Some(at)
}

/// The place after an operand with the operators that follow it.
pub(super) fn operand(source: &Source, start: usize) -> Option<usize> {
    let mut at = primary(source, start)?;
    while matches!(source.token(at), Token::Plus | Token::Minus | Token::StringConcat) {
        at = primary(source, at + 1)?;
    }
    // A share: 10% or 10 PERCENT.
    at += usize::from(source.is_token(at, &Token::Mod) || source.is_any(at, &["PERCENT", "ROWS"]));
    Some(at)
}

fn primary(source: &Source, at: usize) -> Option<usize> {
    match source.token(at) {
        Token::LParen => Some(source.after_group(at)),
        Token::Word(_)
            if source.is_any(at, &["TIMESTAMP", "DATE", "INTERVAL"]) && source.is_string(at + 1) =>
        {
            Some(at + 2 + usize::from(source.is(at, "INTERVAL")))
        }
        Token::Word(_) => {
            let after = source.after_name(at);
            Some(if source.is_token(after, &Token::LParen) { source.after_group(after) } else { after })
        }
        Token::Number(..) | Token::Placeholder(_) => Some(at + 1),
        _ if source.is_string(at) => Some(at + 1),
        _ => None,
    }
}
