//! Scripts: the verifier compares single queries, so each statement is optimized by itself, in its place,
//! and a rewrite is the whole script with that statement exchanged.

use sqm_database::{Weighed, beside_existing};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::parse::{LineIndex, Tree};
use sqm_sql::text::Span;
use sqm_sql::{guard, indexes, rewrites, rules};
use sqm_verify::offer::{self, Offer, Optimization, Options};

use super::database::{Database, Found, weighed};
use super::model::Model;

/// Longest padding that keeps a statement at its place, in bytes: it counts against the length that the
/// verifier takes.
const MOST_PADDING: usize = 16 * 1024;

/// Everything that can be done for the queries of a text.
pub fn optimize(
    sql: &str,
    dialect: Dialect,
    catalog: &Catalog,
    options: &Options,
    (database, model): (Option<&Database>, Option<&Model>),
) -> Found {
    let statements = guard::with_script(sql, dialect, |script| {
        let sql = |tree: &Tree| matches!(tree, Tree::Sql(_));
        script.statements.iter().map(|it| (it.span, it.tree.as_ref().is_ok_and(sql))).collect::<Vec<_>>()
    });
    let statements = match statements {
        Ok(statements) if statements.len() > 1 => statements,
        // One statement, none, or a text that is refused: there is nothing to take apart.
        _ => {
            return weighed(database, (sql, dialect), catalog, options, |options| {
                let found = offer::optimize(sql, dialect, catalog, options);
                with_model(model, found, (sql, dialect), catalog, options)
            });
        }
    };
    let lines = LineIndex::new(sql);
    let (mut whole, mut on) = (Optimization::default(), None::<Weighed>);
    let mut tables = Tables::new(catalog, dialect);
    let mut end = statements[0].0.start;
    for (span, is_sql) in statements {
        // What stands inside of another statement is a body in a string, whose quotes are not its own.
        let is_inside = span.start < end;
        end = end.max(span.end);
        if is_inside || !is_sql || tables.take(lines.slice(span)) {
            continue;
        }
        let at = Place { sql, start: lines.offset(span.start), end: lines.offset(span.end) };
        let (padding, text) = at.padded(span);
        let tables = tables.now();
        let rewrite = |options: &Options| {
            let found = offer::rewrite(&text, dialect, tables, options);
            with_model(model, found, (&text, dialect), tables, options)
        };
        let Found { optimization: part, weighed } =
            weighed(database, (&text, dialect), tables, options, rewrite);
        match (&mut on, weighed) {
            (Some(on), Some(weighed)) => on.add(weighed),
            (None, weighed) => on = weighed,
            _ => {}
        }
        let embed = |offer: Offer| {
            let sql = at.embed(offer.sql.get(padding..).unwrap_or(&offer.sql));
            Offer { sql, ..offer }
        };
        whole.rewrites.extend(part.rewrites.into_iter().map(embed));
        whole.refuted.extend(part.refuted.into_iter().map(embed));
        whole.notes.extend(part.notes);
    }
    whole.alternatives = rewrites::alternatives(sql, dialect, tables.now()).unwrap_or_default();
    let known = tables.now();
    let advice = on.as_ref().and_then(|on| beside_existing(sql, dialect, known, on));
    let advice = advice.or_else(|| indexes::advise(sql, dialect, known).ok()).unwrap_or_default();
    whole.indexes = advice.indexes;
    whole.notes.extend(advice.notes);
    whole.findings = rules::lint(sql, dialect, catalog, &options.lint);
    // Each statement's are in order already: best first over all of them.
    whole.rewrites.sort_by(Offer::best_first);
    Found { optimization: whole, weighed: on }
}

/// What was found, and what a model brings besides.
fn with_model(
    model: Option<&Model>,
    mut found: Optimization,
    text: (&str, Dialect),
    catalog: &Catalog,
    options: &Options,
) -> Optimization {
    if let Some(model) = model {
        model.add_to(&mut found, text, catalog, options);
    }
    found
}

/// A statement in its script.
struct Place<'a> {
    sql: &'a str,
    start: usize,
    end: usize,
}

