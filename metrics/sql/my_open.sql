-- All open cases that a person has to see to: whose they are, since when the customer waits, and when they last moved.
SELECT c.obj, c.otype, c.party, c.channel, c.last_t, c.waiting_t, p.name AS called
FROM day_case c LEFT JOIN day_party p ON p.obj = c.party
