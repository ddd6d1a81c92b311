-- title: Promote loyal customers to gold
-- description: Uses the lifetime value that the pipeline computed.
-- tags: customers, maintenance
-- owner: mia.larsen@example.com
-- dialect: postgres
UPDATE customers AS c
SET loyalty_tier = 'gold'
FROM customer_lifetime_value AS v
WHERE v.customer_id = c.customer_id
  AND v.lifetime_revenue - v.refunded > 5000
  AND c.loyalty_tier IN ('basic', 'silver');
