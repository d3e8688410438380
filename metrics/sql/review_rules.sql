-- Rules with items that wait for a review, and how many.
SELECT r.id, r.title, count(*) AS n FROM review_item AS i JOIN rule AS r ON r.code = i.rule
ANTI JOIN (SELECT item FROM review_action WHERE list_contains($closing, what)) AS d USING (item)
GROUP BY ALL ORDER BY r.id
