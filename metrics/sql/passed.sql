-- Objects without a flow are decided only when some rule looks at what happened to them: `mark` holds those events.
DELETE FROM touched WHERE otype NOT IN (SELECT unnest($flow)) AND obj NOT IN (SELECT obj FROM mark)
    AND obj NOT IN (SELECT obj FROM case_event SEMI JOIN gone USING (seq));
