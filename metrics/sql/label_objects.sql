-- What a few objects are, how they are called, and the account that a contact belongs to.
SELECT obj, otype, id, name, firm FROM few_object
