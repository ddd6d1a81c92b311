-- title: Colours offered per category
-- description: Unpacks the JSON attributes of products.
-- tags: products, reference
-- owner: timo.rask@example.com
-- dialect: snowflake
SELECT c.name AS category,
       f.value:name::STRING AS colour,
       COUNT(*) AS products
FROM products p
JOIN categories c ON c.category_id = p.category_id,
LATERAL FLATTEN(INPUT => p.attributes:colours) f
WHERE p.discontinued_on IS NULL
GROUP BY 1, 2
ORDER BY 3 DESC;
