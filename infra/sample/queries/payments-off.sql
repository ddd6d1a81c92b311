-- title: Orders whose payments do not add up
-- description: Compares what was captured with what was owed.
-- tags: finance, control
-- owner: lena.vogt@example.com
-- dialect: postgres
SELECT o.order_id, o.order_total, COALESCE(p.captured, 0) AS captured
FROM orders AS o
LEFT JOIN (SELECT order_id, SUM(amount) AS captured
           FROM payments
           WHERE status = 'captured'
           GROUP BY order_id) AS p ON p.order_id = o.order_id
WHERE o.status = 'completed'
  AND COALESCE(p.captured, 0) <> o.order_total;
