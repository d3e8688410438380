-- Each hand-off of the span (the latest $limit) and the first that was said in the case within seven days: we (warm), the
-- customer in another channel or a new conversation (restart), or in the same one (chase). Nothing: unknown, or young
-- while the seven days run; then elsewhere says whether the same customer came with another case.
WITH handed AS (
    SELECT e.seq, e.obj, e.t, e.activity, e.team, e.attrs, f.channel AS home, f.otype NOT IN (SELECT otype FROM lifecycle) AS endless
    FROM case_event e JOIN object_fact f USING (obj)
    WHERE e.t >= $since_t AND e.t <= $now_t AND (e.activity = $transfer OR e.activity = $referral
          OR e.activity = $resolved AND json_extract_string(e.attrs, '$.redirected') = 'true')
      AND ($team = -1 OR e.team = $team)
    QUALIFY row_number() OVER (PARTITION BY e.seq ORDER BY endless, e.obj) = 1
), hand AS (FROM handed ORDER BY t DESC, seq LIMIT $limit
), talk AS (
    SELECT e.obj, e.seq, e.t, e.ord, e.channel, e.direction FROM case_event e SEMI JOIN hand USING (obj)
    WHERE e.t >= $since_t - 7776000000000 AND (is_answer(e.direction, e.attrs) AND e.activity <> $referral
          OR e.direction = 1 AND list_contains($contact, e.activity))
), thread AS (
    SELECT a.seq, min(a.obj) AS thread FROM ask a SEMI JOIN talk USING (seq) JOIN object_fact f USING (obj)
    WHERE f.otype = $conversation GROUP BY a.seq
), spoken AS (FROM talk LEFT JOIN thread USING (seq)
), before AS (
    SELECT h.seq, arg_max(k.channel, (k.t, k.ord)) AS channel, list(DISTINCT k.thread) FILTER (k.thread IS NOT NULL) AS threads
    FROM hand h JOIN spoken k ON k.obj = h.obj AND k.t <= h.t WHERE k.direction = 1 GROUP BY h.seq
), after AS (
    SELECT h.seq, min({t: k.t, ord: k.ord, direction: k.direction, channel: k.channel, thread: coalesce(k.thread, 0)}) AS said
    FROM hand h JOIN spoken k ON k.obj = h.obj AND k.t > h.t AND k.t <= h.t + $week AND k.t <= $now_t GROUP BY h.seq
), who AS (SELECT DISTINCT obj, customer FROM ask SEMI JOIN hand USING (obj) WHERE customer <> 0
), elsewhere AS (
    SELECT DISTINCT h.seq FROM hand h JOIN who w USING (obj) JOIN ask a ON a.customer = w.customer AND a.obj <> h.obj
        AND a.t > h.t AND a.t <= h.t + $week AND a.t <= $now_t WHERE a.t > $since_t
)
SELECT h.seq, h.obj, h.t, h.activity, h.team, coalesce(b.channel, h.home) AS channel, f.said.t AS said_t,
       json_extract_string(h.attrs, '$.from') AS from_team, json_extract_string(h.attrs, '$.to') AS to_team,
       json_extract_string(h.attrs, '$.to_channel') AS to_channel,
       CASE WHEN f.said IS NULL THEN CASE WHEN h.t + $week > $now_t THEN 'young' ELSE 'unknown' END
            WHEN f.said.direction = 2 THEN 'warm'
            WHEN f.said.channel <> coalesce(b.channel, h.home) THEN 'restart'
            WHEN f.said.thread <> 0 AND len(b.threads) > 0 AND NOT list_contains(b.threads, f.said.thread) THEN 'restart'
            ELSE 'chase' END AS outcome,
       f.said IS NULL AND e.seq IS NOT NULL AS elsewhere
FROM hand h LEFT JOIN before b USING (seq) LEFT JOIN after f USING (seq) LEFT JOIN elsewhere e USING (seq)
WHERE $channel = -1 OR coalesce(b.channel, h.home) = $channel
