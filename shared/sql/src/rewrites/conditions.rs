//! Changes to a WHERE clause: conditions replaced, taken out and added, its shape kept.

use std::collections::BTreeMap;

use sqlparser::ast::{BinaryOperator, Expr};

use super::block::Block;
use super::context::Context;
use super::edit::Edits;
use super::source::Operand;

/// The changes to one WHERE clause.
#[derive(Default)]
pub(super) struct Conditions {
    /// By position among the conditions: the new text, or `None` to take it out.
    changed: BTreeMap<usize, Option<String>>,
    added: Vec<String>,
}

impl Conditions {
    /// Takes out the condition at this position.
    pub(super) fn remove(&mut self, index: usize) {
        self.changed.insert(index, None);
    }

    /// Puts another condition in the place of this one.
    pub(super) fn replace(&mut self, index: usize, with: String) {
        self.changed.insert(index, Some(with));
    }

    /// Adds a condition at the end.
    pub(super) fn add(&mut self, condition: String) {
        self.added.push(condition);
    }

    /// Makes the edits. `conjuncts` are the conditions that the clause has now.
    pub(super) fn write(
        mut self,
        cx: &Context<'_>,
        block: &Block<'_>,
        conjuncts: &[Operand<'_>],
        edits: &mut Edits,
    ) {
        let source = cx.source;
        // Where nothing else would be left, what is added takes the place of what goes.
        let gone = |changed: &BTreeMap<usize, Option<String>>| {
            (0..conjuncts.len()).all(|index| matches!(changed.get(&index), Some(None)))
        };
        if !conjuncts.is_empty() && gone(&self.changed) && !self.added.is_empty() {
            let first = self.added.remove(0);
            self.changed.insert(0, Some(first));
        }
        if gone(&self.changed) && !conjuncts.is_empty() {
            if let Some(clause) = &block.clauses.selection {
                edits.remove(source, &(clause.start - 1..clause.end));
            }
            return;
        }
        let mut kept_before = false;
        for (index, conjunct) in conjuncts.iter().enumerate() {
            match self.changed.get(&index) {
                Some(Some(text)) => edits.replace(source, &conjunct.tokens, text.clone()),
                Some(None) if kept_before => {
                    edits.remove(source, &(conjunct.tokens.start - 1..conjunct.tokens.end));
                    continue;
                }
                Some(None) => {
                    edits.remove_forward(source, &(conjunct.tokens.start..conjunct.tokens.end + 1));
                    continue;
                }
                None => {}
            }
            kept_before = true;
        }
        self.append(cx, block, conjuncts, edits);
    }

    fn append(&self, cx: &Context<'_>, block: &Block<'_>, conjuncts: &[Operand<'_>], edits: &mut Edits) {
        if self.added.is_empty() {
            return;
        }
        let source = cx.source;
        if block.clauses.selection.is_none() {
            let Some(last) = block.clauses.from.last().and_then(|item| item.tokens.end.checked_sub(1)) else {
                return;
            };
            let from = block.clauses.from.first().map_or(last, |item| item.tokens.start - 1);
            let text = match self.added.as_slice() {
                [one] => one.clone(),
                many => many.iter().map(|condition| guarded(condition)).collect::<Vec<_>>().join(&format!(
                    "{}{} ",
                    inner_break(cx, block, from),
                    cx.word("and")
                )),
            };
            edits.insert_after(
                source,
                last,
                format!("{}{} {text}", cx.line_break(block, from), cx.word("where")),
            );
            return;
        }
        if let [Operand { expr: Expr::BinaryOp { op: BinaryOperator::Or, .. }, tokens }] = conjuncts
            && self.changed.is_empty()
        {
            edits.insert_before(source, tokens.start, "(");
            edits.insert_after(source, tokens.end - 1, ")");
        }
        let kept = (0..conjuncts.len()).rev().find(|index| !matches!(self.changed.get(index), Some(None)));
        let Some(last) = kept.and_then(|index| conjuncts.get(index)) else { return };
        let separator = separator(cx, block, conjuncts, last);
        for condition in &self.added {
            edits.insert_after(
                source,
                last.tokens.end - 1,
                format!("{separator}{} {}", cx.word("and"), guarded(condition)),
            );
        }
    }
}

/// What stands between this condition of WHERE and an AND behind it: as between those that are there.
pub(super) fn separator(
    cx: &Context<'_>,
    block: &Block<'_>,
    conjuncts: &[Operand<'_>],
    before: &Operand<'_>,
) -> String {
    let last = before.tokens.start - 1;
    match (cx.source.indent(last), &block.clauses.selection) {
        ((true, blanks), _) if conjuncts.len() > 1 && cx.source.is(last, "AND") => format!("\n{blanks}"),
        (_, Some(clause)) => inner_break(cx, block, clause.start - 1),
        _ => " ".to_owned(),
    }
}

/// A line break and one level more than the line of this token.
fn inner_break(cx: &Context<'_>, block: &Block<'_>, at: usize) -> String {
    let base = cx.line_break(block, at);
    if base.starts_with('\n') { format!("{base}  ") } else { base }
}

/// In parentheses where it may be a chain of ORs. A condition that stands in parentheses is kept as it is.
fn guarded(condition: &str) -> String {
    let mut depth = 0_i32;
    let mut quoted = false;
    let bytes = condition.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'o' | b'O' if depth == 0 => {
                let word =
                    |from: usize| bytes.get(from).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
                let starts = at == 0 || !word(at - 1);
                if starts && bytes.get(at + 1).is_some_and(|b| b.eq_ignore_ascii_case(&b'r')) && !word(at + 2)
                {
                    return format!("({condition})");
                }
            }
            _ => {}
        }
    }
    condition.to_owned()
}
