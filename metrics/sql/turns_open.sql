-- Customers with open questions, one row each: the oldest question and what its case is, how many questions in how
-- many channels. Where no customer is known the case stands for it. Who last asked over thirty days ago is only counted.
WITH question AS (
    SELECT a.seq, a.t, a.obj, a.channel, CASE WHEN a.customer = 0 THEN -a.obj ELSE a.customer END AS who, f.team, f.actor,
           f.otype IN (SELECT otype FROM lifecycle) AS has_end
    FROM ask_open a JOIN object_fact f USING (obj)
    WHERE a.t <= $now_t AND ($team = -1 OR f.team = $team) AND ($channel = -1 OR a.channel = $channel)
), waiting AS (
    SELECT who, min({t: t, seq: seq, by_end: NOT has_end, obj: obj, channel: channel, team: team, actor: actor}) AS oldest,
           max(t) AS last_t, count(DISTINCT seq) AS n, count(DISTINCT channel) AS channels,
           list_sort(list(DISTINCT seq))[:50] AS seqs, list_sort(list(DISTINCT obj))[:50] AS objs
    FROM question GROUP BY who
), live AS (FROM waiting WHERE last_t >= $now_t - 2592000000000)
SELECT (SELECT min({t: oldest.t, who: who, oldest: oldest, n: n, channels: channels, seqs: seqs, objs: objs}, $limit) FROM live) AS top,
       (SELECT count(*) FROM live) AS total, (SELECT median($now_t - oldest.t) FROM live) AS median_us,
       (SELECT count(*) FROM waiting) - (SELECT count(*) FROM live) AS silent
