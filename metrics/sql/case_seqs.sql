-- The records of an object whose course is not kept (a contact, an account), by number, the latest to arrive first.
SELECT seq FROM event_object WHERE obj = $obj ORDER BY seq DESC LIMIT $limit
