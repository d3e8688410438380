-- Contacts and accounts whose name or id holds the text, the newest first.
SELECT obj FROM object WHERE otype IN ($contact, $account) AND contains(folded, $text) ORDER BY obj DESC LIMIT $limit
