-- title: Countries with big spenders
-- description: HAVING filters what WHERE could have filtered before grouping.
-- tags: customers, report, slow
-- owner: anna.berg@example.com
-- dialect: postgres
SELECT c.country_code, c.loyalty_tier, COUNT(DISTINCT c.customer_id) AS customers, SUM(o.order_total) AS revenue
FROM customers AS c
JOIN orders AS o ON o.customer_id = c.customer_id
GROUP BY c.country_code, c.loyalty_tier
HAVING c.loyalty_tier IN ('gold', 'platinum') AND SUM(o.order_total) > 10000;
