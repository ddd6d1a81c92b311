-- title: Orders far above the customer's own average
-- description: Orders worth more than twice what their customer usually spends. Computes the average once per order.
-- tags: orders, report, slow
-- owner: anna.berg@example.com
-- dialect: postgres
SELECT c.full_name, o.order_id, o.ordered_at, o.order_total
FROM orders AS o
JOIN customers AS c ON c.customer_id = o.customer_id
WHERE o.order_total > (SELECT 2 * AVG(p.order_total)
                       FROM orders AS p
                       WHERE p.customer_id = o.customer_id)
ORDER BY o.order_total DESC, o.order_id;
