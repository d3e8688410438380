-- The latest known objects whose name or title holds the text.
SELECT n.obj FROM object_now AS n
WHERE n.obj > $floor AND n.attribute IN ($name, $title) AND contains(lower(n.value), $text)
ORDER BY n.obj DESC LIMIT $limit
