-- title: Shipments that are late
-- description: Reads the view of current addresses to know where they should have arrived.
-- tags: logistics, operations
-- owner: timo.rask@example.com
-- dialect: postgres
SELECT s.carrier, s.tracking_code, s.shipped_at, v.city, v.country, o.order_id
FROM shipments AS s
JOIN orders AS o ON o.order_id = s.order_id
JOIN current_addresses AS v ON v.customer_id = o.customer_id
WHERE s.delivered_at IS NULL
  AND s.shipped_at < CURRENT_TIMESTAMP - INTERVAL '7 days'
ORDER BY s.shipped_at;
