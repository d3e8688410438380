-- Where one case stands.
SELECT first_t, last_t, n, closed_t, waiting_t, rework, channel, team, actor FROM object_fact WHERE obj = $obj
