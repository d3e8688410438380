-- The deals of which a linked contact does not want commercial messages and has not agreed to them since.
WITH said AS (
    SELECT x.obj, arg_max(a.name, e.t) AS latest FROM event e JOIN activity a ON a.code = e.activity
    JOIN event_object x USING (seq)
    WHERE a.name IN ('optout', 'objection', 'suppression.added', 'consent.given') AND e.t <= $now_t GROUP BY x.obj
), person AS (
    SELECT s.obj FROM said s JOIN object o USING (obj) JOIN object_type y ON y.code = o.otype AND y.name = 'contact'
    WHERE s.latest <> 'consent.given'
)
SELECT l.obj, count(DISTINCT l.contact) AS people FROM (
    SELECT a AS obj, b AS contact FROM object_object WHERE list_contains($ids, a)
    UNION SELECT b, a FROM object_object WHERE list_contains($ids, b)) l
JOIN person p ON p.obj = l.contact GROUP BY l.obj
