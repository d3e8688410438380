-- Every rule that was activated for one case, with what was decided and why.
SELECT r.id AS rule, r.title, r.severity, r.kind, r.help, b.act_seq, b.target_seq, b.t, b.due_t, b.decided_t,
       b.verdict, b.reason, b.believed_t
FROM binding AS b JOIN rule AS r ON r.code = b.rule
WHERE b.obj = $obj ORDER BY b.t DESC LIMIT 60
