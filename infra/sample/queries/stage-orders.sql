-- title: Stage orders
-- description: Newest state of each order, in euro; first step of the nightly pipeline.
-- tags: pipeline, staging
-- owner: data-platform@example.com
-- dialect: snowflake
CREATE OR REPLACE TABLE stg_orders AS
SELECT o.order_id,
       o.customer_id,
       o.store_id,
       o.channel,
       o.status,
       ROUND(o.order_total * r.to_eur, 2) AS order_total_eur,
       o.ordered_at::DATE AS order_date,
       o.ordered_at
FROM orders o
LEFT JOIN exchange_rates r
  ON r.currency_code = o.currency_code AND r.rate_date = o.ordered_at::DATE
WHERE o.status != 'cancelled'
QUALIFY ROW_NUMBER() OVER (PARTITION BY o.order_id ORDER BY o.updated_at DESC) = 1;
