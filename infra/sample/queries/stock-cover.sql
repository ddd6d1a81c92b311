-- title: Days of stock cover
-- description: How long the stock of each store lasts at the pace of the last four weeks.
-- tags: stores, logistics
-- owner: timo.rask@example.com
-- dialect: snowflake
WITH pace AS (
    SELECT store_id, product_id, SUM(quantity) / 28 AS per_day
    FROM fct_sales
    WHERE order_date >= DATEADD(week, -4, CURRENT_DATE()) AND store_id IS NOT NULL
    GROUP BY store_id, product_id
)
SELECT s.name AS store,
       p.sku,
       i.on_hand,
       IFF(NVL(pace.per_day, 0) = 0, NULL, ROUND(i.on_hand / pace.per_day)) AS days_of_cover,
       IFF(i.on_hand <= i.reorder_point, 'order', 'ok') AS advice
FROM inventory i
JOIN stores s ON s.store_id = i.store_id
JOIN products p ON p.product_id = i.product_id
LEFT JOIN pace ON pace.store_id = i.store_id AND pace.product_id = i.product_id
WHERE p.discontinued_on IS NULL;
