-- Social conversations that began in the span, and when each was first tied to a case: by an event that names both. A
-- relation without such an event has no moment of its own (related).
WITH talk AS (
    SELECT obj, first_t FROM object_fact
    WHERE otype = $conversation AND channel = $social AND first_t >= $since_t AND first_t <= $now_t
      AND ($team = -1 OR team = $team)
), said AS (SELECT e.obj, e.seq, e.t FROM case_event e SEMI JOIN talk USING (obj) WHERE e.t >= $since_t AND e.t <= $now_t
), tied AS (
    SELECT s.obj, min(s.t) AS t FROM said s JOIN case_event c ON c.seq = s.seq
    WHERE c.otype <> $conversation AND c.t >= $since_t GROUP BY s.obj
), related AS (
    SELECT a AS obj FROM object_object WHERE a IN (SELECT obj FROM talk) AND b IN (SELECT obj FROM object_fact WHERE otype <> $conversation)
    UNION SELECT b FROM object_object WHERE b IN (SELECT obj FROM talk) AND a IN (SELECT obj FROM object_fact WHERE otype <> $conversation)
)
SELECT k.obj, k.first_t, t.t AS tied_t, r.obj IS NOT NULL AS related
FROM talk k LEFT JOIN tied t USING (obj) LEFT JOIN related r USING (obj)
