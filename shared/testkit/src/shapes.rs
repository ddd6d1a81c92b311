//! SQL that nobody should write and somebody will: very deep, very long, or never closed. Each shape fills
//! as many bytes as it is asked to.

/// How a text grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// `head`, then `open` so many times, `middle`, `close` as many times, `tail`.
    Nested {
        head: &'static str,
        open: &'static str,
        middle: &'static str,
        close: &'static str,
        tail: &'static str,
    },
    /// `head`, then `piece` so many times joined by `between`, `tail`. In a piece, `#` becomes its number
    /// and `@` the next one; in the tail, `#` becomes the number after the last piece's.
    Chain { head: &'static str, piece: &'static str, between: &'static str, tail: &'static str },
}

/// A shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What it is made of.
    pub name: &'static str,
    growth: Growth,
}

impl Shape {
    /// A text of this shape, as long as fits in so many bytes.
    pub fn text(&self, bytes: usize) -> String {
        match self.growth {
            Growth::Nested { head, open, middle, close, tail } => {
                let each = open.len() + close.len();
                let levels = bytes.saturating_sub(head.len() + middle.len() + tail.len()) / each;
                [head, &open.repeat(levels), middle, &close.repeat(levels), tail].concat()
            }
            Growth::Chain { head, piece, between, tail } => {
                let mut text = head.to_owned();
                let mut number = 0_usize;
                loop {
                    let next = (number + 1).to_string();
                    let piece = piece.replace('#', &number.to_string()).replace('@', &next);
                    let joined = if number == 0 { "" } else { between };
                    if text.len() + joined.len() + piece.len() + tail.replace('#', &next).len() > bytes {
                        break text + &tail.replace('#', &number.to_string());
                    }
                    text.push_str(joined);
                    text.push_str(&piece);
                    number += 1;
                }
            }
        }
    }
}

const fn nested(name: &'static str, [head, open, middle, close, tail]: [&'static str; 5]) -> Shape {
    Shape { name, growth: Growth::Nested { head, open, middle, close, tail } }
}

const fn chain(name: &'static str, [head, piece, between, tail]: [&'static str; 4]) -> Shape {
    Shape { name, growth: Growth::Chain { head, piece, between, tail } }
}

/// Shapes whose depth grows with their length.
pub const DEEP: &[Shape] = &[
    nested("parentheses", ["SELECT ", "(", "a", ")", " FROM t"]),
    nested("parentheses around a query", ["", "(", "SELECT a FROM t", ")", ""]),
    nested("parentheses around a table", ["SELECT a FROM ", "(", "t", ")", ""]),
    nested("subqueries in FROM", ["SELECT a FROM ", "(SELECT a FROM ", "t", ") x", ""]),
    nested("scalar subqueries", ["SELECT ", "(SELECT ", "a FROM t", ")", ""]),
    nested("EXISTS", ["SELECT a FROM t WHERE ", "EXISTS (SELECT 1 FROM t WHERE ", "a = 1", ")", ""]),
    nested("IN", ["SELECT a FROM t WHERE ", "a IN (SELECT a FROM t WHERE ", "a = 1", ")", ""]),
    nested("common table expressions", ["", "WITH x AS (", "SELECT a FROM t", ") SELECT a FROM x", ""]),
    nested("joins in parentheses", ["SELECT 1 FROM ", "(", "t", " JOIN t u ON 1 = 1)", ""]),
    nested("CASE in THEN", ["SELECT ", "CASE WHEN a = 1 THEN ", "a", " END", " FROM t"]),
    nested("CASE in WHEN", ["SELECT ", "CASE WHEN ", "a = 1", " THEN 1 END = 1", " FROM t"]),
    nested("NOT", ["SELECT a FROM t WHERE ", "NOT ", "a = 1", "", ""]),
    nested("minus", ["SELECT ", "- ", "a", "", " FROM t"]),
    nested("calls", ["SELECT ", "f(", "a", ")", " FROM t"]),
    nested("CAST", ["SELECT ", "CAST(", "a", " AS INT)", " FROM t"]),
    nested("ARRAY", ["SELECT ", "ARRAY[", "a", "]", " FROM t"]),
    nested("brackets", ["SELECT ", "[", "a", "]", " FROM t"]),
    nested("braces", ["SELECT ", "{'a': ", "a", "}", " FROM t"]),
    nested("subscripts", ["SELECT ", "a[", "1", "]", " FROM t"]),
    nested("types", ["SELECT CAST(a AS ", "ARRAY<", "INT", ">", ") FROM t"]),
    nested("comments", ["SELECT a ", "/* ", "", "*/ ", "FROM t"]),
    nested("STRUCT", ["SELECT ", "STRUCT(", "a", " AS b)", " FROM t"]),
    nested("lambdas", ["SELECT f(", "x -> ", "x", "", ") FROM t"]),
    nested("blocks", ["", "BEGIN ", "SELECT a FROM t;", " END;", ""]),
    nested("IF in scripts", ["", "IF a THEN ", "SELECT a FROM t;", " END IF;", ""]),
    nested("EXPLAIN", ["", "EXPLAIN ", "SELECT a FROM t", "", ""]),
    nested("open parentheses", ["SELECT ", "(", "", "", ""]),
    nested("open subqueries", ["", "SELECT a FROM (", "", "", ""]),
    nested("open CASE", ["SELECT ", "CASE WHEN ", "", "", ""]),
    nested("open brackets", ["SELECT ", "a[", "", "", ""]),
    nested("closed only", ["SELECT a FROM t ", ")", "", "", ""]),
];

