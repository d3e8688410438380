-- The contacts of an account.
SELECT obj FROM object WHERE firm = $account AND obj <> $account ORDER BY obj LIMIT 200
