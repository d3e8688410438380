-- The last open days, newest first.
SELECT day_t FROM calendar_open WHERE calendar = 'default' AND day_t <= $now_t ORDER BY day_t DESC LIMIT 15
