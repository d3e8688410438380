-- Customers without an answer, one row each: the longest waits with what is shown of them, how many in all, and the
-- median wait. Where no customer is known a case stands for it. A case untouched for thirty days is over, as for open
-- cases.
WITH one_each AS (
    SELECT min({t: waiting_t, obj: obj, party: party, channel: channel, team: team, actor: actor,
                otype: CASE WHEN $otype = -1 THEN -1 ELSE otype END}) AS w FROM case_open
    WHERE waiting_t <= $now_t AND last_t >= $now_t - 2592000000000
      AND ($owner = -1 OR actor = $owner)
      AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
    GROUP BY CASE WHEN party = 0 THEN -obj ELSE party END
)
SELECT min(w, $limit) AS top, count(*) AS total, median($now_t - w.t) AS median_us FROM one_each WHERE w.otype = $otype
