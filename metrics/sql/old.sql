-- What was believed of the touched objects.
CREATE OR REPLACE TEMP TABLE bind_old AS
SELECT * FROM binding_open SEMI JOIN touched USING (obj) UNION ALL SELECT * FROM binding_done SEMI JOIN touched USING (obj);
