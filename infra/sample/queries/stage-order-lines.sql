-- title: Stage order lines
-- description: Lines with their net value and margin; a view, so that it is always fresh.
-- tags: pipeline, staging
-- owner: data-platform@example.com
-- dialect: snowflake
CREATE OR REPLACE VIEW stg_order_lines AS
SELECT i.order_id,
       i.line_no,
       i.product_id,
       i.quantity,
       i.quantity * i.unit_price - i.discount_amount AS net_amount,
       i.quantity * (i.unit_price - p.unit_cost) - i.discount_amount AS margin_amount
FROM order_items i
INNER JOIN products p ON p.product_id = i.product_id;
