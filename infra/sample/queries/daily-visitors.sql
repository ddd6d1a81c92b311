-- title: Visitors of one day
-- description: DATE() around the column reads every partition.
-- tags: web, report, slow
-- owner: mia.larsen@example.com
-- dialect: bigquery
SELECT e.event_type, COUNT(DISTINCT e.session_id) AS sessions
FROM web_events AS e
WHERE DATE(e.occurred_at) = '2025-11-28'
GROUP BY e.event_type;
