-- Rules that were activated by somebody's work: how often, and what became of it.
SELECT r.id, r.title, r.severity, r.kind, count(*) AS n, count(*) FILTER (b.verdict = 0) AS pending,
       count(*) FILTER (b.verdict IN (1, 3, 4)) AS kept, count(*) FILTER (b.verdict = 2) AS violated,
       count(*) FILTER (b.verdict IN (5, 6)) AS other, max(b.t) AS last_t
FROM my_bindings b JOIN rule r ON r.code = b.rule GROUP BY ALL ORDER BY violated DESC, n DESC, r.id
