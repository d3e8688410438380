-- Which of some ended cases reached one of the good activities.
SELECT DISTINCT e.obj FROM few_case_event e WHERE list_contains($good, e.activity) AND e.t >= $since_t
