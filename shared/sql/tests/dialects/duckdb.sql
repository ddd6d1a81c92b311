FROM t

FROM t SELECT a WHERE b > 1

SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM t

SELECT COLUMNS('a.*') + 1, COLUMNS(c -> c LIKE 'x%') FROM t

SELECT a FROM 'x.parquet'

SELECT a FROM read_csv('x.csv', header = true, columns = {'a': 'INT'})

SELECT a FROM t1 UNION ALL BY NAME SELECT a, b FROM t2

SELECT a, b.c, xs[1], xs[1:3], {'a': 1, 'b': 2}, [1, 2], MAP {'a': 1}, x -> x + 1 FROM t

SELECT [x + 1 FOR x IN xs IF x > 1] FROM t

SELECT list_transform(xs, lambda x : x + 1) FROM t

SELECT a FROM t ORDER BY ALL LIMIT 10%

SELECT a, sum(b) FROM t GROUP BY ALL QUALIFY row_number() OVER (ORDER BY a) = 1

PIVOT t ON a USING sum(b) GROUP BY c

PIVOT t ON a IN ('x', 'y') USING sum(b) AS s, count(*) AS n

UNPIVOT t ON a, b INTO NAME k VALUE v

SELECT * FROM (PIVOT t ON a USING sum(b)) p

SELECT * FROM t PIVOT (sum(a) FOR b IN ('x', 'y') GROUP BY c)

SELECT * FROM t PIVOT (sum(a) FOR b IN ('x') d IN (1, 2) GROUP BY c)

SELECT * FROM t UNPIVOT (v FOR k IN (a, b))

SELECT * FROM t ASOF JOIN u ON t.id = u.id AND t.ts >= u.ts

SELECT * FROM t POSITIONAL JOIN u

SELECT * FROM t SEMI JOIN u USING (id) ANTI JOIN w USING (id)

SELECT unnest(xs), unnest({'a': 1}, recursive := true) FROM t

SELECT * FROM t USING SAMPLE 10%

SELECT * FROM t TABLESAMPLE reservoir(20 ROWS)

CREATE OR REPLACE TABLE t AS FROM 'x.csv'

CREATE TABLE t (a INT, b STRUCT(x INT, y VARCHAR), c INT[], d MAP(VARCHAR, INT), e UNION(n INT, s VARCHAR), f DECIMAL(10, 2))

CREATE MACRO f(a, b) AS a + b

CREATE OR REPLACE MACRO g(x) AS TABLE SELECT x AS a FROM t

CREATE TYPE mood AS ENUM ('a', 'b')

INSERT INTO t BY NAME SELECT a FROM s

INSERT OR REPLACE INTO t VALUES (1)

INSERT INTO t FROM s

COPY t TO 'x.parquet' (FORMAT PARQUET)

COPY (SELECT a FROM t) TO 'x.csv' WITH (HEADER)

COPY t FROM 'x.csv'

EXPORT DATABASE 'dir'

IMPORT DATABASE 'dir'

ATTACH 'x.db' AS y (TYPE sqlite)

DETACH y

INSTALL httpfs; LOAD httpfs;

PRAGMA threads = 4

SUMMARIZE t

DESCRIBE SELECT a FROM t

SET memory_limit = '1GB'

USE db.s

SELECT a FROM t WHERE b ILIKE 'x' AND c GLOB '*' AND d SIMILAR TO 'x' AND e ^@ 'x'

SELECT a.b.c(1), 'x'.upper(), a // 2, a ** 2, $1, $name FROM t

SELECT a: b + 1 FROM t

VALUES (1), (2)

CREATE SEQUENCE s START 1

CHECKPOINT

DELETE FROM t USING u WHERE t.id = u.id

WITH RECURSIVE c(n) USING KEY (n) AS (SELECT 1 UNION SELECT n + 1 FROM c) SELECT * FROM c

SELECT struct_pack(a := 1, b := 2), t.* FROM t

SELECT try_cast(a AS INT), a::INT[], DATE '2020-01-01', INTERVAL 1 DAY, TIMESTAMP '2020-01-01' FROM t
