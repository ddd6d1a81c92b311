//! Texts with their names resolved, so that two places of a statement can be held against each other,
//! and text of one block brought to the names of another.

use sqlparser::ast::JoinOperator;
use sqlparser::tokenizer::Token;

use super::block::{Block, Reference, Target};
use super::context::{self, Context};
use super::edit::Edits;
use super::source::{self, Tokens};

/// The tokens as one text in which each column is written as `name` says, and words in lower case. Two
/// texts that come out the same say the same. `None` where a name is not resolved or `name` gives none.
pub(super) fn canonical(
    cx: &Context<'_>,
    tokens: &Tokens,
    name: impl Fn(&Target) -> Option<String>,
) -> Option<String> {
    let mut text = String::new();
    let mut names = cx.names(tokens).iter().peekable();
    let mut at = tokens.start;
    while at < tokens.end {
        if let Some(reference) = names.next_if(|reference| reference.tokens.start == at) {
            text.push_str(&name(reference.target.as_ref()?)?);
            at = reference.tokens.end;
        } else {
            let token = cx.text(&(at..at + 1));
            match cx.source.token(at) {
                Some(Token::Word(word)) if word.quote_style.is_none() => text.push_str(&token.to_lowercase()),
                _ => text.push_str(token),
            }
            at += 1;
        }
        text.push(' ');
    }
    Some(text)
}

/// How a column is written in a canonical text of this block: by the position of its relation, and by
/// the distance of its block where that is another one.
pub(super) fn in_block(of: usize, is_inside: bool, target: &Target) -> String {
    let column = target.column.to_lowercase();
    match target.block {
        block if block == of => format!("#{}.{column}", target.relation),
        block if is_inside => format!("+{}.{}.{column}", block - of, target.relation),
        block => format!("@{block}.{}.{column}", target.relation),
    }
}

/// The canonical text of tokens that belong to this block.
pub(super) fn of_block(cx: &Context<'_>, tokens: &Tokens, block: usize) -> Option<String> {
    canonical(cx, tokens, |target| Some(in_block(block, cx.blocks.is_inside(target.block, block), target)))
}

/// Whether two blocks read the same tables, joined in the same way.
pub(super) fn same_from(cx: &Context<'_>, left: usize, right: usize) -> bool {
    let (one, two) = (&cx.blocks.list[left], &cx.blocks.list[right]);
    let alike = one.relations.len() == two.relations.len()
        && !one.relations.is_empty()
        && one.relations.iter().zip(&two.relations).all(|(a, b)| {
            a.table.is_some()
                && a.parts.len() == b.parts.len()
                && a.parts.iter().zip(&b.parts).all(|(a, b)| a.eq_ignore_ascii_case(b))
                && (a.item, a.join) == (b.item, b.join)
        });
    alike && joins(cx, left, one).is_some_and(|joins| Some(joins) == self::joins(cx, right, two))
}

/// The joins of a block as texts. `None` where they are of a kind that is not compared.
fn joins(cx: &Context<'_>, id: usize, block: &Block<'_>) -> Option<Vec<(bool, String)>> {
    let mut found = Vec::new();
    for (item, from) in block.select.from.iter().enumerate() {
        for (index, join) in from.joins.iter().enumerate() {
            let is_left = context::is_left(&join.join_operator);
            if !is_left && !context::is_inner(&join.join_operator) {
                return None;
            }
            let on = block.clauses.from.get(item)?.joins.get(index)?.on.clone();
            let cross = matches!(join.join_operator, JoinOperator::CrossJoin(_));
            found.push((
                is_left,
                match on {
                    Some(tokens) => of_block(cx, &tokens, id)?,
                    None if cross => "cross".to_owned(),
                    None => String::new(),
                },
            ));
        }
    }
    Some(found)
}

/// The text of these tokens with columns written anew where `new` says how. `None` where a name is not
/// resolved.
pub(super) fn renamed(
    cx: &Context<'_>,
    tokens: &Tokens,
    mut new: impl FnMut(&Reference, &Target) -> Option<String>,
) -> Option<String> {
    let mut edits = Edits::default();
    for name in cx.names(tokens) {
        if let Some(text) = new(name, name.target.as_ref()?) {
            edits.replace(cx.source, &name.tokens, text);
        }
    }
    let text = edits.within(cx.source, tokens)?;
    Some(if cx.source.has_comment(tokens) { text } else { source::flattened(&text) })
}

/// The column's own name within a reference, as the author writes it.
pub(super) fn column_text<'a>(cx: &Context<'a>, name: &Reference) -> &'a str {
    cx.text(&(name.tokens.end - 1..name.tokens.end))
}

/// The text of tokens of one block with the names of another that reads the same tables.
pub(super) fn moved(cx: &Context<'_>, tokens: &Tokens, from: usize, to: usize) -> Option<String> {
    let block = cx.blocks.list.get(to)?;
    let mut known = true;
    let text = renamed(cx, tokens, |name, target| {
        if target.block != from || !name.qualified {
            return None;
        }
        let qualifier = block.relations.get(target.relation).and_then(|r| cx.qualifier(block, r));
        known &= qualifier.is_some();
        Some(format!("{}.{}", qualifier?, column_text(cx, name)))
    });
    text.filter(|_| known)
}
