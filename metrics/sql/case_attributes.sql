-- What is known of one object now.
SELECT a.name, n.value, n.t FROM few_object_now AS n JOIN attribute AS a ON a.code = n.attribute
WHERE n.obj = $obj ORDER BY a.name
