-- Contacts are decided only when something happened that a rule looks at, or such a record was taken back.
CREATE OR REPLACE TEMP TABLE fresh_watched AS FROM fresh_party SEMI JOIN mark USING (seq, obj);
INSERT INTO touched SELECT DISTINCT obj, otype FROM fresh_watched
UNION SELECT DISTINCT obj, otype FROM watched_event SEMI JOIN gone USING (seq);
