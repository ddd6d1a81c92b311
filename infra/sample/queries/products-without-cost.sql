-- title: Products for the price list
-- description: Everything but what suppliers may not see.
-- tags: products, export
-- owner: timo.rask@example.com
-- dialect: bigquery
SELECT * EXCEPT (unit_cost, attributes)
FROM products
WHERE discontinued_on IS NULL;
