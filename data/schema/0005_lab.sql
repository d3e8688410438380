-- What officers said of hits that the rule lab drew. One row a hit of one text of a rule (digest): a changed text is
-- judged anew. source and source_id name the record that activated the rule.
CREATE TABLE judgement (rule VARCHAR NOT NULL, digest VARCHAR NOT NULL, obj INTEGER NOT NULL, source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL, is_breach BOOLEAN NOT NULL, login VARCHAR NOT NULL, at_t BIGINT NOT NULL);
