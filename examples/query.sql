-- running_processes_windows_sophos
SELECT
-- Device ID DETAILS
meta_hostname, meta_ip_address,
-- Query Details
query_name, cmdline, file_size, gid, global_rep,
global_rep_data, local_rep, local_rep_data, ml_score, ml_score_data,
name, parent, parent_name, parent_path, parent_sophos_pid,
path, pid, pua_score, sha1, sha256,
sophos_pid, time, uid, username,
-- Decoration
meta_boot_time, meta_eid, meta_endpoint_type,
meta_ip_mask, meta_mac_address, meta_os_name, meta_os_platform, meta_os_type,
meta_os_version, meta_public_ip, meta_query_pack_version, meta_username,
--- Generic
calendar_time, counter, epoch, host_identifier, numerics
osquery_action, unix_time,
-- Data Lake
customer_id, endpoint_id, upload_size
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'
