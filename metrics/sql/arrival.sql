-- The number of the newest event, where the feed begins.
SELECT last_seq FROM arrival
