-- What became of each activation. 0 pending, 1 fulfilled, 2 violated, 3 holding, 4 kept, 5 unknown, 6 waived.
-- Nothing here depends on the present moment: who reads compares due_t with now and with the watermarks.
-- A verdict is unknown exactly where a missing attribute or the order of events of one moment could change it.
CREATE OR REPLACE TEMP TABLE bind_new AS
WITH judged AS (
    SELECT a.*, n.* EXCLUDE (rule, obj, seq),
           CASE WHEN f.closed_t >= a.t THEN f.closed_t END AS closed_t,
           CASE WHEN a.template IN ('precedence', 'not_precedence') THEN coalesce(n.hit_t >= a.t - (a.due_t - a.t), n.hit_t IS NOT NULL)
                ELSE coalesce(n.hit_t <= a.due_t, n.hit_t IS NOT NULL) END AS hit_in,
           CASE WHEN a.template IN ('precedence', 'not_precedence') THEN coalesce(n.maybe_t >= a.t - (a.due_t - a.t), n.maybe_t IS NOT NULL)
                ELSE coalesce(n.maybe_t <= a.due_t, n.maybe_t IS NOT NULL) END AS maybe_in,
           coalesce(n.until_t <= a.due_t, n.until_t IS NOT NULL) AS until_in,
           coalesce(n.spare_t <= a.due_t, n.spare_t IS NOT NULL) AS spare_in
    FROM act a JOIN near n USING (rule, obj, seq) LEFT JOIN fact_new f USING (obj)
), decided AS (
    SELECT *, CASE
        WHEN sure IS NULL THEN 5
        WHEN template = 'precedence' THEN CASE WHEN hit_in THEN 1 WHEN maybe_in THEN 5 ELSE 2 END
        WHEN template = 'not_precedence' THEN CASE WHEN hit_in THEN 2 WHEN maybe_in THEN 5 ELSE 4 END
        WHEN template = 'absence' THEN CASE WHEN hit_seq IS NOT NULL THEN 2 WHEN maybe_t IS NOT NULL THEN 5 ELSE 4 END
        WHEN template IN ('four_eyes', 'same_actor') THEN CASE
            WHEN hit_seq IS NOT NULL THEN 2 WHEN maybe_t IS NOT NULL THEN 5 WHEN other_t IS NOT NULL THEN 1
            WHEN closed_t IS NOT NULL THEN 4 ELSE 3 END
        WHEN hit_in AND NOT (until_in AND until_pos <= hit_pos) THEN CASE
            WHEN spare_in AND spare_pos <= hit_pos THEN 5 WHEN template = 'response' THEN 1 ELSE 2 END
        WHEN hit_in AND until_pos = hit_pos THEN 5
        WHEN until_in THEN CASE
            WHEN maybe_in AND maybe_pos <= until_pos THEN 5 WHEN template = 'response' THEN 6 ELSE 4 END
        WHEN maybe_in OR (spare_in AND template = 'response') THEN 5
        WHEN template = 'response' THEN CASE WHEN hit_t IS NOT NULL OR closed_t IS NOT NULL THEN 2 ELSE 0 END
        WHEN closed_t IS NOT NULL THEN 4 ELSE 3 END AS verdict
    FROM judged
)
SELECT rule, obj, seq AS act_seq, t, CASE WHEN verdict IN (1, 2) THEN hit_seq END AS target_seq,
       CASE verdict WHEN 1 THEN greatest(coalesce(hit_t, other_t), t)
                    -- A promise is broken when its time is up or its object ends, whenever a late answer comes.
                    WHEN 2 THEN CASE WHEN template = 'response' THEN least(due_t, closed_t)
                                     ELSE greatest(hit_t, other_t, t) END
                    WHEN 4 THEN CASE WHEN template = 'not_precedence' THEN t ELSE coalesce(until_t, closed_t, due_t, t) END
                    WHEN 5 THEN t WHEN 6 THEN until_t END AS decided_t,
       due_t, CAST(verdict AS UTINYINT) AS verdict,
       CASE WHEN verdict = 5 AND sure IS NULL THEN 'an attribute of the activation is missing'
            WHEN verdict = 5 AND (tied OR maybe_t IS NULL) THEN 'only the order of events of one moment would tell'
            WHEN verdict = 5 THEN 'an attribute of a possible answer is missing'
            WHEN verdict = 6 THEN 'released' WHEN verdict = 2 AND hit_seq IS NULL AND closed_t IS NOT NULL
                AND template = 'response' THEN 'ended without it' ELSE '' END AS reason,
       team, channel, actor
FROM decided;
