-- title: Executive summary
-- description: Reads the ends of three pipelines; the board sees it on Mondays.
-- tags: finance, report
-- owner: lena.vogt@example.com
-- dialect: bigquery
WITH by_region AS (
    SELECT month, region, SUM(revenue_eur) AS revenue_eur, SUM(margin_eur) AS margin_eur,
           COUNT(DISTINCT customer_id) AS customers
    FROM mart_customer_monthly
    GROUP BY month, region
),
campaigns AS (
    SELECT DATE_TRUNC(order_date, MONTH) AS month, SUM(revenue_eur) AS campaign_eur
    FROM campaign_revenue
    GROUP BY month
)
SELECT r.month,
       r.region,
       r.revenue_eur,
       r.margin_eur,
       r.customers,
       c.campaign_eur,
       (SELECT MAX(average_rating) FROM product_performance) AS best_rating
FROM by_region AS r
LEFT JOIN campaigns AS c ON c.month = r.month
ORDER BY r.month DESC, r.revenue_eur DESC;
