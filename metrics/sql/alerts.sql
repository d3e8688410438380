-- How each alert channel stands: what was sent and failed since, what waits, and the latest trouble not yet overcome.
WITH fine AS (
    SELECT channel, max(n) AS n FROM alert WHERE state = 'sent' AND trouble = '' GROUP BY channel
)
SELECT a.channel, max(a.sent_t) AS sent_t, count(*) FILTER (a.state = 'sent' AND a.made_t >= $since_t) AS sent,
       count(*) FILTER (a.state = 'waiting') AS waiting, min(a.made_t) FILTER (a.state = 'waiting') AS waiting_t,
       min(a.next_t) FILTER (a.state = 'waiting') AS next_t,
       count(*) FILTER (a.state = 'failed' AND a.made_t >= $since_t) AS failed,
       arg_max(a.trouble, a.n) FILTER (a.trouble <> '' AND a.n > coalesce(fine.n, 0)) AS trouble,
       arg_max(a.state = 'sent', a.n) FILTER (a.trouble <> '' AND a.n > coalesce(fine.n, 0)) AS in_part
FROM alert AS a LEFT JOIN fine USING (channel)
GROUP BY a.channel ORDER BY a.channel
