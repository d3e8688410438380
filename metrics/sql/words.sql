-- All dictionaries at once, and how many people each team has.
SELECT kind, code, name, people FROM word
