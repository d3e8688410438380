-- What officers' judgement adds to what is decided, and what the review queue needs to know of people and of itself.

-- A breach that somebody with the right to do so excused, with the reason; one row a binding. Deciding reads it: the
-- binding is waived and not violated, however often its case is decided again.
CREATE TABLE waiver (rule INTEGER NOT NULL, obj INTEGER NOT NULL, act_seq BIGINT NOT NULL, reason VARCHAR NOT NULL,
    login VARCHAR NOT NULL, at_t BIGINT NOT NULL);

-- Who answers to whom, by their ids in small letters, as the settings say: nobody reviews his superior's work.
CREATE TABLE superior (person VARCHAR NOT NULL, superior VARCHAR NOT NULL);

-- Up to when each rule's breaches of omission were certain when the queue was last filled.
CREATE TABLE review_mark (rule INTEGER NOT NULL, certain_t BIGINT NOT NULL);

-- Whose work an item is about as it came into the queue: what filters ask for, without looking at every binding.
ALTER TABLE review_item ADD COLUMN team INTEGER DEFAULT 0;
ALTER TABLE review_item ADD COLUMN channel INTEGER DEFAULT 0;
ALTER TABLE review_item ADD COLUMN actor INTEGER DEFAULT 0;
