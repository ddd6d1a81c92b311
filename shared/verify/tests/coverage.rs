//! What a tested pair says of what the databases reached inside it.

use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::text::Position;
use sqm_verify::coverage::{Coverage, JoinReached, PredicateReached};
use sqm_verify::{Options, Verdict, verify};

const SCHEMA: &str = "
    CREATE TABLE shop (id INT PRIMARY KEY, city VARCHAR(20));
    CREATE TABLE sale (id INT PRIMARY KEY, shop INT, price NUMERIC(10, 2), pieces INT NOT NULL);
";

/// Two conditions that are the same, as the prover does not see.
const SAME: [&str; 2] = ["abs(x.price) > 10", "x.price * x.price > 100"];

/// The coverage of the query with either of them in the place of `?`.
fn coverage(query: &str) -> Coverage {
    let (catalog, _) = Catalog::from_ddl(SCHEMA, Dialect::Postgres).expect("the schema is read");
    let [first, second] = SAME.map(|condition| query.replace('?', condition));
    let options = Options { time: std::time::Duration::from_secs(20), ..Options::default() };
    match verify(&first, &second, Dialect::Postgres, &catalog, &options).verdict {
        Verdict::Tested { coverage } => {
            assert!(coverage.watched > 0, "{query}: {coverage:?}");
            *coverage
        }
        other => panic!("{query}: {} {}", other.name(), other.reason()),
    }
}

fn predicate<'c>(coverage: &'c Coverage, text: &str) -> &'c PredicateReached {
    let found = coverage.first.predicates.iter().find(|it| it.predicate == text);
    found.unwrap_or_else(|| panic!("{text}: {:?}", coverage.first))
}

fn join<'c>(coverage: &'c Coverage, left: &str, right: &str) -> &'c JoinReached {
    let found = coverage.first.joins.iter().find(|it| (it.left.as_str(), it.right.as_str()) == (left, right));
    found.unwrap_or_else(|| panic!("{left}, {right}: {:?}", coverage.first))
}

#[test]
fn conditions_are_true_false_and_null() {
    let coverage = coverage("SELECT x.id FROM sale x WHERE x.pieces > 3 AND ?");
    let price = predicate(&coverage, "abs(x.price) > 10");
    assert!(price.holds > 0 && price.fails > 0 && price.is_null > Some(0), "{price:?}");
    assert_eq!(price.position, Some(Position { line: 1, column: 52 }));
    // What is NOT NULL is no gap where it is not.
    let pieces = predicate(&coverage, "x.pieces > 3");
    assert!(pieces.holds > 0 && pieces.fails > 0 && pieces.is_null.is_none(), "{pieces:?}");
    assert_eq!((coverage.first.unwatched, coverage.gaps), (0, Vec::<String>::new()));
}

#[test]
fn what_never_happens_is_a_gap_of_both() {
    let coverage = coverage("SELECT x.id FROM sale x WHERE x.pieces * 0 = 0 AND ?");
    assert_eq!(predicate(&coverage, "x.pieces * 0 = 0").fails, 0);
    assert_eq!(coverage.gaps, ["both queries: x.pieces * 0 = 0 was never false"]);
}

#[test]
fn joins_match_miss_and_fan_out_wherever_their_condition_stands() {
    for query in [
        "SELECT x.id, s.city FROM sale x JOIN shop s ON s.id = x.shop WHERE ?",
        "SELECT x.id, s.city FROM sale x, shop s WHERE s.id = x.shop AND ?",
        "SELECT x.id, s.city FROM sale x LEFT JOIN shop s ON s.id = x.shop WHERE ?",
    ] {
        let coverage = coverage(query);
        let found = join(&coverage, "x", "s");
        assert!(found.matched > 0 && found.left_missed > 0 && found.right_missed > 0, "{query}: {found:?}");
        // A sale has one shop, a shop has several sales.
        assert!(found.left_fanned_out == 0 && found.right_fanned_out > 0, "{query}: {found:?}");
    }
}

#[test]
fn a_correlated_subquery_is_a_join_with_the_rows_around_it() {
    let coverage = coverage(
        "SELECT s.id, (SELECT COUNT(*) FROM sale x WHERE x.shop = s.id AND ?) FROM shop s
         WHERE EXISTS (SELECT 1 FROM sale y WHERE y.shop = s.id)",
    );
    let counted = join(&coverage, "s", "x");
    assert!(counted.matched > 0 && counted.left_missed > 0 && counted.left_fanned_out > 0, "{counted:?}");
    let exists = coverage.first.predicates.iter().find(|it| it.predicate.starts_with("EXISTS"));
    let exists = exists.unwrap_or_else(|| panic!("{:?}", coverage.first));
    assert!(exists.holds > 0 && exists.fails > 0 && exists.is_null.is_none(), "{exists:?}");
}

#[test]
fn groups_and_cases_are_watched() {
    let coverage = coverage("SELECT SUM(CASE WHEN ? THEN x.pieces END) FROM sale x WHERE x.shop > 1");
    let [group] = coverage.first.groups.as_slice() else { panic!("{:?}", coverage.first) };
    assert!(group.empty > 0 && group.filled > 0, "{group:?}");
    assert!(predicate(&coverage, "abs(x.price) > 10").holds > 0);
    let having = self::coverage(
        "SELECT x.shop, MAX(x.price) FROM sale x WHERE ? GROUP BY x.shop HAVING SUM(x.pieces) > 1",
    );
    let found = predicate(&having, "sum(x.pieces) > 1");
    assert!(found.holds > 0 && found.fails > 0, "{found:?}");
    assert!(found.position.is_some());
}
