-- What is shared, as far as the reader may see it.
SELECT actor, name, insight, team, to_person, told, at_t FROM shared_insight ORDER BY name, actor, insight
