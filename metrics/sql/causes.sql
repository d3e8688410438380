-- What was true of cases near their beginning, beside how they turned out: how many had it, how many of these are bad,
-- and some of the bad ones.
WITH kase AS (SELECT unnest($objs) AS obj, unnest($began) AS first_t, unnest($bad) AS bad),
early AS (
    SELECT k.obj, k.bad, e.activity, e.team, e.channel, e.t, e.ord, e.seq FROM case_event AS e JOIN kase AS k USING (obj)
    WHERE e.t >= $since_t AND e.t <= k.first_t + $within_us
), told AS (
    SELECT k.obj, k.bad, c.attribute, arg_min(c.value, c.t) AS value FROM object_change AS c JOIN kase AS k USING (obj)
    WHERE c.t <= k.first_t + $within_us AND NOT list_contains($never, c.attribute) GROUP BY ALL
), had AS (
    SELECT DISTINCT 'activity' AS kind, activity AS code, '' AS value, obj, bad FROM early WHERE $steps
    UNION ALL SELECT 'team', arg_min(team, (t, ord, seq)), '', obj, bad FROM early WHERE team <> 0 GROUP BY obj, bad
    UNION ALL SELECT 'channel', arg_min(channel, (t, ord, seq)), '', obj, bad FROM early WHERE channel <> 0 GROUP BY obj, bad
    UNION ALL SELECT 'attribute', attribute, value, obj, bad FROM told WHERE length(value) < 40
    UNION ALL SELECT 'weekday', (first_t // 86400000000 + 3) % 7, '', obj, bad FROM kase
    UNION ALL SELECT 'hour', first_t // 3600000000 % 24 // 6, '', obj, bad FROM kase
)
SELECT kind, code, value, count(*) AS n, count(*) FILTER (bad) AS bad,
       list_slice(list(obj) FILTER (bad), 1, 50) AS some FROM had GROUP BY ALL
