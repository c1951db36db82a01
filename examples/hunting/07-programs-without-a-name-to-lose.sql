-- Programs without a name to lose
-- Reputations are JSON in a text column: programs of which the simulated sensor thinks little.
SELECT
  name,
  CAST(json_extract_scalar(global_rep_data, '$.reputation') AS integer) AS reputation,
  json_extract_scalar(ml_score_data, '$.band') AS verdict,
  CASE WHEN coalesce(company_name, '') = '' THEN '(none)' ELSE company_name END AS company,
  array_join(array_sort(array_agg(DISTINCT meta_hostname)), ', ') AS hosts
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'
  AND TRY(CAST(json_extract_scalar(global_rep_data, '$.reputation') AS integer)) < 50
GROUP BY 1, 2, 3, 4
ORDER BY reputation, name
