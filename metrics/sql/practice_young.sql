-- The reader's own open deals before their landmark, and which practices showed on them so far.
SELECT obj, first_t, first_t + landmark AS landmark_t, does FROM marked
WHERE closed_t IS NULL AND first_t + landmark > $now_t AND obj IN (SELECT obj FROM own_case) ORDER BY first_t, obj