const CTE: &str = "c@ AS (SELECT a, b FROM c# WHERE a > #)";
const DOUBLE: &str = "c@ AS (SELECT * FROM c# x CROSS JOIN c# y)";
const VIEW: &str = "CREATE VIEW c@ AS SELECT * FROM c# x CROSS JOIN c# y";
const SCALAR: &str = "(SELECT max(x) FROM u WHERE u.y = t.a) AS s#";

/// Shapes that are long and flat: a syntax tree makes them deep.
pub const FLAT: &[Shape] = &[
    chain("sum", ["SELECT ", "a", "+", " FROM t"]),
    chain("difference and product", ["SELECT ", "a * 2", " - ", " FROM t"]),
    chain("concatenation", ["SELECT ", "'a'", " || ", " FROM t"]),
    chain("AND", ["SELECT a FROM t WHERE ", "a = #", " AND ", ""]),
    chain("OR", ["SELECT a FROM t WHERE ", "a = #", " OR ", ""]),
    chain("comparisons", ["SELECT a FROM t WHERE ", "a", " = ", ""]),
    chain("IS NULL", ["SELECT a FROM t WHERE a", " IS NULL", "", ""]),
    chain("double colons", ["SELECT a", "::int", "", " FROM t"]),
    chain("arrows", ["SELECT a", "->'b'", "", " FROM t"]),
    chain("subscript after subscript", ["SELECT a", "[1]", "", " FROM t"]),
    chain("names with many parts", ["SELECT ", "a", ".", " FROM t"]),
    chain("COLLATE", ["SELECT a", " COLLATE c", "", " FROM t"]),
    chain("AT TIME ZONE", ["SELECT a", " AT TIME ZONE 'UTC'", "", " FROM t"]),
    chain("UNION ALL", ["", "SELECT a FROM t", " UNION ALL ", ""]),
    chain("UNION", ["", "SELECT a FROM t#", " UNION ", ""]),
    chain("EXCEPT", ["", "SELECT a FROM t", " EXCEPT ", ""]),
    chain("IN list", ["SELECT a FROM t WHERE a IN (", "#", ", ", ")"]),
    chain("IN list of strings", ["SELECT a FROM t WHERE a IN (", "'x#'", ", ", ")"]),
    chain("JOIN", ["SELECT t.a FROM t", " JOIN t t# ON t#.a = t.a", "", ""]),
    chain("comma joins", ["SELECT 1 FROM ", "t t#", ", ", ""]),
    chain("WITH list", ["WITH ", "x# AS (SELECT a FROM t)", ", ", " SELECT a FROM x0"]),
    chain("JOIN of tables", ["SELECT * FROM t ", "JOIN t# ON t#.a = t.a", " ", ""]),
    chain("WITH chain", ["WITH c0 AS (SELECT a, b FROM t), ", CTE, ", ", " SELECT a FROM c#"]),
    chain("WITH that doubles", ["WITH c0 AS (SELECT a, b FROM t), ", DOUBLE, ", ", " SELECT * FROM c#"]),
    chain("views that double", ["CREATE VIEW c0 AS SELECT a, b FROM t; ", VIEW, "; ", ""]),
    chain("PIVOT", ["SELECT * FROM t PIVOT (", "sum(a) AS a#", ", ", " FOR b IN (1, 2, 3, 4, 5, 6, 7))"]),
    chain("scalar subqueries in a list", ["SELECT ", SCALAR, ", ", " FROM t"]),
    chain("OR in AND", ["SELECT a FROM t WHERE ", "(a = # OR b = #)", " AND ", ""]),
    chain("colons", ["SELECT a:b", ".c", "", " FROM t"]),
    chain("stars", ["SELECT ", "*", ", ", " FROM t, u"]),
    chain("pipes", ["FROM t", " |> WHERE a > #", "", ""]),
    chain("WITH steps", ["WITH x AS (SELECT a FROM t)", ", y# AS (SELECT a FROM x)", "", " SELECT a FROM x"]),
    chain("columns", ["SELECT ", "a AS a#", ", ", " FROM t"]),
    chain("GROUP BY", ["SELECT count(*) FROM t GROUP BY ", "a", ", ", ""]),
    chain("ORDER BY", ["SELECT a FROM t ORDER BY ", "a", ", ", ""]),
    chain("WHEN", ["SELECT CASE ", "WHEN a = # THEN #", " ", " END FROM t"]),
    chain("arguments", ["SELECT coalesce(", "a", ", ", ") FROM t"]),
    chain("VALUES", ["INSERT INTO t (a) VALUES ", "(#)", ", ", ""]),
    chain("columns of a table", ["CREATE TABLE t (", "a# INT", ", ", ")"]),
    chain("assignments", ["UPDATE t SET ", "a# = #", ", ", ""]),
    chain("statements", ["", "SELECT a FROM t", "; ", ""]),
    chain("windows", ["SELECT ", "sum(a) OVER (ORDER BY a)", ", ", " FROM t"]),
    chain("SELECT", ["", "SELECT ", "", ""]),
    chain("FROM", ["SELECT a ", "FROM ", "", ""]),
    chain("WITH", ["", "WITH a AS (", "", ""]),
    chain("one name", ["SELECT ", "a", "", " FROM t"]),
    chain("one string", ["SELECT '", "x", "", "' FROM t"]),
    chain("an open string", ["SELECT '", "x", "", ""]),
    chain("an open comment", ["SELECT a /* ", "x", "", ""]),
    chain("line comments", ["SELECT a\n", "-- x\n", "", "FROM t"]),
    chain("semicolons", ["", ";", "", ""]),
    chain("dollars", ["SELECT ", "$", "", " FROM t"]),
    chain("quotes", ["SELECT ", "\"", "", " FROM t"]),
    chain("templates", ["SELECT ", "{{ a }}", ", ", " FROM t"]),
];

/// Every shape.
pub fn all() -> impl Iterator<Item = Shape> {
    DEEP.iter().chain(FLAT).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_fills_what_it_is_given() {
        for shape in all() {
            let text = shape.text(2_000);
            assert!((1_900..=2_000).contains(&text.len()), "{}: {}", shape.name, text.len());
        }
        let sum = FLAT.iter().find(|shape| shape.name == "sum").unwrap();
        assert_eq!(sum.text(20), "SELECT a+a+a FROM t");
        let last = FLAT.iter().find(|shape| shape.name == "WITH chain").unwrap().text(2_000);
        let (_, last) = last.rsplit_once(" FROM c").unwrap();
        assert!(last.parse::<usize>().unwrap() > 30, "{last}");
    }
}
