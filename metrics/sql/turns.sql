-- Each open question meets the first answer or end after it; one that was ended already, an earlier one. A moment's
-- tie counts as answered, and an answer goes before an end.
INSERT INTO ask_open SELECT *, NULL, NULL, NULL, NULL FROM ask_new;

CREATE OR REPLACE TEMP TABLE ask_moved AS
WITH few AS MATERIALIZED (FROM ask_open UNION ALL FROM ask_done WHERE ended_t >= $since_t
), met AS (
    SELECT a.seq, a.ended_t, a.kind AS was, a.end_ord, e.t, e.kind, e.ord, e.seq AS end_seq
    FROM few a JOIN ending e ON e.obj = a.obj AND e.t >= a.t
    UNION ALL
    SELECT a.seq, a.ended_t, a.kind, a.end_ord, r.t, 2, r.ord, r.seq
    FROM few a JOIN reply_new r ON r.customer = a.customer AND r.t >= a.t
), hit AS (
    SELECT seq, min((t, CAST(kind AS UTINYINT), ord, end_seq)) AS ends FROM met
    WHERE ended_t IS NULL OR (t, kind, ord) < (ended_t, was, end_ord) GROUP BY seq
)
SELECT a.* REPLACE (h.ends[1] AS ended_t, h.ends[2] AS kind, h.ends[3] AS end_ord, h.ends[4] AS end_seq),
       a.ended_t IS NULL AS was_open
FROM few a JOIN hit h USING (seq);
DELETE FROM ask_done WHERE ended_t >= $since_t AND seq IN (SELECT seq FROM ask_moved WHERE NOT was_open);
DELETE FROM ask_open WHERE seq IN (SELECT seq FROM ask_moved);
INSERT INTO ask_done SELECT * EXCLUDE (was_open) FROM ask_moved ORDER BY ended_t;
