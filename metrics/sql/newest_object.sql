-- The number of the newest object.
SELECT last_obj FROM numbering
