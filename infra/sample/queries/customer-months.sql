-- title: Build the monthly customer mart
-- description: One row per customer and month, on facts and dimension; third step of the pipeline.
-- tags: pipeline, mart
-- owner: data-platform@example.com
-- dialect: snowflake
CREATE OR REPLACE TABLE mart_customer_monthly AS
SELECT DATE_TRUNC('MONTH', f.order_date) AS month,
       f.customer_id,
       d.region,
       COUNT(DISTINCT f.order_id) AS orders,
       SUM(f.net_eur) AS revenue_eur,
       SUM(f.margin_eur) AS margin_eur
FROM fct_sales f
JOIN dim_customer d ON d.customer_id = f.customer_id
GROUP BY 1, 2, 3;
