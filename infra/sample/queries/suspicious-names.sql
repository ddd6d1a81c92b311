-- title: Test accounts in production
-- description: Names that look like tests; a nested CASE nobody dares to touch.
-- tags: customers, control, odd
-- owner: anna.berg@example.com
-- dialect: snowflake
SELECT customer_id,
       email,
       CASE WHEN email ILIKE '%@example.%' THEN 'certain'
            ELSE CASE WHEN full_name ILIKE ANY ('%test%', '%dummy%') THEN 'likely' ELSE 'unlikely' END
       END AS verdict
FROM customers
WHERE 1 = 1
  AND (email ILIKE '%@example.%' OR full_name ILIKE ANY ('%test%', '%dummy%'));
