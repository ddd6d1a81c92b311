//! Regular expressions on the names of columns, as far as people write them there: characters, classes,
//! groups, alternatives, repetitions, anchors. Matched without backtracking: bounded by the lengths alone.

/// A pattern, ready to be matched.
pub(super) struct Pattern {
    states: Vec<State>,
    start: usize,
}

enum State {
    Match,
    /// One character that passes the test, then the other state.
    One(Test, usize),
    /// Either.
    Split(usize, usize),
    /// The start of the text, then the other state.
    Start(usize),
    /// The end of the text, then the other state.
    End(usize),
}

#[derive(Clone)]
enum Test {
    Any,
    Is(char),
    In(Vec<(char, char)>, bool),
}

/// The longest pattern that is looked at.
const MOST_CHARS: usize = 256;

/// The most groups inside each other.
const MOST_DEPTH: usize = 16;

struct Reader<'p> {
    chars: std::iter::Peekable<std::str::Chars<'p>>,
    states: Vec<State>,
    depth: usize,
}

impl Pattern {
    /// Reads a pattern; `None` where it says something that is not known here.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.chars().count() > MOST_CHARS {
            return None;
        }
        let mut reader = Reader { chars: text.chars().peekable(), states: vec![State::Match], depth: 0 };
        let tree = reader.alternatives()?;
        if reader.chars.next().is_some() {
            return None;
        }
        let start = reader.compile(&tree, 0);
        Some(Self { states: reader.states, start })
    }

    /// Whether it matches somewhere in the text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let mut current = vec![false; self.states.len()];
        for at in 0..=chars.len() {
            // It may begin anywhere.
            if self.reach(self.start, at == 0, at == chars.len(), &mut current) {
                return true;
            }
            let Some(&c) = chars.get(at) else { break };
            let mut next = vec![false; self.states.len()];
            for (state, _) in self.states.iter().zip(&current).filter(|(_, here)| **here) {
                if let State::One(test, then) = state
                    && test.passes(c)
                    && self.reach(*then, false, at + 1 == chars.len(), &mut next)
                {
                    return true;
                }
            }
            current = next;
        }
        false
    }

    /// Marks what can be reached without a character; says whether the end is.
    fn reach(&self, state: usize, is_start: bool, is_end: bool, marks: &mut [bool]) -> bool {
        let mut work = vec![state];
        while let Some(state) = work.pop() {
            if std::mem::replace(&mut marks[state], true) {
                continue;
            }
            match self.states[state] {
                State::Match => return true,
                State::One(..) => {}
                State::Split(a, b) => work.extend([a, b]),
                State::Start(then) => work.extend(is_start.then_some(then)),
                State::End(then) => work.extend(is_end.then_some(then)),
            }
        }
        false
    }
}

impl Test {
    fn passes(&self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::Is(other) => *other == c,
            Self::In(ranges, not) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *not,
        }
    }
}

enum Tree {
    One(Test),
    Start,
    End,
    Sequence(Vec<Tree>),
    Either(Vec<Tree>),
    /// From so many times to once, or to as often as one likes.
    Repeat(Box<Tree>, bool, bool),
}

