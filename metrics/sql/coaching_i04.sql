-- Meetings held more than a day ago, and whether a next step was set within a day of each.
SELECT m.obj, m.t, c.won, true AS ended, max(CAST(n.t IS NOT NULL AS DOUBLE)) AS value
FROM own_step m JOIN own_case c USING (obj)
LEFT JOIN own_step n ON n.obj = m.obj AND n.t BETWEEN m.t AND m.t + 86400000000
    AND n.activity IN ('meeting.scheduled', 'task.planned', 'promise.made')
WHERE m.activity = 'meeting.held' AND m.t <= $now_t - 86400000000 GROUP BY m.obj, m.seq, m.t, c.won
