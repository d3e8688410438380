-- Hand-offs by me, and whether we, and not the customer, spoke next within a week; unknown where nobody did.
SELECT h.obj, h.t, c.won, true AS ended, CAST(arg_min(n.direction = 2, (n.t, n.ord, n.seq)) AS DOUBLE) AS value
FROM own_step h JOIN own_case c USING (obj)
JOIN own_step n ON n.obj = h.obj AND n.t > h.t AND n.t <= h.t + 604800000000
    AND n.activity IN ('msg.in', 'call.in', 'msg.out', 'call.out')
WHERE h.activity IN ('transfer', 'referral') AND h.is_mine GROUP BY h.obj, h.seq, h.t, c.won
