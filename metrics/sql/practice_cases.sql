-- The deals in the reader's scope on which a practice showed by the landmark, newest first.
SELECT obj, first_t AS t, CASE WHEN won THEN 'won' WHEN closed_t IS NULL THEN 'open' ELSE 'not won' END AS became FROM marked
WHERE does[CAST($place AS BIGINT) + 1] AND could[CAST($place AS BIGINT) + 1] AND is_open AND first_t + landmark + horizon <= $now_t
  AND obj IN (SELECT obj FROM object_fact) ORDER BY first_t DESC, obj LIMIT 100
