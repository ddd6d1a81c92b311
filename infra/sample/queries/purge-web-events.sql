-- title: Purge old anonymous web events
-- description: Keeps events of sessions that ended in an order.
-- tags: maintenance, privacy
-- owner: data-platform@example.com
-- dialect: postgres
DELETE FROM web_events AS w
WHERE w.customer_id IS NULL
  AND w.occurred_at < CURRENT_DATE - INTERVAL '13 months'
  AND NOT EXISTS (SELECT 1 FROM web_sessions AS s
                  WHERE s.session_id = w.session_id AND s.purchased > 0);
