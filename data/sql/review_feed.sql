-- Up to when an omission is certain: now, or how far the sources that could bring the answer are complete.
CREATE OR REPLACE TEMP TABLE review_now AS
SELECT r.code AS rule, r.id, r.kind, least($now_t, coalesce(w.watermark_t, $now_t)) AS certain_t,
       coalesce(m.certain_t, -1) AS before_t
FROM rule r LEFT JOIN ({rule_watermark}) w ON w.rule = r.code LEFT JOIN review_mark m ON m.rule = r.code
WHERE r.active;

-- What has become known since the last look: breaches first, then what was decided and is no breach. A promise that
-- nobody kept is stored as pending; it is a breach once its due time is past and no answer can be missing. Two scans
-- instead of one with OR, so that each reads only the newest part of the table.
CREATE OR REPLACE TEMP TABLE review_news AS
WITH known AS (
    SELECT b.rule, b.obj, b.act_seq, b.team, b.channel, b.actor, b.verdict, b.decided_t
    FROM binding_done b JOIN review_now n USING (rule)
    WHERE b.believed_t >= $since_t AND b.verdict IN (1, 2, 4, 5, 6)
      AND (b.verdict <> 2 OR b.target_seq IS NOT NULL OR b.decided_t <= n.certain_t)
    UNION
    SELECT b.rule, b.obj, b.act_seq, b.team, b.channel, b.actor, b.verdict, b.decided_t
    FROM binding_done b JOIN review_now n USING (rule)
    WHERE b.decided_t > $least_t AND b.verdict = 2 AND b.target_seq IS NULL
      AND b.decided_t > n.before_t AND b.decided_t <= n.certain_t
    UNION
    SELECT b.rule, b.obj, b.act_seq, b.team, b.channel, b.actor, 2, b.due_t
    FROM binding_open b JOIN review_now n USING (rule)
    WHERE b.verdict = 0 AND b.due_t < $now_t AND b.due_t <= n.certain_t
      AND (b.due_t > n.before_t OR b.believed_t >= $since_t)
)
SELECT k.*, n.id, CASE WHEN k.verdict <> 2 THEN 'sample' WHEN n.kind = 'review' THEN 'review' ELSE 'breach' END AS why
FROM known k JOIN review_now n USING (rule);

-- The draw hangs on the binding alone and on the file's own salt: the same each time, and nobody can foresee it.
CREATE OR REPLACE TEMP TABLE review_new AS
WITH spelled AS (
    SELECT n.*, c.name AS channel_word, coalesce(p.class, t.name, '') AS class
    FROM review_news n
    LEFT JOIN term a ON a.kind = 'actor' AND a.code = n.actor LEFT JOIN review_class p ON p.person = lower(a.name)
    LEFT JOIN term t ON t.kind = 'team' AND t.code = n.team
    LEFT JOIN term c ON c.kind = 'channel' AND c.code = n.channel
    WHERE n.why = 'sample' AND n.decided_t >= $sample_t
), rates AS (
    SELECT s.id, s.class, s.channel_word, arg_min(d.percent, d.place) AS percent
    FROM (SELECT DISTINCT id, class, channel_word FROM spelled) s JOIN review_draw d
    ON d.rule IN ('', s.id) AND d.class IN ('', s.class) AND d.channel IN ('', s.channel_word) GROUP BY ALL
), salt AS (SELECT value FROM setting WHERE name = 'pseudonym_salt'), drawn AS (
    SELECT s.rule, s.obj, s.act_seq, s.team, s.channel, s.actor FROM spelled s JOIN rates r USING (id, class, channel_word), salt
    WHERE CAST('0x' || substr(md5(concat_ws('/', salt.value, s.rule, s.obj, s.act_seq)), 1, 8) AS UBIGINT) % 1000000
          < r.percent * 10000
)
SELECT rule, obj, act_seq, team, channel, actor, why FROM review_news WHERE why <> 'sample'
UNION ALL
SELECT *, 'sample' FROM drawn;

-- A binding is in the queue once as a breach and once as a sample at most: a late record may make the one the other.
INSERT INTO review_item
SELECT (SELECT coalesce(max(item), 0) FROM review_item)
       + row_number() OVER (ORDER BY n.why = 'sample', n.act_seq, n.rule, n.obj),
       n.rule, n.obj, n.act_seq, n.why, $now_t, n.team, n.channel, n.actor
FROM review_new n
WHERE NOT EXISTS (FROM review_item i WHERE i.rule = n.rule AND i.obj = n.obj AND i.act_seq = n.act_seq
                  AND (i.why = 'sample') = (n.why = 'sample'));

DELETE FROM review_mark;
INSERT INTO review_mark SELECT rule, certain_t FROM review_now;
