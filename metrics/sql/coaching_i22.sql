-- Meetings put into the calendar, and whether the next that was heard of meetings in the case is that one was held;
-- unknown for a month where nothing was heard.
SELECT s.obj, s.t, c.won, true AS ended, CAST(coalesce(arg_min(n.activity, (n.t, n.ord, n.seq)) = 'meeting.held', false) AS DOUBLE) AS value
FROM own_step s JOIN own_case c USING (obj)
LEFT JOIN own_step n ON n.obj = s.obj AND (n.t, n.ord, n.seq) > (s.t, s.ord, s.seq)
    AND n.activity IN ('meeting.held', 'meeting.cancelled', 'meeting.scheduled')
WHERE s.activity = 'meeting.scheduled' GROUP BY s.obj, s.seq, s.t, c.won
HAVING count(n.seq) > 0 OR s.t <= $now_t - 2592000000000
