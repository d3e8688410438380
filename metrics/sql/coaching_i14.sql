-- Quotes sent more than two days ago, and whether we wrote or called within two days; not the mail that carried it.
SELECT q.obj, q.t, c.won, true AS ended, max(CAST(n.t IS NOT NULL AS DOUBLE)) AS value
FROM own_step q JOIN own_case c USING (obj)
LEFT JOIN own_step n ON n.obj = q.obj AND n.t BETWEEN q.t + 3600000000 AND q.t + 172800000000 AND n.is_touch
WHERE q.activity = 'quote.sent' AND q.t <= $now_t - 172800000000 GROUP BY q.obj, q.seq, q.t, c.won
