-- title: Record changed list prices
-- description: Appends prices that differ from the last one recorded.
-- tags: pipeline, products
-- owner: data-platform@example.com
-- dialect: postgres
INSERT INTO price_history (product_id, valid_from, list_price)
SELECT p.product_id, CURRENT_DATE, p.list_price
FROM products AS p
LEFT JOIN (SELECT h.product_id, h.list_price,
                  ROW_NUMBER() OVER (PARTITION BY h.product_id ORDER BY h.valid_from DESC) AS recency
           FROM price_history AS h) AS last
       ON last.product_id = p.product_id AND last.recency = 1
WHERE last.list_price IS DISTINCT FROM p.list_price;
