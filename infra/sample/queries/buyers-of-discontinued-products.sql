-- title: Customers who bought a discontinued product
-- description: One row per line bought, folded again by DISTINCT.
-- tags: customers, marketing, slow
-- owner: mia.larsen@example.com
-- dialect: postgres
SELECT DISTINCT c.customer_id, c.email
FROM customers AS c
JOIN orders AS o ON o.customer_id = c.customer_id
JOIN order_items AS i ON i.order_id = o.order_id
JOIN products AS p ON p.product_id = i.product_id
WHERE p.discontinued_on IS NOT NULL;
