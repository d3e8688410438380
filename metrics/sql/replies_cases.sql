-- The cases behind waits: the longest of the span, in elapsed time.
WITH question AS (
    SELECT seq, min(obj) AS obj, min(customer) AS customer, any_value(t) AS t, any_value(channel) AS channel,
           any_value(team) AS team, any_value(ended_t) AS ended_t, any_value(end_seq) AS end_seq
    FROM (FROM ask_open UNION ALL FROM ask_done WHERE ended_t >= $since_t) WHERE t <= $now_t GROUP BY seq
)
SELECT arg_min(obj, (t, seq)) AS obj, min(t) AS t, any_value(ended_t) AS ended_t
FROM question GROUP BY CASE WHEN customer = 0 THEN -obj ELSE customer END, end_seq
HAVING min(t) >= $since_t AND ($team = -1 OR arg_min(team, (t, seq)) = $team)
   AND ($channel = -1 OR arg_min(channel, (t, seq)) = $channel)
ORDER BY coalesce(any_value(ended_t), $now_t) - min(t) DESC LIMIT 60
