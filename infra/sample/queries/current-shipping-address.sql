-- title: Current shipping address of each customer
-- description: The newest valid address, by DISTINCT ON.
-- tags: customers, logistics
-- owner: timo.rask@example.com
-- dialect: postgres
CREATE VIEW current_addresses AS
SELECT DISTINCT ON (a.customer_id)
       a.customer_id, a.street, a.postal_code, a.city, k.name AS country
FROM addresses AS a
JOIN countries AS k USING (country_code)
WHERE a.kind = 'shipping' AND a.valid_to IS NULL
ORDER BY a.customer_id, a.valid_from DESC;
