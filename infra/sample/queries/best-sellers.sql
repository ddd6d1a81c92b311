-- title: Three best sellers of each category
-- description: QUALIFY over the sales facts.
-- tags: products, report
-- owner: timo.rask@example.com
-- dialect: snowflake
SELECT c.name AS category,
       p.sku,
       p.name AS product,
       SUM(f.quantity) AS units
FROM fct_sales f
JOIN products p ON p.product_id = f.product_id
JOIN categories c ON c.category_id = p.category_id
WHERE f.order_date >= DATEADD('day', -90, CURRENT_DATE())
GROUP BY c.name, p.sku, p.name
QUALIFY RANK() OVER (PARTITION BY c.name ORDER BY SUM(f.quantity) DESC) <= 3
ORDER BY category, units DESC;
