-- What became of each activation. 0 pending, 1 fulfilled, 2 violated, 3 holding, 4 kept, 5 unknown, 6 waived.
-- Nothing here depends on the present moment: who reads compares due_t with now and with the watermarks.
CREATE OR REPLACE TEMP TABLE bind_new AS
WITH judged AS (
    SELECT a.*, n.hit_seq, n.hit_t, n.maybe_t, n.other_t, n.until_t, n.tied, f.closed_t,
           coalesce(n.hit_t <= a.due_t, n.hit_t IS NOT NULL) AS in_time,
           coalesce(n.maybe_t <= a.due_t, n.maybe_t IS NOT NULL) OR n.tied AS maybe,
           coalesce(n.until_t <= a.due_t, n.until_t IS NOT NULL) AND (n.hit_t IS NULL OR n.until_t < n.hit_t) AS freed
    FROM act a JOIN near n USING (rule, obj, seq) JOIN fact_new f USING (obj)
), decided AS (
    SELECT *, CASE
        WHEN sure IS NULL THEN 5
        WHEN template = 'response' THEN CASE
            WHEN in_time AND NOT freed THEN 1 WHEN maybe THEN 5 WHEN freed THEN 6
            WHEN hit_t IS NOT NULL OR closed_t IS NOT NULL THEN 2 ELSE 0 END
        WHEN template = 'precedence' THEN CASE
            WHEN hit_t IS NOT NULL AND (due_t IS NULL OR hit_t + (due_t - t) >= t) THEN 1 WHEN maybe THEN 5 ELSE 2 END
        WHEN template = 'not_response' THEN CASE
            WHEN in_time AND NOT freed THEN 2 WHEN freed THEN 4 WHEN maybe THEN 5
            WHEN closed_t IS NOT NULL OR due_t <= last_seen_t THEN 4 ELSE 3 END
        WHEN template = 'absence' THEN CASE WHEN hit_seq IS NOT NULL THEN 2 WHEN maybe THEN 5 ELSE 4 END
        ELSE CASE WHEN hit_seq IS NOT NULL THEN 2 WHEN maybe THEN 5 WHEN other_t IS NOT NULL THEN 1
                  WHEN closed_t IS NOT NULL THEN 4 ELSE 3 END
        END AS verdict
    FROM (SELECT j.*, f.last_t AS last_seen_t FROM judged j JOIN fact_new f USING (obj))
)
SELECT rule, obj, seq AS act_seq, t, CASE WHEN verdict IN (1, 2) THEN hit_seq END AS target_seq,
       CASE verdict WHEN 1 THEN greatest(coalesce(hit_t, other_t), t)
                    WHEN 2 THEN coalesce(greatest(hit_t, t), least(due_t, closed_t), closed_t, t)
                    WHEN 4 THEN coalesce(until_t, closed_t, due_t, t) WHEN 6 THEN until_t END AS decided_t,
       due_t, CAST(verdict AS UTINYINT) AS verdict,
       CASE WHEN verdict = 5 AND sure IS NULL THEN 'an attribute of the activation is missing'
            WHEN verdict = 5 AND tied THEN 'events of the same moment: their order decides and is not known'
            WHEN verdict = 5 THEN 'an attribute of a possible answer is missing'
            WHEN verdict = 6 THEN 'released' WHEN verdict = 2 AND hit_seq IS NULL AND closed_t IS NOT NULL
                AND template = 'response' THEN 'ended without it' ELSE '' END AS reason,
       team, channel, actor
FROM decided;
