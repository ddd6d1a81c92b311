-- title: Load sales facts
-- description: Joins staged orders and lines; second step of the nightly pipeline.
-- tags: pipeline, facts
-- owner: data-platform@example.com
-- dialect: snowflake
INSERT INTO fct_sales (order_id, line_no, order_date, customer_id, product_id, store_id, channel, quantity, net_eur, margin_eur)
SELECT o.order_id,
       l.line_no,
       o.order_date,
       o.customer_id,
       l.product_id,
       o.store_id,
       o.channel,
       l.quantity,
       ROUND(l.net_amount * r.to_eur, 2),
       ROUND(l.margin_amount * r.to_eur, 2)
FROM stg_orders o
JOIN stg_order_lines l ON l.order_id = o.order_id
JOIN orders src ON src.order_id = o.order_id
JOIN exchange_rates r ON r.currency_code = src.currency_code AND r.rate_date = o.order_date
WHERE o.order_date = DATEADD(day, -1, CURRENT_DATE());
