-- How much happened, by hour; what was taken back is taken off.
INSERT INTO agg_activity
SELECT t // 3600000000, team, channel, direction, activity, sum(sign)
FROM (SELECT e.t, e.team, e.channel, e.direction, e.activity, 1 AS sign FROM event e WHERE e.batch = $batch AND e.seq >= $first_new_seq
      UNION ALL
      SELECT r.t, r.team, r.channel, r.direction, r.activity, -1 FROM event_retracted r SEMI JOIN gone USING (seq) WHERE r.batch <> $batch)
GROUP BY ALL HAVING sum(sign) <> 0;
