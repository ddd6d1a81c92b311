//! A quick mark of a term: equal terms have equal marks, others mostly not. A full hash would walk through
//! every query inside, over and over.

use crate::prove::term::{Literal, Term};

/// The mark of a term.
pub fn of(term: &Term) -> u64 {
    let mut mark = Mark(0);
    mark.term(term);
    mark.0
}

struct Mark(u64);

impl Mark {
    /// Fowler, Noll and Vo's way of mixing, a word at a time.
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x0100_0000_01b3_u64 | 1 << 63);
    }

    fn text(&mut self, text: &str) {
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(text.len() as u64);
    }

    fn wide(&mut self, number: i128) {
        let bytes = number.to_le_bytes();
        let (low, high) = bytes.split_at(8);
        for half in [low, high] {
            let mut word = [0; 8];
            word.copy_from_slice(half);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Column(var, at, _) => {
                self.mix(1);
                self.mix(u64::from(*var));
                self.mix(*at as u64);
            }
            Term::Literal(literal, _) => {
                self.mix(2);
                self.literal(literal);
            }
            Term::Call(name, arguments, _) => {
                self.mix(3);
                self.text(name);
                arguments.iter().for_each(|argument| self.term(argument));
            }
            Term::Case(arms, otherwise, _) => {
                self.mix(4 + arms.len() as u64);
                self.term(otherwise);
            }
            Term::Truth(..) => self.mix(5),
            Term::Aggregate(name, query, _) => {
                self.mix(6);
                self.text(name);
                for block in &query.blocks {
                    self.mix(block.sources.len() as u64);
                    self.mix(block.conditions.len() as u64);
                    block.sources.iter().for_each(|(var, _)| self.mix(u64::from(*var)));
                }
            }
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Null => self.mix(0),
            Literal::Bool(value) => self.mix(u64::from(*value)),
            Literal::Int(n) => self.wide(*n),
            Literal::Decimal(n, scale) => {
                self.wide(*n);
                self.mix(u64::from(*scale));
            }
            Literal::Float(bits) => self.mix(*bits),
            Literal::Text(text) | Literal::Other(text) => self.text(text),
            Literal::Date(day) => self.wide(i128::from(*day)),
            Literal::Time(n) | Literal::Timestamp(n) => self.wide(i128::from(*n)),
            Literal::Interval(months, days, nanos) => {
                self.wide(i128::from(*months));
                self.wide(i128::from(*days));
                self.wide(i128::from(*nanos));
            }
        }
    }
}
