-- Whose a case is: the customers who asked in it, and its party.
SELECT customer AS who FROM ask WHERE list_contains($objs, obj) AND customer <> 0
UNION SELECT party FROM object_fact WHERE list_contains($objs, obj) AND party <> 0
