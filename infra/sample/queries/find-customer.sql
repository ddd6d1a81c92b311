-- title: Find a customer by a piece of the name
-- description: A leading wildcard, LOWER on both sides and everything selected.
-- tags: customers, operations, odd
-- owner: anna.berg@example.com
-- dialect: postgres
SELECT *
FROM customers
WHERE LOWER(full_name) LIKE '%son%' OR LOWER(email) LIKE '%son%'
ORDER BY 3
LIMIT 50;
