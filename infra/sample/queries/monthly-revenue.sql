-- title: Revenue by month with running total
-- description: Orders per month, change against the month before and total since the beginning.
-- tags: finance, report
-- owner: lena.vogt@example.com
-- dialect: postgres
WITH monthly AS (
    SELECT date_trunc('month', o.ordered_at) AS month,
           COUNT(*) AS orders,
           SUM(o.order_total * r.to_eur) AS revenue_eur
    FROM orders AS o
    JOIN exchange_rates AS r
      ON r.currency_code = o.currency_code AND r.rate_date = o.ordered_at::date
    WHERE o.status <> 'cancelled'
    GROUP BY date_trunc('month', o.ordered_at)
)
SELECT m.month,
       m.orders,
       m.revenue_eur,
       m.revenue_eur - LAG(m.revenue_eur) OVER (ORDER BY m.month) AS change_eur,
       SUM(m.revenue_eur) OVER (ORDER BY m.month ROWS UNBOUNDED PRECEDING) AS running_eur
FROM monthly AS m
ORDER BY m.month;
