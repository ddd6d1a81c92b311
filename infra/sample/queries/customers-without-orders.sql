-- title: Customers who never ordered
-- description: NOT IN over a column that is never NULL, so an anti-join gives the same.
-- tags: customers, marketing, slow
-- owner: mia.larsen@example.com
-- dialect: postgres
SELECT c.customer_id, c.email, c.created_at
FROM customers AS c
WHERE c.customer_id NOT IN (SELECT o.customer_id FROM orders AS o)
  AND c.marketing_consent;
