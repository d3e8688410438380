-- The events of a few cases.
SELECT DISTINCT seq FROM event_object WHERE list_contains($cases, obj) ORDER BY seq
