-- Each open question meets the first answer or end after it; one that was ended already, an earlier one. A moment's
-- tie counts as answered, and an answer goes before an end.
INSERT INTO ask_open SELECT *, NULL, NULL, NULL, NULL FROM ask_new;

CREATE OR REPLACE TEMP TABLE ask_hit AS
WITH met AS (
    SELECT a.seq, e.t, e.kind, e.ord, e.seq AS end_seq FROM ask_open a JOIN ending e ON e.obj = a.obj AND e.t >= a.t
    UNION ALL
    SELECT a.seq, r.t, 2, r.ord, r.seq FROM ask_open a JOIN reply_new r ON r.customer = a.customer AND r.t >= a.t
    UNION ALL
    SELECT a.seq, e.t, e.kind, e.ord, e.seq FROM ask_done a JOIN ending e ON e.obj = a.obj AND e.t >= a.t
        AND (e.t, e.kind, e.ord) < (a.ended_t, a.kind, a.end_ord) WHERE a.ended_t >= $since_t
    UNION ALL
    SELECT a.seq, r.t, 2, r.ord, r.seq FROM ask_done a JOIN reply_new r ON r.customer = a.customer AND r.t >= a.t
        AND (r.t, 2, r.ord) < (a.ended_t, a.kind, a.end_ord) WHERE a.ended_t >= $since_t
)
SELECT seq, min((t, CAST(kind AS UTINYINT), ord, end_seq)) AS was FROM met GROUP BY seq;

CREATE OR REPLACE TEMP TABLE ask_moved AS
SELECT a.* REPLACE (h.was[1] AS ended_t, h.was[2] AS kind, h.was[3] AS end_ord, h.was[4] AS end_seq)
FROM ask_open a JOIN ask_hit h USING (seq)
UNION ALL
SELECT a.* REPLACE (h.was[1] AS ended_t, h.was[2] AS kind, h.was[3] AS end_ord, h.was[4] AS end_seq)
FROM ask_done a JOIN ask_hit h USING (seq) WHERE a.ended_t >= $since_t;
DELETE FROM ask_done WHERE ended_t >= $since_t AND seq IN (SELECT seq FROM ask_moved);
DELETE FROM ask_open WHERE seq IN (SELECT seq FROM ask_moved);
INSERT INTO ask_done FROM ask_moved ORDER BY ended_t;
