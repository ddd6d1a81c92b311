-- title: Stores that took a return
-- description: A join for a yes-or-no question.
-- tags: stores, returns, slow
-- owner: jonas.keller@example.com
-- dialect: bigquery
SELECT DISTINCT s.store_id, s.name, s.city
FROM stores AS s
JOIN orders AS o ON o.store_id = s.store_id
JOIN returns AS r ON r.order_id = o.order_id;
