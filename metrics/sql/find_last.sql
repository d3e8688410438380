-- The number of the newest object in scope.
SELECT coalesce(max(obj), 0) AS obj FROM object
