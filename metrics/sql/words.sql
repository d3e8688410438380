-- All dictionaries at once.
SELECT kind, code, name FROM word
