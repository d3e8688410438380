-- What is pending and either overdue for certain (and was not yet when last looked at), or inside its rule's nudge.
-- marks: up to where the absence of a rule's answer is certain; nudges: how long before it is due a rule is told of;
-- old_marks and seen_t: the same at the last look. All lists have a rule at its code. n_all counts those beyond the limit.
SELECT rule, obj, act_seq, due_t AS at_t, due_t < $now_t AS late, team, channel, count(*) OVER () AS n_all FROM binding_open
WHERE verdict = 0 AND list_contains($rules, rule)
  AND ($every_team OR list_contains($teams, team)) AND ($every_channel OR list_contains($channels, channel))
  AND CASE WHEN due_t >= $now_t THEN $due AND due_t - list_extract($nudges, rule + 1) <= $now_t
      ELSE $breach AND due_t <= list_extract($marks, rule + 1)
           AND (due_t >= $seen_t OR due_t > list_extract($old_marks, rule + 1) OR believed_t >= $from_t) END
ORDER BY late, abs(due_t - $now_t), obj, act_seq LIMIT $limit
