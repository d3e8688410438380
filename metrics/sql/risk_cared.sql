-- Which of some items are tied to another item in which somebody of ours has acted.
SELECT DISTINCT l.obj FROM (
    SELECT a AS obj, b AS other FROM object_object WHERE list_contains($ids, a)
    UNION SELECT b, a FROM object_object WHERE list_contains($ids, b)) l
JOIN object_fact f ON f.obj = l.other WHERE f.actor <> 0
