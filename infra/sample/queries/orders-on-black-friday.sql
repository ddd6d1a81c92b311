-- title: Orders on Black Friday
-- description: Casts every timestamp to a date to compare it.
-- tags: orders, report, slow
-- owner: jonas.keller@example.com
-- dialect: postgres
SELECT o.order_id, o.customer_id, o.order_total
FROM orders AS o
WHERE CAST(o.ordered_at AS date) = DATE '2025-11-28';
