-- title: Order export for the accountant
-- description: Joins customers and stores whose columns it never uses.
-- tags: finance, export, slow
-- owner: lena.vogt@example.com
-- dialect: postgres
SELECT o.order_id, o.ordered_at, o.order_total, o.currency_code
FROM orders AS o
JOIN customers AS c ON c.customer_id = o.customer_id
LEFT JOIN stores AS s ON s.store_id = o.store_id
WHERE o.status IN ('paid', 'shipped', 'completed');
