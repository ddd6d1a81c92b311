-- title: Products dearer than their category
-- description: One average per product where one per category would do.
-- tags: products, report, slow
-- owner: timo.rask@example.com
-- dialect: snowflake
SELECT p.sku, p.name, p.list_price
FROM products p
WHERE p.list_price > (SELECT AVG(q.list_price)
                      FROM products q
                      WHERE q.category_id = p.category_id);
