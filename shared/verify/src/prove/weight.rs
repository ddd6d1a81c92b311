//! How large terms and queries are. SQL of a few kilobytes can say something that is doubled at every level
//! (`SELECT a || a AS a FROM (…)`), so that growth has to be stopped where it starts.

use super::term::{Block, Fact, Formula, Query, Source, Term};

/// Counts down while it walks, and gives up at nothing.
struct Scale {
    left: usize,
}

/// Whether a term has more nodes than this.
pub fn is_term_over(term: &Term, most: usize) -> bool {
    !Scale { left: most }.term(term)
}

/// Whether a query has more nodes than this.
pub fn is_query_over(query: &Query, most: usize) -> bool {
    !Scale { left: most }.query(query)
}

impl Scale {
    fn one(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn term(&mut self, term: &Term) -> bool {
        self.one()
            && match term {
                Term::Column(..) | Term::Literal(..) => true,
                Term::Call(_, arguments, _) => arguments.iter().all(|argument| self.term(argument)),
                Term::Case(arms, otherwise, _) => {
                    arms.iter().all(|(guard, value)| self.formula(guard) && self.term(value))
                        && self.term(otherwise)
                }
                Term::Truth(yes, no) => self.formula(yes) && self.formula(no),
                Term::Aggregate(_, query, _) => self.query(query),
            }
    }

    fn formula(&mut self, formula: &Formula) -> bool {
        self.one()
            && match formula {
                Formula::True | Formula::False => true,
                Formula::And(parts) | Formula::Or(parts) => parts.iter().all(|part| self.formula(part)),
                Formula::Fact(fact) => match fact {
                    Fact::Equal(a, b)
                    | Fact::Unequal(a, b)
                    | Fact::Less(a, b)
                    | Fact::AtMost(a, b)
                    | Fact::Same(a, b)
                    | Fact::Distinct(a, b) => self.term(a) && self.term(b),
                    Fact::Null(a) | Fact::NotNull(a) | Fact::Holds(a) | Fact::Fails(a) => self.term(a),
                    Fact::Exists(query) | Fact::Empty(query) => self.query(query),
                },
            }
    }

    fn query(&mut self, query: &Query) -> bool {
        query.blocks.iter().all(|block| self.block(block))
    }

    fn block(&mut self, block: &Block) -> bool {
        self.one()
            && block.sources.iter().all(|(_, source)| {
                self.one()
                    && match source {
                        Source::Table(_) => true,
                        Source::Distinct(query) | Source::Opaque(_, query) => self.query(query),
                    }
            })
            && block.conditions.iter().all(|condition| self.formula(condition))
            && block.outputs.iter().all(|output| self.term(output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_ends_at_the_limit() {
        let mut term = Term::int(1);
        for _ in 0..12 {
            term = Term::Call("||".into(), vec![term.clone(), term], crate::prove::term::Type::Text);
        }
        assert!(is_term_over(&term, 8_000));
        assert!(!is_term_over(&term, 9_000));
    }
}
