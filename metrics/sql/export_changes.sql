-- What became known of these objects, in order.
SELECT DISTINCT obj, attribute, value, t FROM object_change
WHERE obj >= $low AND obj < $high AND (NOT $few OR obj IN (SELECT unnest($objs))) AND t < $until
  AND value IS NOT NULL
ORDER BY obj, t, attribute, value
