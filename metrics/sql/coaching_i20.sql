-- Cases of mine that were solved more than a week ago, and whether the customer left it at that for a week, in any
-- channel and any case of mine.
SELECT r.obj, r.t, c.won, true AS ended, CAST(count(n.seq) = 0 AS DOUBLE) AS value
FROM own_step r JOIN own_case c USING (obj)
LEFT JOIN own_step n ON n.t > r.t AND n.t <= r.t + 604800000000 AND n.activity IN ('msg.in', 'call.in', 'reopened')
    AND (n.obj = r.obj OR (r.party <> 0 AND n.party = r.party))
WHERE r.activity = 'resolved' AND r.t <= $now_t - 604800000000 GROUP BY r.obj, r.seq, r.t, c.won
