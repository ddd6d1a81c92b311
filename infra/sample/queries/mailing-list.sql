-- title: Mailing list of customers and suppliers
-- description: The two halves can never share a row, and yet UNION looks for duplicates.
-- tags: marketing, slow
-- owner: mia.larsen@example.com
-- dialect: postgres
SELECT c.customer_id AS party_id, 'customer' AS party, c.email
FROM customers AS c
WHERE c.marketing_consent
UNION
SELECT s.supplier_id, 'supplier', s.contact_email
FROM suppliers AS s
WHERE s.contact_email IS NOT NULL;
