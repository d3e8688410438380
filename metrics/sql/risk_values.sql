-- What the record says of a few items now.
SELECT obj, attribute, value FROM few_object_now WHERE list_contains($attributes, attribute)
