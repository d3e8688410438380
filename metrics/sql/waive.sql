-- What somebody with the right to do so excused stays excused, however often its case is decided again. Why is the
-- reviewer's own word and stays in the queue.
UPDATE bind_new SET verdict = 6, reason = 'excused by a reviewer',
                    decided_t = coalesce(bind_new.decided_t, bind_new.due_t, bind_new.t)
FROM waiver w WHERE w.rule = bind_new.rule AND w.obj = bind_new.obj AND w.act_seq = bind_new.act_seq
    AND bind_new.verdict IN (0, 2, 3, 5);
