-- The latest known objects whose name or id holds the text.
SELECT obj FROM object WHERE obj > $floor AND contains(folded, $text) ORDER BY obj DESC LIMIT $limit
