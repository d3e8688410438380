-- Who owns each case, and the account, or else the contact, that it concerns.
SELECT f.obj, f.party, f.actor FROM object_fact AS f JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
