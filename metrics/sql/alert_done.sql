-- What turned out to be broken since the last look: believed since, or certain only since because a source was late.
-- The newest come first; n_all counts those beyond the limit too. Lists as in alert_open.
SELECT rule, obj, act_seq, decided_t AS at_t, TRUE AS late, team, channel, count(*) OVER () AS n_all FROM binding_done
WHERE verdict = 2 AND $breach AND list_contains($rules, rule)
  AND ($every_team OR list_contains($teams, team)) AND ($every_channel OR list_contains($channels, channel))
  AND (target_seq IS NOT NULL OR decided_t <= list_extract($marks, rule + 1))
  AND (believed_t >= $from_t OR target_seq IS NULL AND decided_t > list_extract($old_marks, rule + 1))
ORDER BY decided_t DESC, obj, act_seq LIMIT $limit
