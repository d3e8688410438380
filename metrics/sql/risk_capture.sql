-- What each source delivered on each of the last nine days.
SELECT source, at_t // 86400000000 AS day, sum(n_in) AS n_in, sum(n_new) AS n_new, sum(n_aside) AS n_aside
FROM commit_log WHERE at_t > $now_t - 777600000000 AND at_t <= $now_t GROUP BY ALL
