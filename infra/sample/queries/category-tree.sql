-- title: Category tree with full paths
-- description: Walks the categories from the roots down.
-- tags: products, reference
-- owner: timo.rask@example.com
-- dialect: postgres
WITH RECURSIVE tree AS (
    SELECT c.category_id, c.parent_id, c.name::text AS path, 1 AS depth
    FROM categories AS c
    WHERE c.parent_id IS NULL
    UNION ALL
    SELECT c.category_id, c.parent_id, t.path || ' / ' || c.name, t.depth + 1
    FROM categories AS c
    JOIN tree AS t ON t.category_id = c.parent_id
)
SELECT t.category_id, t.path, t.depth, COUNT(p.product_id) AS products
FROM tree AS t
LEFT JOIN products AS p ON p.category_id = t.category_id
GROUP BY t.category_id, t.path, t.depth
ORDER BY t.path;
