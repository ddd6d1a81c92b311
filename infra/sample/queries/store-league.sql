-- title: Store league of the quarter
-- description: Old comma joins; ranks stores by revenue per square metre within their country.
-- tags: stores, report, odd
-- owner: jonas.keller@example.com
-- dialect: postgres
SELECT k.name AS country,
       s.name AS store,
       SUM(d.gross_revenue) AS revenue,
       SUM(d.gross_revenue) / NULLIF(s.floor_area_m2, 0) AS revenue_per_m2,
       RANK() OVER (PARTITION BY k.country_code
                    ORDER BY SUM(d.gross_revenue) / NULLIF(s.floor_area_m2, 0) DESC NULLS LAST) AS place
FROM fct_daily_sales AS d, stores AS s, countries AS k
WHERE d.store_id = s.store_id
  AND s.country_code = k.country_code
  AND d.sales_date BETWEEN DATE '2025-07-01' AND DATE '2025-09-30'
  AND s.closed_on IS NULL
GROUP BY k.country_code, k.name, s.store_id, s.name, s.floor_area_m2;
