-- What every page asks of an object, beside its number: how it is called, which account a contact belongs to (0: none
-- known), and the text that a search looks through (NULL: never found). Kept while events arrive.
ALTER TABLE object ADD COLUMN name VARCHAR;
ALTER TABLE object ADD COLUMN firm INTEGER DEFAULT 0;
ALTER TABLE object ADD COLUMN folded VARCHAR;

UPDATE object SET name = n.name FROM (
    SELECT v.obj, coalesce(max(v.value) FILTER (t.name = 'name'), max(v.value) FILTER (t.name = 'title')) AS name
    FROM object_now v JOIN term t ON t.kind = 'attribute' AND t.code = v.attribute AND t.name IN ('name', 'title')
    GROUP BY v.obj) n WHERE n.obj = object.obj;
UPDATE object SET firm = n.firm FROM (
    WITH party AS (SELECT o.obj, t.name FROM object o JOIN term t ON t.kind = 'object_type' AND t.code = o.otype
                   WHERE t.name IN ('contact', 'account')),
    link AS (SELECT a, b FROM object_object UNION ALL SELECT b, a FROM object_object)
    SELECT l.a AS obj, min(l.b) AS firm FROM link l JOIN party c ON c.obj = l.a AND c.name = 'contact'
    JOIN party f ON f.obj = l.b AND f.name = 'account' GROUP BY l.a) n WHERE n.obj = object.obj;
UPDATE object SET folded = lower(concat_ws(' ', name, id))
WHERE otype NOT IN (SELECT code FROM term WHERE kind = 'object_type' AND name IN ('message', 'person'));
