-- What was done with one item, in order.
SELECT at_t, login, what, text FROM review_action WHERE item = $item ORDER BY n
