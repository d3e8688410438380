-- Objects whose name or id holds the text, the newest first: of contacts and accounts all, of others the latest known.
SELECT obj FROM object
WHERE contains(folded, lower($text)) AND (list_contains($parties, otype) OR obj > (SELECT last_obj FROM numbering) - $reach)
ORDER BY obj DESC LIMIT $limit
