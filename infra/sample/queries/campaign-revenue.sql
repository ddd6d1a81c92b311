-- title: Revenue by campaign
-- description: A view that joins sessions with the sales of the same customer and day.
-- tags: web, marketing, pipeline
-- owner: mia.larsen@example.com
-- dialect: bigquery
CREATE OR REPLACE VIEW campaign_revenue AS
SELECT s.campaign,
       f.order_date,
       SUM(f.net_eur) AS revenue_eur,
       COUNT(DISTINCT f.order_id) AS orders
FROM web_sessions AS s
JOIN fct_sales AS f
  ON f.customer_id = s.customer_id AND f.order_date = DATE(s.started_at)
WHERE s.purchased > 0 AND f.channel = 'web'
GROUP BY s.campaign, f.order_date;
