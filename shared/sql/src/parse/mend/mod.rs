//! What the grammar rejects and people send, brought to a form that it takes, on tokens.
//!
//! Only a statement that does not parse as it is gets here. Words that say nothing about tables and
//! columns are left out, others replaced by what means the same; every token that stays keeps its place,
//! and one that is put in has the place of what it stands for. What changes the meaning is recorded.

mod alter;
mod changed_rows;
mod clause;
mod create;
mod domain;
mod expression;
mod inner_name;
mod insert;
mod left_out;
mod named;
mod output;
mod pivot;
mod setop;
mod table;
mod template;
mod types;
mod using_alias;
mod words;

use serde::Serialize;
use sqlparser::tokenizer::TokenWithSpan;
use sqm_domain::Dialect;

use super::source::{Output, Source};
use crate::text::Position;
pub(super) use clause::is_modifier;
pub(super) use table::{is_only, is_stream};

/// How the tokens of a tree differ from the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mend {
    /// Where, in the text.
    pub position: Position,
    /// What was done.
    pub kind: MendKind,
}

/// What was done to make a statement fit the grammar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MendKind {
    /// The same was written in other words.
    Spelled,
    /// Words were left out or replaced without any influence on which tables and columns are meant. What the
    /// rows are may depend on them.
    Rephrased,
    /// A set operation that matches columns by name and says which of them it keeps; the tree has it
    /// as BY NAME. The position is that of its UNION, EXCEPT or INTERSECT.
    SetByName {
        /// Which columns remain.
        side: SetSide,
        /// The columns that are matched, if they are listed.
        columns: Vec<String>,
    },
    /// An INSERT whose columns are those of the query by name, not by position.
    InsertByName,
    /// The columns of the table that OUTPUT … INTO fills: the tree has the table alone.
    OutputColumns {
        /// Their names, in order.
        columns: Vec<String>,
    },
    /// A constraint of a CREATE TABLE that the tree does not have. The position is that of its first word.
    ConstraintLeftOut {
        /// The place after its last character.
        end: Position,
    },
    /// A name in WITH that stands for an expression; the tree has it as a query.
    NamedExpression {
        /// The name.
        name: String,
    },
}

impl MendKind {
    /// Whether the tree says all that matters to the flow of columns.
    pub(crate) fn is_in_tree(&self) -> bool {
        matches!(self, Self::Spelled | Self::Rephrased | Self::ConstraintLeftOut { .. })
    }
}

/// Which columns a set operation by name keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetSide {
    /// All of both sides.
    Full,
    /// Those of the left side.
    Left,
    /// Those that both sides have.
    Inner,
}

/// The tokens of a statement in another form, and what was done to them; `None` where nothing applies.
pub(super) fn mend(tokens: &[TokenWithSpan], dialect: Dialect) -> Option<(Vec<TokenWithSpan>, Vec<Mend>)> {
    let mut mends = Vec::new();
    let mut source = Source::of(tokens, dialect);
    for pass in [
        template::mend,
        create::mend,
        domain::mend,
        alter::mend,
        insert::mend,
        pivot::mend,
        using_alias::mend,
        changed_rows::mend,
        inner_name::mend,
        named::mend,
        output::move_behind_from,
    ] {
        if let Some(better) = pass(&source, &mut mends) {
            source = Source::from_toks(better, dialect);
        }
    }
    let mut output = Output::default();
    let mut at = 0;
    while at < source.len() {
        let spelled = expression::dollar_name(&source, at, &mut output)
            .or_else(|| clause::spelled(&source, at, &mut output))
            .or_else(|| table::brackets(&source, at, &mut output))
            .or_else(|| expression::spelled(&source, at, &mut output));
        let kind = if spelled.is_some() { MendKind::Spelled } else { MendKind::Rephrased };
        let next = spelled
            .or_else(|| setop::mend(&source, at, &mut output, &mut mends))
            .or_else(|| output::mend(&source, at, &mut output, &mut mends))
            .or_else(|| clause::mend(&source, at, &mut output))
            .or_else(|| table::mend(&source, at, &mut output))
            .or_else(|| words::mend(&source, at, &mut output))
            .or_else(|| expression::mend(&source, at, &mut output));
        at = match next {
            Some(next) => {
                output.changed = true;
                if mends.len() < 1000 {
                    mends.push(Mend { position: source.position(at), kind });
                }
                next.max(at)
            }
            None => {
                output.copy(&source, at);
                at + 1
            }
        };
    }
    (output.changed || !mends.is_empty()).then(|| (output.into_tokens(), mends))
}

#[cfg(test)]
mod tests;
