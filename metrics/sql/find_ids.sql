-- Objects whose id begins with the text as it was typed.
SELECT obj FROM object WHERE starts_with(id, $typed) ORDER BY obj DESC LIMIT $limit
