-- What a few cases are worth, where their system says so.
SELECT v.obj, max(try_cast(v.value AS DOUBLE)) AS amount
FROM few_object_now v JOIN attribute a ON a.code = v.attribute WHERE a.name = 'amount' GROUP BY v.obj
