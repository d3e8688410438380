-- The activities that any source has ever brought.
SELECT DISTINCT a.name FROM activity_source s JOIN activity a ON a.code = s.activity
