-- What the sources say of somebody now.
SELECT attribute, arg_max(value, t) AS value, max(t) AS t FROM my_values GROUP BY attribute ORDER BY attribute
