-- My deals that are two weeks old, and whether the expected close was never moved to a later day.
SELECT c.obj, c.first_t AS t, c.won, true AS ended, CAST(count(s.seq) = 0 AS DOUBLE) AS value
FROM own_case c LEFT JOIN own_step s ON s.obj = c.obj AND s.activity = 'closedate.changed'
    AND json_extract_string(s.attrs, '$.to') > json_extract_string(s.attrs, '$.from')
WHERE c.otype = 'opportunity' AND c.first_t <= $now_t - 1209600000000 GROUP BY c.obj, c.first_t, c.won
