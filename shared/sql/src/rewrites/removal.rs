//! A relation taken out of a FROM clause of inner joins, its columns written as those of another.

use std::collections::BTreeMap;

use super::block::Block;
use super::conditions::Conditions;
use super::context::{self, Context};
use super::edit::Edits;
use super::same;
use super::source::{Operand, Tokens};
use super::unused_left_join::{selects_all, selects_all_of};

/// A condition of WHERE, or of the ON clause of a join, on the rows that a block lets through.
pub(super) struct Condition<'a> {
    pub(super) operand: Operand<'a>,
    /// The join whose ON it stands in; `None` in WHERE.
    pub(super) join: Option<(usize, usize)>,
}

/// Every condition that each row of the block meets. `None` where a join is not inner, or nothing is known
/// of it.
pub(super) fn conditions<'a>(cx: &Context<'a>, block: &Block<'a>) -> Option<Vec<Condition<'a>>> {
    let mut found = Vec::new();
    for (item, from) in block.select.from.iter().enumerate() {
        for (index, join) in from.joins.iter().enumerate() {
            if !context::is_inner(&join.join_operator) {
                return None;
            }
            found.extend(
                cx.on_conjuncts(block, item, index)?
                    .into_iter()
                    .map(|operand| Condition { operand, join: Some((item, index)) }),
            );
        }
    }
    found.extend(cx.conjuncts(block)?.into_iter().map(|operand| Condition { operand, join: None }));
    Some(found)
}

/// What becomes of a relation's columns: how each is written from now on, by its name in lower case.
pub(super) type Written = BTreeMap<String, String>;

/// A relation that goes.
pub(super) struct Gone {
    pub(super) relation: usize,
    /// How its columns are written from now on.
    pub(super) written: Written,
    /// The conditions, by their first token, that go or become another text.
    pub(super) changed: BTreeMap<usize, Option<String>>,
}

/// Takes out a relation. `None` where a column of it is used that is not written otherwise, or the clause
/// is of a shape that is left alone.
pub(super) fn remove(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    gone: &Gone,
    edits: &mut Edits,
) -> Option<()> {
    let Gone { relation, written, changed } = gone;
    let relation = *relation;
    if selects_all(block) || selects_all_of(block, relation) {
        return None;
    }
    let own = block.relations.get(relation)?;
    let item = block.clauses.from.get(own.item)?;
    let all = conditions(cx, block)?;
    let of_this = |target: &super::block::Target| (target.block, target.relation) == (id, relation);
    let mut known = true;
    let mut rewritten = |tokens: &Tokens| -> Option<String> {
        same::renamed(cx, tokens, |_, target| {
            if !of_this(target) {
                return None;
            }
            let text = written.get(&target.column.to_lowercase());
            known &= text.is_some();
            text.cloned()
        })
    };
    // The text that goes, and what it asked beside.
    let mut changes = Conditions::default();
    let out: Tokens = match own.join {
        Some(join) => {
            let tokens = item.joins.get(join)?.tokens.clone();
            edits.remove(cx.source, &tokens);
            tokens
        }
        None if item.joins.is_empty() && block.clauses.from.len() > 1 => {
            if own.item > 0 {
                edits.remove(cx.source, &(item.tokens.start - 1..item.tokens.end));
            } else {
                edits.remove_forward(cx.source, &(item.tokens.start..item.tokens.end + 1));
            }
            item.tokens.clone()
        }
        None => {
            let next = item.joins.first()?;
            let tokens = item.relation.start..next.tokens.end;
            if cx.source.has_comment(&tokens) {
                return None;
            }
            edits.replace(cx.source, &tokens, cx.text(&next.relation));
            tokens
        }
    };
    let conjuncts = cx.conjuncts(block)?;
    let mut done: Vec<Tokens> = vec![out.clone()];
    for condition in &all {
        let tokens = &condition.operand.tokens;
        let change = changed.get(&tokens.start);
        if condition.join.is_some() && tokens.start >= out.start && tokens.end <= out.end {
            match change {
                Some(None) => {}
                Some(Some(text)) => changes.add(text.clone()),
                None => changes.add(rewritten(tokens)?),
            }
        } else if condition.join.is_none() {
            let at = conjuncts.iter().position(|operand| operand.tokens == *tokens)?;
            match change {
                Some(None) => changes.remove(at),
                Some(Some(text)) => changes.replace(at, text.clone()),
                None if cx.names(tokens).iter().any(|n| n.target.as_ref().is_some_and(&of_this)) => {
                    changes.replace(at, rewritten(tokens)?);
                }
                None => continue,
            }
            done.push(tokens.clone());
        } else if change.is_some() {
            return None;
        }
    }
    for name in cx.names(&block.clauses.scope) {
        if done.iter().any(|tokens| tokens.contains(&name.tokens.start)) {
            continue;
        }
        match &name.target {
            Some(target) if of_this(target) => {
                edits.replace(cx.source, &name.tokens, written.get(&target.column.to_lowercase())?.clone());
            }
            // An alias of the SELECT list.
            None if !name.qualified && block.has_alias(cx.text(&name.tokens)) => {}
            None => return None,
            Some(_) => {}
        }
    }
    changes.write(cx, block, &conjuncts, edits);
    known.then_some(())
}

/// The name under which an item of the SELECT list comes out, if it is a bare column of this relation
/// whose new text has another name: such an item would be renamed.
pub(super) fn renames_output(
    cx: &Context<'_>,
    id: usize,
    block: &Block<'_>,
    relation: usize,
    written: &Written,
) -> bool {
    block.select.projection.iter().any(|item| {
        let sqlparser::ast::SelectItem::UnnamedExpr(expr) = item else { return false };
        cx.target(expr).is_some_and(|target| {
            (target.block, target.relation) == (id, relation)
                && written.get(&target.column.to_lowercase()).is_some_and(|text| {
                    let last = text.rsplit('.').next().unwrap_or(text).trim_matches(['"', '`', '[', ']']);
                    !last.eq_ignore_ascii_case(&target.column)
                })
        })
    })
}
