//! What a rewrite is given: one statement, its blocks, its text, and how its author writes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint, JoinOperator, Query, SelectItem};
use sqm_domain::Dialect;

use super::block::{Block, Blocks, Reference, Relation, Target};
use super::expression;
use super::source::{Operand, Source, Tokens};

/// One statement, ready to be looked at.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) blocks: &'a Blocks<'a>,
    pub(super) dialect: Dialect,
    /// The statement's query.
    pub(super) query: Option<&'a Query>,
    /// Every word of the text and every name made up so far, lower-case.
    taken: RefCell<BTreeSet<String>>,
    upper: bool,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        source: &'a Source<'a>,
        blocks: &'a Blocks<'a>,
        dialect: Dialect,
        query: Option<&'a Query>,
    ) -> Self {
        let upper = blocks.list.first().is_some_and(|block| {
            let start = block.clauses.select.start;
            source.slice(&(start..start + 1)) == "SELECT"
        });
        Self { source, blocks, dialect, query, taken: RefCell::new(source.words().collect()), upper }
    }

    /// Every block with its number.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &'a Block<'a>)> {
        self.blocks.list.iter().enumerate()
    }

    /// A keyword, or several, in the case in which the author writes them.
    pub(super) fn word(&self, word: &str) -> String {
        if self.upper { word.to_uppercase() } else { word.to_lowercase() }
    }

    /// A WHERE with these conditions, each on a line.
    pub(super) fn where_lines<T: AsRef<str>>(&self, conditions: &[T]) -> Vec<String> {
        let word = |at| if at == 0 { self.word("where") } else { format!("  {}", self.word("and")) };
        conditions.iter().enumerate().map(|(at, one)| format!("{} {}", word(at), one.as_ref())).collect()
    }

    /// A name that the statement does not use yet: this one, or this one with a number.
    pub(super) fn fresh(&self, wanted: &str) -> String {
        let plain: String = wanted
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '_' })
            .collect();
        let mut taken = self.taken.borrow_mut();
        let mut name = plain.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        name
    }

    /// Forgets names made up for a candidate, so that the next one starts afresh.
    pub(super) fn forget_names(&self) {
        *self.taken.borrow_mut() = self.source.words().collect();
    }

    /// The text of these tokens.
    pub(super) fn text(&self, tokens: &Tokens) -> &'a str {
        self.source.slice(tokens)
    }

    /// The text of these tokens on one line, as far as no comment stands between them.
    pub(super) fn flat(&self, tokens: &Tokens) -> String {
        self.source.flat(tokens)
    }

    /// The conditions of WHERE, all of which hold for each row. `None` where text and tree disagree;
    /// empty without WHERE.
    pub(super) fn conjuncts(&self, block: &Block<'a>) -> Option<Vec<Operand<'a>>> {
        match (&block.select.selection, &block.clauses.selection) {
            (Some(expr), Some(tokens)) => self.source.operands(expr, tokens, &BinaryOperator::And),
            _ => Some(Vec::new()),
        }
    }

    /// The conditions of an ON clause.
    pub(super) fn on_conjuncts(
        &self,
        block: &Block<'a>,
        item: usize,
        join: usize,
    ) -> Option<Vec<Operand<'a>>> {
        let on = block.select.from.get(item)?.joins.get(join)?;
        let text = block.clauses.from.get(item)?.joins.get(join)?;
        match (constraint(&on.join_operator)?, &text.on) {
            (JoinConstraint::On(expr), Some(tokens)) => {
                self.source.operands(expr, tokens, &BinaryOperator::And)
            }
            (JoinConstraint::None, None) => Some(Vec::new()),
            _ => None,
        }
    }

    /// The names within these tokens.
    pub(super) fn names(&self, tokens: &Tokens) -> &'a [Reference] {
        self.blocks.within(tokens)
    }

    /// Whether every name within these tokens is resolved.
    pub(super) fn is_resolved(&self, tokens: &Tokens) -> bool {
        self.names(tokens).iter().all(|name| name.target.is_some())
    }

    /// What a column's name refers to.
    pub(super) fn target(&self, expr: &Expr) -> Option<&'a Target> {
        self.blocks.target_at(self.source.at(expression::place(expr)?)?)
    }

    /// The type of a column as the catalog writes it, upper-case.
    pub(super) fn data_type(&self, target: &Target) -> Option<String> {
        let (table, column) = self.blocks.base(target)?;
        table.columns.get(column)?.data_type.as_ref().map(|name| name.to_uppercase())
    }

    /// The relations of a block that these tokens name, and whether every other name among them is
    /// resolved to another block outside of these tokens or inside of them.
    pub(super) fn relations_in(&self, tokens: &Tokens, block: usize) -> Option<BTreeSet<usize>> {
        let mut found = BTreeSet::new();
        for name in self.names(tokens) {
            let target = name.target.as_ref()?;
            if target.block == block {
                found.insert(target.relation);
            }
        }
        Some(found)
    }

    /// Whether any name within these tokens refers to this relation, or may do so.
    pub(super) fn may_name(&self, tokens: &Tokens, block: usize, relation: usize) -> bool {
        self.names(tokens)
            .iter()
            .any(|name| name.target.as_ref().is_none_or(|t| t.block == block && t.relation == relation))
    }

    /// The tokens of a subquery without its parentheses. The SELECT must be all of it.
    pub(super) fn subquery(&self, block: &Block<'_>) -> Option<Tokens> {
        let scope = &block.clauses.scope;
        let opened = scope.start.checked_sub(1)?;
        (self.source.mate(opened)? == scope.end).then(|| scope.clone())
    }

    /// The text by which a relation is named and renamed in FROM.
    pub(super) fn relation_tokens(&self, block: &Block<'_>, relation: &Relation<'_>) -> Option<Tokens> {
        let item = block.clauses.from.get(relation.item)?;
        Some(match relation.join {
            None => item.relation.clone(),
            Some(join) => item.joins.get(join)?.relation.clone(),
        })
    }

    /// How a column of this relation is written so that it means no other: qualified as the author
    /// qualifies, with the name in the author's quotes.
    pub(super) fn qualifier(&self, block: &Block<'_>, relation: &Relation<'_>) -> Option<String> {
        let tokens = self.relation_tokens(block, relation)?;
        // The alias, or the last part of the name, is the last word.
        let last = tokens.end.checked_sub(1)?;
        let text = self.text(&(last..last + 1));
        let bare = text.trim_matches(|c| matches!(c, '"' | '`' | '[' | ']'));
        bare.eq_ignore_ascii_case(&relation.name).then(|| text.to_owned())
    }

    /// The text of these tokens of `outer` as it has to stand inside of `inner`, a block within it: names
    /// without a qualifier get one. `None` where a name would mean something else there.
    pub(super) fn carried(
        &self,
        tokens: &Tokens,
        outer: &Block<'_>,
        outer_id: usize,
        inner: &Block<'_>,
    ) -> Option<String> {
        let mut edits = super::edit::Edits::default();
        let mut unchanged = true;
        for name in self.names(tokens) {
            let target = name.target.as_ref()?;
            if target.block != outer_id {
                continue;
            }
            let relation = outer.relations.get(target.relation)?;
            if inner.relations.iter().any(|other| other.name.eq_ignore_ascii_case(&relation.name)) {
                return None;
            }
            if !name.qualified {
                let qualified = format!("{}.{}", self.qualifier(outer, relation)?, self.text(&name.tokens));
                edits.replace(self.source, &name.tokens, qualified);
                unchanged = false;
            }
        }
        if unchanged { Some(self.flat(tokens)) } else { edits.within(self.source, tokens) }
    }

    /// Whether the block is written over more than one line.
    pub(super) fn is_multiline(&self, block: &Block<'_>) -> bool {
        self.text(&block.clauses.select).contains('\n')
    }

    /// A line break with the blanks before the line of this token, or one blank where the block is
    /// written on one line.
    pub(super) fn line_break(&self, block: &Block<'_>, at: usize) -> String {
        if self.is_multiline(block) { format!("\n{}", self.source.indent(at).1) } else { " ".to_owned() }
    }

    /// Lines of a subquery in parentheses, set in below the block's WHERE or FROM; on one line where the
    /// block is written so.
    pub(super) fn in_parentheses(&self, block: &Block<'_>, lines: &[String]) -> String {
        if !self.is_multiline(block) {
            let line = lines.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join(" ");
            return format!("({line})");
        }
        let clauses = &block.clauses;
        let condition = clauses.selection.as_ref().map(|tokens| tokens.start);
        let first = clauses.from.first().map_or(clauses.select.start, |item| item.tokens.start);
        let line = self.source.indent(condition.unwrap_or(first).saturating_sub(1)).1;
        // Below the AND of the last condition, or one step in from WHERE.
        let last =
            self.conjuncts(block).unwrap_or_default().pop().map(|last| last.tokens.start.saturating_sub(1));
        let base = match (condition, last.map(|and| (self.source.is(and, "AND"), self.source.indent(and)))) {
            (_, Some((true, (true, blanks)))) => blanks.to_owned(),
            (Some(start), _) if self.source.indent(start).0 => self.source.indent(start).1.to_owned(),
            (Some(_), _) => format!("{line}  "),
            (None, _) => line.to_owned(),
        };
        let step = self.step();
        let body: Vec<String> = lines.iter().map(|line| format!("{base}{step}{line}")).collect();
        format!("(\n{}\n{base})", body.join("\n"))
    }

    /// The break before a join that is added at the end of a FROM clause: like the joins that are there,
    /// or like its first relation where that stands on a line of its own.
    pub(super) fn join_break(&self, block: &Block<'_>) -> Option<String> {
        let first = block.clauses.from.first()?;
        let joined = block.clauses.from.iter().flat_map(|item| &item.joins).next_back();
        for at in joined.map(|join| join.tokens.start).into_iter().chain([first.tokens.start]) {
            if let (true, blanks) = self.source.indent(at) {
                return Some(format!("\n{blanks}"));
            }
        }
        Some(self.line_break(block, first.tokens.start - 1))
    }

    /// The blanks by which one more level is set in.
    pub(super) fn step(&self) -> &'static str {
        if self.source.text.contains("\n\t") { "\t" } else { "    " }
    }

    /// The keyword between a relation and its alias.
    pub(super) fn alias_word(&self) -> String {
        // Oracle takes no AS there.
        if self.dialect == Dialect::Oracle { String::new() } else { format!("{} ", self.word("as")) }
    }

    /// The expression and tokens of an item of the SELECT list, without its alias.
    pub(super) fn item(&self, block: &Block<'a>, index: usize) -> Option<(&'a Expr, Tokens)> {
        let tokens = block.clauses.projection.get(index)?.clone();
        match block.select.projection.get(index)? {
            SelectItem::UnnamedExpr(expr) => Some((expr, tokens)),
            SelectItem::ExprWithAlias { expr, .. } => {
                let alias = tokens.end.checked_sub(1)?;
                let end = if self.source.is(alias.checked_sub(1)?, "AS") { alias - 1 } else { alias };
                Some((expr, tokens.start..end))
            }
            _ => None,
        }
    }
}

/// The condition of a join.
pub(super) fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(c)
        | JoinOperator::Inner(c)
        | JoinOperator::Left(c)
        | JoinOperator::LeftOuter(c)
        | JoinOperator::Right(c)
        | JoinOperator::RightOuter(c)
        | JoinOperator::FullOuter(c)
        | JoinOperator::CrossJoin(c) => Some(c),
        _ => None,
    }
}

/// Whether a join keeps exactly the pairs of rows that its condition holds for.
pub(super) fn is_inner(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_))
}

/// Whether a join keeps each row of its left side at least once.
pub(super) fn is_left(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_))
}
