-- title: Rebuild customer lifetime value
-- description: Revenue and refunds of each customer; the loyalty team reads the result.
-- tags: pipeline, customers
-- owner: data-platform@example.com
-- dialect: postgres
CREATE TABLE customer_lifetime_value AS
WITH refunds AS (
    SELECT o.customer_id, SUM(r.refund_amount) AS refunded
    FROM returns AS r
    JOIN orders AS o ON o.order_id = r.order_id
    GROUP BY o.customer_id
)
SELECT c.customer_id,
       COUNT(o.order_id) AS orders,
       COALESCE(SUM(o.order_total), 0) AS lifetime_revenue,
       COALESCE(MAX(f.refunded), 0) AS refunded,
       MAX(o.ordered_at) AS last_ordered_at
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.customer_id AND o.status <> 'cancelled'
LEFT JOIN refunds AS f ON f.customer_id = c.customer_id
GROUP BY c.customer_id;
