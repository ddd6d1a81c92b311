-- title: Staff and their managers
-- description: A self-join; people without a manager stay in.
-- tags: stores, reference
-- owner: jonas.keller@example.com
-- dialect: postgres
SELECT e.full_name, e.role, s.name AS store, COALESCE(m.full_name, '-') AS manager
FROM employees e
JOIN stores s ON s.store_id = e.store_id
LEFT JOIN employees m ON m.employee_id = e.manager_id
WHERE e.left_on IS NULL
ORDER BY s.name, e.full_name;
