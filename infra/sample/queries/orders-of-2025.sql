-- title: Orders of 2025 by channel
-- description: The year is taken out of every timestamp, so no index on ordered_at can serve it.
-- tags: orders, report, slow
-- owner: jonas.keller@example.com
-- dialect: postgres
SELECT o.channel, COUNT(*) AS orders, SUM(o.order_total) AS revenue
FROM orders AS o
WHERE EXTRACT(YEAR FROM o.ordered_at) = 2025
  AND o.status <> 'cancelled'
GROUP BY o.channel
ORDER BY revenue DESC;