impl Place<'_> {
    /// The statement behind as many lines and blanks as stand before it, so that places in messages are
    /// those of the script; and the length of that padding.
    fn padded(&self, span: Span) -> (usize, String) {
        let statement = &self.sql[self.start..self.end];
        let (lines, blanks) = (span.start.line as usize - 1, span.start.column as usize - 1);
        let padding = if lines + blanks <= MOST_PADDING { lines + blanks } else { 0 };
        if padding == 0 {
            return (0, statement.to_owned());
        }
        (padding, format!("{}{}{statement}", "\n".repeat(lines), " ".repeat(blanks)))
    }

    fn embed(&self, statement: &str) -> String {
        format!("{}{statement}{}", &self.sql[..self.start], &self.sql[self.end..])
    }
}

/// What is known of the tables at a place of the script: the catalog, and what was declared before.
struct Tables<'a> {
    catalog: &'a Catalog,
    dialect: Dialect,
    declared: String,
    /// `None` until a statement declares one.
    merged: Option<Catalog>,
}

impl<'a> Tables<'a> {
    fn new(catalog: &'a Catalog, dialect: Dialect) -> Self {
        Self { catalog, dialect, declared: String::new(), merged: None }
    }

    /// Notes the statement if it declares tables; whether it did.
    fn take(&mut self, statement: &str) -> bool {
        let mut words = statement.split_whitespace().map(str::to_uppercase);
        let declares = match words.next().as_deref() {
            Some("ALTER" | "DROP") => true,
            Some("CREATE") => !words.any(|word| word == "AS"),
            _ => false,
        };
        if declares {
            self.declared.push_str(statement);
            self.declared.push_str(";\n");
            self.merged = None;
        }
        declares
    }

    fn now(&mut self) -> &Catalog {
        if self.declared.is_empty() {
            return self.catalog;
        }
        let (catalog, dialect, declared) = (self.catalog, self.dialect, &self.declared);
        self.merged.get_or_insert_with(|| {
            let mut merged = catalog.clone();
            if let Ok((made, _)) = Catalog::from_ddl(declared, dialect) {
                made.tables().iter().cloned().for_each(|table| merged.insert(table));
            }
            merged
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "CREATE TABLE o (id INT PRIMARY KEY, k INT);\n\
        CREATE TABLE i (id INT PRIMARY KEY, o_id INT REFERENCES o (id));\n  \
        SELECT o.k FROM o WHERE (SELECT COUNT(*) FROM i WHERE i.o_id = o.id) > 0; -- first\n\
        SELECT 1 FROM nowhere WHERE (SELECT COUNT(*) FROM i WHERE i.o_id = nowhere.id) > 0;\n";

    #[test]
    fn each_statement_is_rewritten_in_its_place() {
        let verification = sqm_verify::Options { databases: 10, ..sqm_verify::Options::default() };
        let options = Options { verification, measure: false, ..Options::default() };
        let found =
            optimize(SCRIPT, Dialect::Postgres, &Catalog::default(), &options, (None, None)).optimization;
        let of = |verdict: &str| -> Vec<&Offer> {
            found.rewrites.iter().filter(|offer| offer.verdict == verdict).collect()
        };
        let same = [of("proved"), of("tested")].concat();
        let rewritten = same.into_iter().map(|offer| &offer.sql).find(|sql| sql.contains("EXISTS")).unwrap();
        let (second, third) = ("REFERENCES o (id));\n  SELECT o.k", "; -- first\nSELECT 1 FROM nowhere");
        assert!(rewritten.contains(second) && rewritten.contains(third), "{rewritten}");
        assert_eq!(rewritten.lines().next(), SCRIPT.lines().next());
        let open = of("unknown");
        assert!(
            open[0].reason.contains("nowhere") && open[0].reason.contains("line 4"),
            "{}",
            open[0].reason
        );
        assert_eq!(found.rewrites.last().unwrap().verdict, "unknown");
    }

    #[test]
    fn a_single_query_is_taken_as_it_is() {
        let found =
            optimize("SELECT 1", Dialect::Postgres, &Catalog::default(), &Options::default(), (None, None));
        let found = found.optimization;
        assert!(found.rewrites.is_empty() && found.refuted.is_empty());
    }
}
