-- title: Customers with open orders
-- description: For the morning call list. Counts every order only to know whether there is one.
-- tags: customers, operations, slow
-- owner: anna.berg@example.com
-- dialect: postgres
SELECT c.customer_id, c.full_name, c.phone
FROM customers AS c
WHERE (SELECT COUNT(*) FROM orders AS o
       WHERE o.customer_id = c.customer_id AND o.status = 'open') > 0;
