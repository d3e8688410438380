-- The number of the first event that was collected after a moment; numbers are given in order of arrival.
SELECT min(e.seq) AS seq FROM record AS e WHERE e.batch > (SELECT coalesce(max(l.batch), 0) FROM commit_log AS l WHERE l.at_t <= $at_t)
