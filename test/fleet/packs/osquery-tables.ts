import { DatabaseSync } from 'node:sqlite'

// Tables of osquery as SQLite has them, empty: every column of its specifications (5.23), those of other systems too,
// because osquery keeps them as hidden columns everywhere (`tools/codegen/gentable.py`).

const columnsOf: Readonly<Record<string, string>> = {
  processes:
    'pid name path cmdline state cwd root uid gid euid egid suid sgid on_disk wired_size resident_size total_size ' +
    'user_time system_time disk_bytes_read disk_bytes_written start_time parent pgroup threads nice elevated_token ' +
    'secure_process protection_type virtual_process elapsed_time handle_count percent_processor_time upid uppid ' +
    'cpu_type cpu_subtype translated',
  users: 'uid gid uid_signed gid_signed username description directory shell uuid type is_hidden pid_with_namespace',
  file:
    'path directory filename inode uid gid mode device size block_size atime mtime ctime btime hard_links symlink ' +
    'type attributes volume_serial file_id file_version product_version original_filename bsd_flags ' +
    'pid_with_namespace mount_namespace_id',
  hash: 'path directory md5 sha1 sha256 pid_with_namespace mount_namespace_id',
  authenticode: 'path original_program_name serial_number issuer_name subject_name result',
  process_open_sockets:
    'pid fd socket family protocol local_address remote_address local_port remote_port path state net_namespace',
  listening_ports: 'pid port protocol family address fd socket path net_namespace',
  interface_addresses: 'interface address mask broadcast point_to_point type friendly_name',
  interface_details:
    'interface mac type mtu metric flags ipackets opackets ibytes obytes ierrors oerrors idrops odrops collisions ' +
    'last_change link_speed pci_slot friendly_name description manufacturer connection_id connection_status enabled ' +
    'physical_adapter speed service dhcp_enabled dhcp_lease_expires dhcp_lease_obtained dhcp_server dns_domain ' +
    'dns_domain_suffix_search_order dns_host_name dns_server_search_order',
  arp_cache: 'address mac interface permanent',
  windows_events: 'time datetime source provider_name provider_guid computer_name eventid task level keywords data eid',
  osquery_schedule:
    'name query interval executions last_executed denylisted output_size wall_time user_time system_time ' +
    'average_memory',
  dns_lookup_events: 'eid time time_windows datetime pid path username name type type_id status response',
  programs:
    'name version install_location install_source language publisher uninstall_string install_date identifying_number',
  patches: 'csname hotfix_id caption description fix_comments installed_by install_date installed_on',
  startup_items: 'name path args type source status username',
  bitlocker_info:
    'device_id drive_letter persistent_volume_id conversion_status protection_status encryption_method version ' +
    'percentage_encrypted lock_status',
  office_mru: 'application version path last_opened_time sid',
  registry: 'key path name type data mtime',
  wmi_cli_event_consumers: 'name command_line_template executable_path class relative_path',
  wmi_script_event_consumers: 'name scripting_engine script_file_name script_text class relative_path',
  powershell_events:
    'time datetime script_block_id script_block_count script_text script_name script_path cosine_similarity',
  process_events:
    'pid path mode cmdline cmdline_size env env_count env_size cwd auid uid euid gid egid owner_uid owner_gid atime ' +
    'mtime ctime btime overflows parent time uptime eid status fsuid suid fsgid sgid syscall',
  user_events: 'uid auid pid message type path address terminal time uptime eid',
  es_process_events:
    'version seq_num global_seq_num pid path parent original_parent cmdline cmdline_count env env_count cwd uid euid ' +
    'gid egid username signing_id team_id cdhash platform_binary exit_code child_pid time event_type eid ' +
    'codesigning_flags',
  system_info:
    'hostname uuid cpu_type cpu_subtype cpu_brand cpu_physical_cores cpu_logical_cores cpu_sockets cpu_microcode ' +
    'physical_memory hardware_vendor hardware_model hardware_version hardware_serial board_vendor board_model ' +
    'board_version board_serial computer_name local_hostname emulated_cpu_type',
  os_version: 'name version major minor patch build platform platform_like codename arch install_date',
  time:
    'weekday year month day hour minutes seconds timezone local_time local_timezone unix_time timestamp datetime ' +
    'iso_8601 timestamp_sys100ns',
  uptime: 'days hours minutes seconds total_seconds',
  services:
    'name service_type display_name status pid start_type win32_exit_code service_exit_code path module_path ' +
    'description user_account',
  logged_in_users: 'type user tty host time pid sid registry_hive',
}

const numbers = new Set(
  (
    'pid parent uid gid euid egid start_time time port protocol family local_port remote_port size ibytes obytes mtu ' +
    'eventid mtime last_executed unix_time total_seconds conversion_status protection_status version lock_status ' +
    'percentage_encrypted last_opened_time'
  ).split(' '),
)

export type Row = Readonly<Record<string, string | number>>

/** A database with every table, and `rows` in them. */
export function osqueryDatabase(rows: Readonly<Record<string, readonly Row[]>> = {}): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const [table, columns] of Object.entries(columnsOf)) {
    const typed = columns.split(' ').map(name => `"${name}" ${numbers.has(name) ? 'BIGINT' : 'TEXT'}`)
    database.exec(`CREATE TABLE ${table} (${typed.join(', ')})`)
  }
  for (const [table, list] of Object.entries(rows)) {
    for (const row of list) {
      const names = Object.keys(row).map(name => `"${name}"`)
      const places = names.map(() => '?').join(', ')
      database.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`).run(...Object.values(row))
    }
  }
  return database
}

export const tablesWithColumns: readonly string[] = Object.keys(columnsOf)

/** The columns of a statement's result, in its order. */
export function columnsOfSql(database: DatabaseSync, sql: string): readonly string[] {
  return database
    .prepare(sql)
    .columns()
    .map(({ name }) => name)
}

/** The rows that the statement finds, as plain objects. */
export function rowsOfSql(database: DatabaseSync, sql: string): readonly Record<string, unknown>[] {
  return database
    .prepare(sql)
    .all()
    .map(row => ({ ...row }))
}
