-- name: Changes to Windows accounts
-- id: 4069ccfb-e46a-44c6-a3e7-c30d30b3c1ee
-- category: accounts persistence
-- attack: T1136 T1098 T1531
-- variable: username text username = %
--
-- Lists accounts that were created, enabled, unlocked, renamed, deleted, given a new password or put into a group, and
-- who did it. The name is looked for among both: who acted and who was acted upon.
--
-- A hit is a change to somebody's rights. Compare it with what the service desk has on record.
--
-- Next: list the logons of the account that acted, before and after.

SELECT
  calendar_time,
  coalesce(meta_hostname, host_identifier) AS hostname,
  endpoint_id,
  eventid,
  CASE eventid
    WHEN 4720 THEN 'created'
    WHEN 4722 THEN 'enabled'
    WHEN 4723 THEN 'password change tried'
    WHEN 4724 THEN 'password reset'
    WHEN 4725 THEN 'disabled'
    WHEN 4726 THEN 'deleted'
    WHEN 4728 THEN 'added to a global group'
    WHEN 4732 THEN 'added to a local group'
    WHEN 4738 THEN 'changed'
    WHEN 4740 THEN 'locked out'
    WHEN 4756 THEN 'added to a universal group'
    WHEN 4767 THEN 'unlocked'
    WHEN 4781 THEN 'renamed'
    ELSE 'other'
  END AS change,
  target_domain,
  target_username,
  subject_domain,
  subject_username
FROM xdr_data
WHERE query_name = 'windows_event_user_account_changed'
  AND osquery_action <> 'removed'
  AND (lower(target_username) LIKE lower('$$username$$') OR lower(subject_username) LIKE lower('$$username$$'))
ORDER BY calendar_time DESC
