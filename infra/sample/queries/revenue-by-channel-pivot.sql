-- title: Revenue by month, one column per channel
-- description: A pivot by hand.
-- tags: finance, report
-- owner: lena.vogt@example.com
-- dialect: bigquery
SELECT DATE_TRUNC(f.order_date, MONTH) AS month,
       SUM(IF(f.channel = 'web', f.net_eur, 0)) AS web_eur,
       SUM(IF(f.channel = 'app', f.net_eur, 0)) AS app_eur,
       SUM(IF(f.channel = 'store', f.net_eur, 0)) AS store_eur,
       SUM(IF(f.channel = 'phone', f.net_eur, 0)) AS phone_eur
FROM fct_sales AS f
GROUP BY month
ORDER BY month;
