-- title: Merge product performance
-- description: Units, revenue and rating of each product; one more step of the pipeline.
-- tags: pipeline, products
-- owner: data-platform@example.com
-- dialect: bigquery
MERGE product_performance AS t
USING (
    SELECT p.product_id, p.sku, s.units_sold, s.revenue_eur, r.average_rating
    FROM products AS p
    JOIN (SELECT product_id, SUM(quantity) AS units_sold, SUM(net_eur) AS revenue_eur
          FROM fct_sales GROUP BY product_id) AS s USING (product_id)
    LEFT JOIN (SELECT product_id, AVG(rating) AS average_rating
               FROM reviews GROUP BY product_id) AS r USING (product_id)
) AS n
ON t.product_id = n.product_id
WHEN MATCHED THEN
    UPDATE SET units_sold = n.units_sold, revenue_eur = n.revenue_eur,
               average_rating = n.average_rating, refreshed_on = CURRENT_DATE()
WHEN NOT MATCHED THEN
    INSERT (product_id, sku, units_sold, revenue_eur, average_rating, refreshed_on)
    VALUES (n.product_id, n.sku, n.units_sold, n.revenue_eur, n.average_rating, CURRENT_DATE());
