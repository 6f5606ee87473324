-- Listed telephone numbers get their +, as the gateway writes them from now on:
-- "0086138…" and "86138…" become "+86138…". Where both spellings are listed, the
-- entry that lasts longer stays. A number with one 0 in front has no country
-- code and cannot be written in full.
-- +goose Up
INSERT INTO listings (list, key, scope, until, doc)
SELECT list, 'phone:+' || substr(key, 9), scope, until,
       convert_to(replace(convert_from(doc, 'UTF8'), '"' || key || '"', '"phone:+' || substr(key, 9) || '"'), 'UTF8')
FROM listings WHERE key LIKE 'phone:00%'
ON CONFLICT (list, key, scope) DO UPDATE SET until = excluded.until, doc = excluded.doc
WHERE listings.until <> 0 AND (excluded.until = 0 OR excluded.until > listings.until);
DELETE FROM listings WHERE key LIKE 'phone:00%';

INSERT INTO listings (list, key, scope, until, doc)
SELECT list, 'phone:+' || substr(key, 7), scope, until,
       convert_to(replace(convert_from(doc, 'UTF8'), '"' || key || '"', '"phone:+' || substr(key, 7) || '"'), 'UTF8')
FROM listings WHERE key LIKE 'phone:%' AND substr(key, 7, 1) IN ('1', '2', '3', '4', '5', '6', '7', '8', '9')
ON CONFLICT (list, key, scope) DO UPDATE SET until = excluded.until, doc = excluded.doc
WHERE listings.until <> 0 AND (excluded.until = 0 OR excluded.until > listings.until);
DELETE FROM listings WHERE key LIKE 'phone:%' AND substr(key, 7, 1) IN ('1', '2', '3', '4', '5', '6', '7', '8', '9');

-- +goose Down
SELECT 1; -- an older build finds the numbers under their full spelling only
