-- title: Sellers and managers of each order
-- description: The OR in the join keeps the database from hashing it.
-- tags: stores, report, slow
-- owner: jonas.keller@example.com
-- dialect: postgres
SELECT o.order_id, e.employee_id, e.full_name, e.role
FROM orders AS o
JOIN employees AS e
  ON e.employee_id = o.sold_by
  OR (e.store_id = o.store_id AND e.role = 'manager')
WHERE o.channel = 'store';
