-- Every deal with what was done on it up to its landmark: `done` and `fits` (whether a practice could show at all) are
-- bits, in the order of metrics/practice.py. Ends in the middle: practice_lists, practice_cases and practice_young go on.
-- Deals of one kind have the same segment and source and were begun by the same side; a rep's deals are those that he
-- was the first to work on, as whoever comes later may depend on how it goes.
-- The landmark is a third of the usual time to the end of the kind, 3 to 30 days; the result is looked for up to
-- the time by which nine in ten have ended, 14 to 180 days after the landmark.
WITH step AS MATERIALIZED (SELECT * FROM firm_step),
ending AS (
    SELECT obj, arg_max(activity = 'opportunity.won', (t, ord, seq)) AS is_won FROM step
    WHERE activity IN ('opportunity.won', 'opportunity.lost', 'opportunity.archived') GROUP BY obj
),
start AS (
    SELECT obj, arg_min(direction = 1, (t, ord, seq)) AS is_asked_for,
           coalesce(arg_min(who, (t, ord, seq)) FILTER (is_touch AND who <> 0),
                    arg_min(who, (t, ord, seq)) FILTER (direction <> 1 AND who <> 0), 0) AS seller
    FROM step GROUP BY obj
),
begun AS (
    SELECT d.*, s.seller, d.segment || '/' || d.source || '/' || s.is_asked_for AS kind FROM firm_deal d JOIN start s USING (obj)
),
ended AS (SELECT obj, kind, closed_t - first_t AS took FROM begun WHERE closed_t IS NOT NULL),
pace AS (SELECT kind, count(*) AS n, median(took) AS usual, quantile_cont(took, 0.9) AS longest FROM ended GROUP BY kind),
whole AS (SELECT median(took) AS usual, quantile_cont(took, 0.9) AS longest FROM ended),
deal AS (
    SELECT d.*, CASE WHEN e.is_won THEN d.closed_t END AS won_t,
           CAST(86400000000 * least(30, greatest(3, round(
               coalesce(CASE WHEN p.n >= 20 THEN p.usual END, w.usual, 7776000000000) / 3 / 86400000000))) AS BIGINT) AS landmark,
           CAST(86400000000 * least(180, greatest(14, round(
               coalesce(CASE WHEN p.n >= 20 THEN p.longest END, w.longest, 7776000000000) / 86400000000))) AS BIGINT) AS horizon
    FROM begun d LEFT JOIN ending e USING (obj) LEFT JOIN pace p USING (kind) CROSS JOIN whole w
),
-- What happened up to the landmark, each step with the touch of ours before it and the one after it.
early AS (
    SELECT s.*, d.first_t, d.first_t + d.landmark AS landmark_t, s.activity IN ('msg.in', 'call.in') AS is_ask,
           first_value(CASE WHEN is_touch THEN s.t END IGNORE NULLS) OVER later AS answered_t,
           first_value(CASE WHEN is_touch THEN s.channel END IGNORE NULLS) OVER later AS answered_on,
           max(CASE WHEN is_touch THEN s.t END) OVER sooner AS touched_t
    FROM step s JOIN deal d ON d.obj = s.obj AND s.t >= d.first_t AND s.t <= d.first_t + d.landmark
    WINDOW later AS (PARTITION BY s.obj ORDER BY s.t, s.ord, s.seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING),
           sooner AS (PARTITION BY s.obj ORDER BY s.t, s.ord, s.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
sums AS (
    SELECT obj, any_value(landmark_t) AS landmark_t, any_value(first_t) AS first_t,
           min(t) FILTER (is_ask) AS asked_t, arg_min(answered_t, (t, ord, seq)) FILTER (is_ask) AS answered_t,
           count(*) FILTER (is_ask AND t <= landmark_t - 86400000000) AS asks,
           count(*) FILTER (is_ask AND t <= landmark_t - 86400000000 AND coalesce(answered_t > t + 86400000000, true)) AS late,
           count(answered_t) FILTER (is_ask) AS answers, count(*) FILTER (is_ask AND answered_on = channel) AS alike,
           count(*) FILTER (is_touch) AS touches, min(t) FILTER (is_touch) AS first_touch_t,
           greatest(max(t - coalesce(touched_t, first_t)) FILTER (is_touch),
                    any_value(landmark_t) - max(t) FILTER (is_touch)) AS silence,
           count(DISTINCT channel) FILTER (is_touch) AS channels,
           count(DISTINCT who) FILTER (direction <> 1 AND who <> 0) AS colleagues,
           count(DISTINCT who) FILTER (direction = 1 AND who <> 0) AS people,
           count(*) FILTER (activity = 'call.out') AS calls, count(*) FILTER (activity = 'meeting.held') AS meetings,
           count(*) FILTER (activity = 'task.planned') AS plans, count(*) FILTER (activity = 'promise.made') AS promises,
           min(t) FILTER (activity = 'meeting.held') AS met_t, min(t) FILTER (activity = 'quote.sent') AS quoted_t
    FROM early GROUP BY obj
),
after AS (
    SELECT e.obj,
           bool_or(e.activity IN ('meeting.scheduled', 'task.planned', 'promise.made') AND e.t BETWEEN s.met_t AND s.met_t + 86400000000) AS is_next,
           bool_or(e.activity = 'msg.out' AND e.is_touch AND e.t BETWEEN s.met_t AND s.met_t + 86400000000) AS is_recap,
           -- The mail that carries the quote is no follow-up to it.
           bool_or(e.is_touch AND e.t BETWEEN s.quoted_t + 3600000000 AND s.quoted_t + 172800000000) AS is_chased
    FROM early e JOIN sums s USING (obj) WHERE s.met_t IS NOT NULL OR s.quoted_t IS NOT NULL GROUP BY e.obj
),
marked AS (
    SELECT d.obj, d.seller, d.kind, d.amount, d.first_t, d.closed_t, d.won_t, d.landmark, d.horizon,
           d.closed_t IS NULL OR d.closed_t > d.first_t + d.landmark AS is_open,
           coalesce(d.won_t <= d.first_t + d.landmark + d.horizon, false) AS won,
           [coalesce(s.answered_t <= s.asked_t + 3600000000, false), s.asks > 0 AND s.late = 0, s.answers > 0 AND s.alike = s.answers,
            coalesce(s.first_touch_t <= d.first_t + 86400000000, false), s.calls > 0, s.touches >= 4,
            coalesce(s.silence <= d.landmark / 3, false), s.channels >= 2, s.colleagues >= 2, s.meetings >= 1, s.meetings >= 2,
            coalesce(a.is_next, false), coalesce(a.is_recap, false), s.plans > 0, s.promises > 0, s.quoted_t IS NOT NULL,
            coalesce(s.quoted_t <= d.first_t + d.landmark / 2, false), coalesce(a.is_chased, false), s.people >= 2, s.people >= 3] AS does,
           -- Whoever asks, meets or gets a quote in the last hours before the landmark leaves no time to show it.
           [coalesce(s.asked_t <= s.landmark_t - 3600000000, false), s.asks > 0, s.answers > 0, true, true, true, true, true, true, true,
            true, coalesce(s.met_t <= s.landmark_t - 86400000000, false), coalesce(s.met_t <= s.landmark_t - 86400000000, false), true, true,
            true, true, coalesce(s.quoted_t <= s.landmark_t - 172800000000, false), true, true] AS could
    FROM deal d JOIN sums s USING (obj) LEFT JOIN after a USING (obj)
)
