-- Software by publisher
-- How many programs and how many installations each publisher has, with a sum below.
SELECT
  IF(GROUPING(publisher) = 1, 'all publishers', publisher) AS made_by,
  COUNT(DISTINCT name) AS programs,
  COUNT(DISTINCT meta_hostname || ' ' || name) AS installations,
  MAX_BY(name || ' ' || version, LENGTH(name)) AS longest_name
FROM xdr_data
WHERE query_name = 'windows_programs'
GROUP BY ROLLUP (publisher)
ORDER BY GROUPING(publisher), 3 DESC, 1
