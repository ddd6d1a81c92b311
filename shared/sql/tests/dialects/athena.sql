UNLOAD (SELECT a FROM t) TO 's3://b/p' WITH (format = 'PARQUET')

CREATE TABLE t WITH (external_location = 's3://b/p') AS SELECT a FROM s

CREATE EXTERNAL TABLE t (a string, b struct<c:int,d:array<string>>) PARTITIONED BY (d string) STORED AS PARQUET LOCATION 's3://b/p'

ALTER TABLE t ADD PARTITION (d = '1') LOCATION 's3://b/p'

VACUUM t

OPTIMIZE t REWRITE DATA USING BIN_PACK WHERE a = 1

SHOW PARTITIONS t
