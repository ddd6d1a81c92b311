-- title: Build web sessions
-- description: Folds events into sessions.
-- tags: pipeline, web
-- owner: data-platform@example.com
-- dialect: bigquery
CREATE OR REPLACE TABLE web_sessions AS
SELECT e.session_id,
       MAX(e.customer_id) AS customer_id,
       ARRAY_AGG(e.campaign IGNORE NULLS ORDER BY e.occurred_at LIMIT 1)[SAFE_OFFSET(0)] AS campaign,
       MIN(e.occurred_at) AS started_at,
       MAX(e.occurred_at) AS ended_at,
       COUNT(*) AS pages,
       COUNTIF(e.event_type = 'add_to_cart') AS added,
       COUNTIF(e.event_type = 'purchase') AS purchased
FROM web_events AS e
GROUP BY e.session_id;
