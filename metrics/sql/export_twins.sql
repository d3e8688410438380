-- Ids that objects of different types share.
SELECT id FROM object GROUP BY id HAVING count(*) > 1
