-- What reps chose to show of their private coaching, and tips that are offered by the toss of a coin.

-- One row an insight that a rep shares now: told is JSON, the figures as the rep saw them. Taking it back deletes the
-- row. to_person: the superior it is for; where none is known ('') it is for the managers of `team`.
CREATE TABLE shared_insight (actor VARCHAR NOT NULL, name VARCHAR NOT NULL, insight VARCHAR NOT NULL,
    team VARCHAR NOT NULL, to_person VARCHAR NOT NULL, told VARCHAR NOT NULL, at_t BIGINT NOT NULL);

-- One row a trial of a practice's tip: the coin of each deal that begins in it follows from salt and the deal's number.
-- until_t NULL: it goes on.
CREATE TABLE tip_trial (practice VARCHAR NOT NULL, salt VARCHAR NOT NULL, from_t BIGINT NOT NULL, until_t BIGINT,
    login VARCHAR NOT NULL);
