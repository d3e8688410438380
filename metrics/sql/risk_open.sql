-- Open items of some types, those that moved latest first; how many there are in all tells whether some were left out.
-- A conversation never ends by itself: it is open while its customer waits.
SELECT obj, otype, first_t, last_t, n, channel, team, actor, party, waiting_t, count(*) OVER () AS total
FROM case_open WHERE list_contains($otypes, otype) AND last_t >= $since_t AND first_t <= $now_t
  AND (otype <> $talk OR waiting_t IS NOT NULL)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY last_t DESC, obj LIMIT $limit
