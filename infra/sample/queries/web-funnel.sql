-- title: Web funnel by campaign
-- description: From visit over cart to purchase.
-- tags: web, marketing, report
-- owner: mia.larsen@example.com
-- dialect: bigquery
SELECT COALESCE(s.campaign, '(direct)') AS campaign,
       COUNT(*) AS sessions,
       COUNTIF(s.added > 0) AS carts,
       COUNTIF(s.purchased > 0) AS purchases,
       SAFE_DIVIDE(COUNTIF(s.purchased > 0), COUNT(*)) AS conversion
FROM web_sessions AS s
WHERE s.started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 30 DAY)
GROUP BY campaign
ORDER BY sessions DESC;
