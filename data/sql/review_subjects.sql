-- Everybody whose work an item is about, now or by what was believed before: who answers for it, who began it, who
-- decided it; by their ids in small letters.
WITH seen AS (
    SELECT actor, act_seq, target_seq FROM binding WHERE rule = $rule AND obj = $obj AND act_seq = $act_seq
    UNION ALL
    SELECT actor, act_seq, target_seq FROM binding_past WHERE rule = $rule AND obj = $obj AND act_seq = $act_seq
), doing AS (
    SELECT $act_seq AS seq UNION SELECT target_seq FROM seen WHERE target_seq IS NOT NULL
), named AS (
    SELECT actor FROM seen
    UNION SELECT actor FROM event SEMI JOIN doing USING (seq)
    UNION SELECT actor FROM event_retracted SEMI JOIN doing USING (seq)
)
SELECT lower(t.name) FROM named JOIN term t ON t.kind = 'actor' AND t.code = named.actor WHERE named.actor <> 0
