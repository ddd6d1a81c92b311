SELECT a FROM (t)

SELECT a FROM ((t AS x)) JOIN (u) ON x.id = u.id

SELECT * FROM (a JOIN b ON a.id = b.id) AS x

SELECT a FROM t WHERE b = ${b} AND c = {{ c }} AND d = %(d)s AND e = %s AND f = :f AND g = ? AND h = @h

SELECT a FROM {{ ref('orders') }} AS o JOIN {{ source('raw', 'items') }} i ON o.id = i.id

{{ config(materialized='table') }}
SELECT a
{% if x %}
, b
{% endif %}
FROM t

SELECT a FROM ${schema}.t JOIN ${schema}_x.u ON true

INSERT INTO t (WITH c AS (SELECT a FROM s) SELECT a FROM c)

WITH c AS (SELECT a FROM s) INSERT INTO t SELECT a FROM c

SELECT t.$f0, x AS $f1 FROM t WHERE $f2 > 1

SELECT * EXCEPT (t.a) FROM t

SELECT * FROM a CROSS JOIN b ON a.id = b.id

SELECT a FROM t GROUP BY ALL CUBE (a, b)

SELECT a FROM table WHERE b = 1

SELECT a, FROM t

CREATE TABLE t AS (SELECT a FROM s)

CREATE TABLE t AS WITH c AS (SELECT a FROM s) SELECT a FROM c

CREATE VIEW v AS (WITH c AS (SELECT a FROM s) SELECT a FROM c)

SELECT 1;;SELECT 2
GO
SELECT 3

SELECT a FROM t1, LATERAL (SELECT b FROM t2 WHERE t2.id = t1.id) AS l

UPDATE t SET a = 1, b = (SELECT max(c) FROM u) WHERE EXISTS (SELECT 1 FROM v WHERE v.id = t.id)

SELECT a FROM t WHERE a >= ALL (SELECT b FROM u) AND a IS NOT NULL AND NOT (b OR c)

SELECT CAST(a AS STRING), CAST(b AS DOUBLE PRECISION), EXTRACT(YEAR FROM d), a || b, SUBSTRING(a FROM 1 FOR 2), INTERVAL '1' DAY FROM t

SELECT * FROM t1 JOIN t2 USING (a, b) LEFT OUTER JOIN t3 ON t1.a = t3.a FULL JOIN t4 ON true

SELECT a FROM t ORDER BY 1 LIMIT 5 OFFSET 10

SELECT a FROM s.t EXCEPT SELECT b FROM u INTERSECT SELECT c FROM v

MERGE INTO t USING s ON (t.id = s.id) WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)
