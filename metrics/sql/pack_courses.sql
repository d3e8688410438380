-- Which events belong to the course of each of a few objects.
SELECT DISTINCT obj, seq FROM event_object WHERE list_contains($objs, obj)
