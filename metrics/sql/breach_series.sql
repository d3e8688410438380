-- Rules broken in each bucket of the window, overdue ones at the moment they fell due.
SELECT (at_t - $since_t) // $bucket_us AS bucket, count(*) AS n
FROM (
    SELECT due_t AS at_t, team, channel FROM binding_open LEFT JOIN rule_watermark AS w USING (rule)
    WHERE verdict = 0 AND due_t < $now_t AND (due_t > w.watermark_t) IS NOT TRUE
    UNION ALL
    SELECT coalesce(decided_t, due_t, t), team, channel FROM binding_done LEFT JOIN rule_watermark AS w USING (rule)
    WHERE verdict = 2 AND (target_seq IS NULL AND decided_t > w.watermark_t) IS NOT TRUE
)
WHERE at_t >= $since_t AND at_t < $now_t AND $team IN (-1, team) AND $channel IN (-1, channel)
GROUP BY ALL
