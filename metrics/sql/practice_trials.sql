-- Trials of tips, latest first.
SELECT practice, salt, from_t, until_t FROM tip_trial ORDER BY from_t DESC, practice
