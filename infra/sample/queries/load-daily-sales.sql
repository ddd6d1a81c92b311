-- title: Load daily sales
-- description: Adds yesterday's sales of each store; run every night.
-- tags: pipeline, stores
-- owner: data-platform@example.com
-- dialect: postgres
INSERT INTO fct_daily_sales (sales_date, store_id, orders, gross_revenue)
SELECT o.ordered_at::date, o.store_id, COUNT(*), SUM(o.order_total)
FROM orders AS o
WHERE o.store_id IS NOT NULL
  AND o.status <> 'cancelled'
  AND o.ordered_at >= CURRENT_DATE - 1
  AND o.ordered_at < CURRENT_DATE
GROUP BY o.ordered_at::date, o.store_id
ON CONFLICT (sales_date, store_id)
DO UPDATE SET orders = EXCLUDED.orders, gross_revenue = EXCLUDED.gross_revenue;
