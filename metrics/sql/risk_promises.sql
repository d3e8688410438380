-- The promises decided latest: whether each was met, and when.
SELECT rule, team, channel, t, due_t, decided_t, verdict = 2 AS is_broken FROM binding_done
WHERE verdict IN (1, 2) AND due_t > t AND decided_t BETWEEN $since_t AND $now_t
ORDER BY decided_t DESC, obj, act_seq LIMIT $limit
