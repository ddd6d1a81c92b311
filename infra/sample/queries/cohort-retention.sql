-- title: Cohort retention
-- description: Share of each cohort that buys again, by months since the first order.
-- tags: customers, report
-- owner: anna.berg@example.com
-- dialect: snowflake
WITH cohorts AS (
    SELECT customer_id, MIN(month) AS cohort_month
    FROM mart_customer_monthly
    GROUP BY customer_id
),
activity AS (
    SELECT c.cohort_month,
           DATEDIFF('month', c.cohort_month, m.month) AS age,
           COUNT(DISTINCT m.customer_id) AS active
    FROM mart_customer_monthly m
    JOIN cohorts c ON c.customer_id = m.customer_id
    GROUP BY 1, 2
)
SELECT a.cohort_month,
       a.age,
       a.active,
       ROUND(100 * a.active / FIRST_VALUE(a.active) OVER (PARTITION BY a.cohort_month ORDER BY a.age), 1) AS retained_pct
FROM activity a
ORDER BY a.cohort_month, a.age;
