-- Deals that ended lately with an order: looked at once more, for progress that nobody saw.
SELECT f.obj, f.otype, f.first_t, f.last_t, f.n, f.channel, f.team, f.actor, f.party, f.waiting_t
FROM object_fact f WHERE list_contains($otypes, f.otype) AND f.closed_t BETWEEN $since_t AND $now_t
  AND ($team = -1 OR f.team = $team) AND ($channel = -1 OR f.channel = $channel)
ORDER BY f.closed_t DESC, f.obj LIMIT $limit