impl Reader<'_> {
    fn alternatives(&mut self) -> Option<Tree> {
        let mut list = vec![self.sequence()?];
        while self.chars.next_if_eq(&'|').is_some() {
            list.push(self.sequence()?);
        }
        Some(if list.len() == 1 { list.pop()? } else { Tree::Either(list) })
    }

    fn sequence(&mut self) -> Option<Tree> {
        let mut list = Vec::new();
        while let Some(&c) = self.chars.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let mut item = self.item()?;
            while let Some(c) = self.chars.next_if(|c| matches!(c, '*' | '+' | '?')) {
                item = Tree::Repeat(Box::new(item), c != '+', c != '?');
            }
            list.push(item);
        }
        Some(Tree::Sequence(list))
    }

    fn item(&mut self) -> Option<Tree> {
        Some(match self.chars.next()? {
            '.' => Tree::One(Test::Any),
            '^' => Tree::Start,
            '$' => Tree::End,
            '[' => Tree::One(self.class()?),
            '(' => {
                self.depth += 1;
                if self.depth > MOST_DEPTH || self.chars.peek() == Some(&'?') {
                    return None;
                }
                let inner = self.alternatives()?;
                self.depth -= 1;
                self.chars.next_if_eq(&')')?;
                inner
            }
            '\\' => Tree::One(self.escaped()?),
            '{' | '*' | '+' | '?' => return None,
            c => Tree::One(Test::Is(c)),
        })
    }

    fn escaped(&mut self) -> Option<Test> {
        let c = self.chars.next()?;
        let not = c.is_ascii_uppercase();
        Some(match c.to_ascii_lowercase() {
            'd' => Test::In(vec![('0', '9')], not),
            'w' => Test::In(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')], not),
            's' => Test::In(vec![(' ', ' '), ('\t', '\r')], not),
            _ if c.is_ascii_alphanumeric() => return None,
            _ => Test::Is(c),
        })
    }

    fn class(&mut self) -> Option<Test> {
        let not = self.chars.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let low = match self.chars.next()? {
                ']' if !ranges.is_empty() => return Some(Test::In(ranges, not)),
                '[' => return None,
                '\\' => match self.escaped()? {
                    Test::Is(c) => c,
                    Test::In(more, false) => {
                        ranges.extend(more);
                        continue;
                    }
                    _ => return None,
                },
                c => c,
            };
            let mut ahead = self.chars.clone();
            let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']');
            let high = if is_range {
                self.chars.next();
                self.chars.next()?
            } else {
                low
            };
            ranges.push((low, high));
        }
    }

    /// The state in which the tree starts, where `then` follows it.
    fn compile(&mut self, tree: &Tree, then: usize) -> usize {
        match tree {
            Tree::One(test) => self.state(State::One(test.clone(), then)),
            Tree::Start => self.state(State::Start(then)),
            Tree::End => self.state(State::End(then)),
            Tree::Sequence(list) => list.iter().rev().fold(then, |then, item| self.compile(item, then)),
            Tree::Either(list) => {
                let starts: Vec<usize> = list.iter().map(|item| self.compile(item, then)).collect();
                let mut starts = starts.into_iter();
                let first = starts.next().unwrap_or(then);
                starts.fold(first, |all, next| self.state(State::Split(all, next)))
            }
            Tree::Repeat(inner, may_be_none, more) => {
                let split = self.state(State::Split(then, then));
                let start = self.compile(inner, if *more { split } else { then });
                self.states[split] = State::Split(start, then);
                if *may_be_none { split } else { start }
            }
        }
    }

    fn state(&mut self, state: State) -> usize {
        self.states.push(state);
        self.states.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::read(pattern).unwrap();
        for text in matching {
            assert!(pattern.matches(text), "{text}");
        }
        for text in others {
            assert!(!pattern.matches(text), "{text}");
        }
    }

    #[test]
    fn patterns_match_as_regular_expressions_do() {
        check("name", &["name", "fullname"], &["nam", ""]);
        check("^(id|numbers?)$", &["id", "number", "numbers"], &["ids", "an_id"]);
        check(r"_\d+$", &["a_1", "a_23"], &["a_", "1_a"]);
        check("^[a-c_]+x", &["ax", "b_x"], &["dx", "x"]);
        check("^[^a]", &["b"], &["a", ""]);
        check("a.*b", &["ab", "acb"], &["ba"]);
        check("(a*)*b", &["b", "aab"], &["a"]);
        check("", &["", "a"], &[]);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        for pattern in ["(?i)a", "a{2}", r"\bx", "(", ")", "[a", "*"] {
            assert!(Pattern::read(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn a_long_pattern_and_text_take_no_time() {
        let pattern = Pattern::read(&"(a*)*".repeat(50)).unwrap();
        assert!(pattern.matches(&"a".repeat(10_000)));
        let pattern = Pattern::read(&format!("{}b$", "(a*)*".repeat(50))).unwrap();
        assert!(!pattern.matches(&"a".repeat(2_000)));
    }
}
