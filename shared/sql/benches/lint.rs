//! All rules on a query of the size of TPC-DS, beside its parse: the rules may take three times as long.
//! With `../shared/corpora`, the queries of TPC-DS themselves as well.

#![allow(missing_docs)] // The macros of criterion make functions without.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use sqm_domain::Dialect;
use sqm_sql::catalog::Catalog;
use sqm_sql::lint::Config;
use sqm_sql::{guard, rules};

const TABLES: &str = "
CREATE TABLE sale (id INT PRIMARY KEY, customer_id INT NOT NULL, item_id INT NOT NULL, shop_id INT, sold_on DATE NOT NULL,
  quantity INT, price DECIMAL(12, 2), discount DECIMAL(12, 2));
CREATE TABLE refund (id INT PRIMARY KEY, sale_id INT NOT NULL, refunded_on DATE, amount DECIMAL(12, 2));
CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40), city VARCHAR(40), since DATE);
CREATE TABLE item (id INT PRIMARY KEY, brand VARCHAR(20), class VARCHAR(20), category VARCHAR(20), price DECIMAL(12, 2));
CREATE TABLE shop (id INT PRIMARY KEY, name VARCHAR(40), state VARCHAR(2));
";

const QUERY: &str = "
WITH sold AS (
  SELECT s.customer_id, i.category, i.brand, sh.state, EXTRACT(MONTH FROM s.sold_on) AS sold_month,
         SUM(s.quantity * s.price - COALESCE(s.discount, 0)) AS net, COUNT(*) AS sales
  FROM sale s
  JOIN item i ON i.id = s.item_id
  LEFT JOIN shop sh ON sh.id = s.shop_id
  WHERE s.sold_on BETWEEN DATE '2001-01-01' AND DATE '2001-12-31'
    AND (i.category IN ('Books', 'Home', 'Electronics') AND i.class IN ('wallpaper', 'parenting', 'musical')
      OR i.category IN ('Shoes', 'Jewelry', 'Men') AND i.class IN ('womens', 'birdal', 'pants'))
  GROUP BY s.customer_id, i.category, i.brand, sh.state, EXTRACT(MONTH FROM s.sold_on)
), returned AS (
  SELECT s.customer_id, i.category, SUM(r.amount) AS amount
  FROM refund r
  JOIN sale s ON s.id = r.sale_id
  JOIN item i ON i.id = s.item_id
  WHERE r.refunded_on >= DATE '2001-01-01' AND r.amount > (SELECT AVG(x.amount) * 1.2 FROM refund x WHERE x.sale_id = r.sale_id)
  GROUP BY s.customer_id, i.category
)
SELECT c.id, c.name, c.city, sold.category, sold.state,
       SUM(CASE WHEN sold.sold_month = 1 THEN sold.net ELSE 0 END) AS january,
       SUM(CASE WHEN sold.sold_month = 2 THEN sold.net ELSE 0 END) AS february,
       SUM(CASE WHEN sold.sold_month = 3 THEN sold.net ELSE 0 END) AS march,
       SUM(CASE WHEN sold.sold_month = 4 THEN sold.net ELSE 0 END) AS april,
       SUM(CASE WHEN sold.sold_month = 5 THEN sold.net ELSE 0 END) AS may,
       SUM(CASE WHEN sold.sold_month = 6 THEN sold.net ELSE 0 END) AS june,
       RANK() OVER (PARTITION BY sold.category ORDER BY SUM(sold.net) DESC) AS place
FROM customer c
JOIN sold ON sold.customer_id = c.id
LEFT JOIN returned ON returned.customer_id = c.id AND returned.category = sold.category
WHERE c.city NOT IN (SELECT x.city FROM customer x WHERE x.city IS NOT NULL AND x.since < DATE '1990-01-01')
  AND NOT EXISTS (SELECT 1 FROM refund r JOIN sale s ON s.id = r.sale_id WHERE s.customer_id = c.id AND r.amount > 1000)
GROUP BY c.id, c.name, c.city, sold.category, sold.state
HAVING SUM(sold.net) > COALESCE(SUM(returned.amount), 0)
ORDER BY sold.category, place
LIMIT 100
";

/// The queries of TPC-DS in the shared corpora; empty where there are none.
fn corpus() -> Vec<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora/equivalence/sqlglot_tpcds.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let query = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(value.get("q1")?.as_str()?.to_owned())
    };
    text.lines().filter_map(query).collect()
}

fn measure(criterion: &mut Criterion) {
    let Ok((catalog, _)) = Catalog::from_ddl(TABLES, Dialect::Postgres) else { return };
    let mut queries = vec![("query", vec![QUERY.to_owned()])];
    let corpus = corpus();
    if !corpus.is_empty() {
        queries.push(("tpcds", corpus));
    }
    for (name, texts) in &queries {
        let mut group = criterion.benchmark_group(*name);
        group.bench_function("parse", |bench| {
            bench.iter(|| {
                for text in texts {
                    let parsed =
                        guard::with_script(text, Dialect::Postgres, |script| script.statements.len());
                    black_box(parsed).ok();
                }
            });
        });
        group.bench_function("parse and lint", |bench| {
            bench.iter(|| {
                for text in texts {
                    black_box(rules::lint(text, Dialect::Postgres, &catalog, &Config::default()));
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, measure);
criterion_main!(benches);
