// Columns of osquery's tables (its `specs/`, 5.x) that the shipped queries for hosts read from.

export const osqueryColumns: Readonly<Record<string, string>> = {
  authorized_keys: 'uid algorithm key options comment key_file',
  chrome_extensions:
    'browser_type uid name profile profile_path referenced_identifier identifier version description default_locale ' +
    'current_locale update_url author persistent path permissions permissions_json optional_permissions state from_webstore',
  crontab: 'event minute hour day_of_month month day_of_week command path',
  file: 'path directory filename inode uid gid mode device size block_size atime mtime ctime btime hard_links symlink type',
  groups: 'gid gid_signed groupname group_sid comment is_hidden',
  hash: 'path directory md5 sha1 sha256',
  launchd:
    'path name label program run_at_load keep_alive on_demand disabled username groupname stdout_path stderr_path ' +
    'start_interval program_arguments watch_paths queue_directories inetd_compatibility start_on_mount ' +
    'root_directory working_directory process_type',
  listening_ports: 'pid port protocol family address fd socket path net_namespace',
  logged_in_users: 'type user tty host time pid sid registry_hive',
  os_version: 'name version major minor patch build platform platform_like codename arch extra install_date revision',
  osquery_info:
    'pid uuid instance_id version config_hash config_valid extensions build_platform build_distro start_time watcher ' +
    'platform_mask',
  process_open_sockets:
    'pid fd socket family protocol local_address remote_address local_port remote_port path state net_namespace',
  processes:
    'pid name path cmdline state cwd root uid gid euid egid suid sgid on_disk wired_size resident_size total_size ' +
    'user_time system_time disk_bytes_read disk_bytes_written start_time parent pgroup threads nice',
  registry: 'key path name type data mtime',
  scheduled_tasks: 'name action path enabled state hidden last_run_time next_run_time last_run_message last_run_code',
  services:
    'name service_type display_name status pid start_type win32_exit_code service_exit_code path module_path ' +
    'description user_account',
  shell_history: 'uid time command history_file',
  startup_items: 'name path args type source status username',
  system_info:
    'hostname uuid cpu_type cpu_subtype cpu_brand cpu_physical_cores cpu_logical_cores cpu_sockets cpu_microcode ' +
    'physical_memory hardware_vendor hardware_model hardware_version hardware_serial board_vendor board_model ' +
    'board_version board_serial computer_name local_hostname',
  systemd_units:
    'id description load_state active_state sub_state unit_file_state following object_path job_id job_type job_path ' +
    'fragment_path user source_path',
  uptime: 'days hours minutes seconds total_seconds',
  user_groups: 'uid gid',
  users: 'uid gid uid_signed gid_signed username description directory shell uuid',
}
