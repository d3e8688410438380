-- Objects whose id begins with the text as it was typed.
SELECT obj FROM object WHERE starts_with(id, $typed) AND folded IS NOT NULL ORDER BY obj DESC LIMIT $limit
