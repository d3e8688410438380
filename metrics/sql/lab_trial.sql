-- A room of its own for rules that are tried out: temporary tables with the names of the stored ones stand before them.
CREATE OR REPLACE TEMP TABLE term AS FROM term;
CREATE OR REPLACE TEMP TABLE rule AS FROM rule LIMIT 0;
CREATE OR REPLACE TEMP TABLE rule_term AS FROM rule_term LIMIT 0;
CREATE OR REPLACE TEMP TABLE rule_clock AS FROM rule_clock LIMIT 0;
CREATE OR REPLACE TEMP TABLE lifecycle AS FROM lifecycle LIMIT 0;
CREATE OR REPLACE TEMP TABLE calendar_open AS FROM calendar_open LIMIT 0;
CREATE OR REPLACE TEMP TABLE watched_event AS FROM watched_event LIMIT 0;
CREATE OR REPLACE TEMP TABLE binding_part AS FROM binding_part LIMIT 0;
