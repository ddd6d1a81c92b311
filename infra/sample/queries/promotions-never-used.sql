-- title: Promotions that nobody used
-- description: Returns nothing as soon as one order has no promotion, because of NOT IN and NULL.
-- tags: marketing, odd
-- owner: mia.larsen@example.com
-- dialect: postgres
SELECT p.code, p.description, p.ends_on
FROM promotions AS p
WHERE p.promotion_id NOT IN (SELECT o.promotion_id FROM orders AS o);
