-- title: Returned value of each order
-- description: Two subqueries per order where one grouped join would do.
-- tags: returns, report, slow
-- owner: lena.vogt@example.com
-- dialect: postgres
SELECT o.order_id,
       o.order_total,
       (SELECT SUM(r.refund_amount) FROM returns AS r WHERE r.order_id = o.order_id) AS refunded,
       (SELECT COUNT(*) FROM order_items AS i WHERE i.order_id = o.order_id) AS lines
FROM orders AS o
WHERE o.ordered_at >= TIMESTAMP '2025-01-01 00:00:00';
