-- Which attributes the events of each activity have, and as what they are written.
SELECT activity, k AS name,
       list_sort(list(DISTINCT json_type(attrs, '/' || replace(replace(k, '~', '~0'), '/', '~1')))) AS kinds
FROM (
    SELECT activity, attrs, unnest(json_keys(attrs)) AS k FROM record
    WHERE attrs IS NOT NULL AND t >= $since AND t < $until AND (NOT $few OR seq IN (SELECT unnest($seqs)))
) GROUP BY ALL ORDER BY activity, k
