-- The course of one case, newest first; its first and last moment let the store skip what lies outside.
SELECT seq, t, activity, channel, direction, actor, team, source FROM few_case_event
WHERE obj = $obj AND t BETWEEN $first_t AND $last_t
ORDER BY t DESC, ord DESC, seq DESC LIMIT $limit
