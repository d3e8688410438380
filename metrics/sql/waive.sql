-- What somebody with the right to do so excused stays excused, however often its case is decided again.
UPDATE bind_new SET verdict = 6, reason = w.reason, decided_t = w.at_t
FROM waiver w WHERE w.rule = bind_new.rule AND w.obj = bind_new.obj AND w.act_seq = bind_new.act_seq
    AND bind_new.verdict IN (0, 2, 3, 5);
