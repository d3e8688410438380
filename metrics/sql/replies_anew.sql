-- All answers of people that were ever collected, for each customer they name.
INSERT INTO reply
WITH answer AS (
    SELECT seq, t, ord FROM event
    WHERE is_answer(direction, attrs)
), contact AS (
    SELECT DISTINCT e.seq, e.obj AS customer
    FROM event_object e JOIN object o ON o.obj = e.obj AND o.otype IN (SELECT unnest($party))
    WHERE e.seq IN (SELECT seq FROM answer)
), named AS (
    FROM contact
    UNION ALL SELECT DISTINCT seq, party FROM case_event ANTI JOIN contact USING (seq)
    WHERE party <> 0 AND seq IN (SELECT seq FROM answer)
)
SELECT n.customer, a.t, a.ord, a.seq FROM named n JOIN answer a USING (seq);
