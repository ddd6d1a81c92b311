-- title: Merge the customer dimension
-- description: Updates changed customers and inserts new ones.
-- tags: pipeline, dimensions
-- owner: data-platform@example.com
-- dialect: snowflake
MERGE INTO dim_customer AS d
USING (
    SELECT c.customer_id, c.email, c.full_name, k.name AS country_name, k.region, c.loyalty_tier,
           MIN(o.order_date) AS first_order_on
    FROM customers c
    JOIN countries k ON k.country_code = c.country_code
    LEFT JOIN stg_orders o ON o.customer_id = c.customer_id
    GROUP BY c.customer_id, c.email, c.full_name, k.name, k.region, c.loyalty_tier
) AS s
ON d.customer_id = s.customer_id
WHEN MATCHED AND (d.email <> s.email OR d.loyalty_tier <> s.loyalty_tier) THEN UPDATE SET
    email = s.email,
    full_name = s.full_name,
    country_name = s.country_name,
    region = s.region,
    loyalty_tier = s.loyalty_tier,
    updated_at = CURRENT_TIMESTAMP()
WHEN NOT MATCHED THEN INSERT
    (customer_id, email, full_name, country_name, region, loyalty_tier, first_order_on, updated_at)
    VALUES (s.customer_id, s.email, s.full_name, s.country_name, s.region, s.loyalty_tier, s.first_order_on, CURRENT_TIMESTAMP());
