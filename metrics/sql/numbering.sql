-- The number of the newest object, whoever may see it.
SELECT last_obj FROM numbering
