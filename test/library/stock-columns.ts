// What osquery without extensions can report under the lake's query names, and from which of its tables: the columns
// that a canned query may read. Reputations, scores and the journals of IP flows are not among them.

const windowsEvent =
  'eventid provider_name logon_type target_username target_domain subject_username subject_domain subject_logon_id ' +
  'remote_address remote_port workstation_name authentication_package logon_process status sub_status failure_reason'

const byQueryName: Readonly<Record<string, string>> = {
  // processes, joined with itself for the parent, users, hash, file and authenticode; sophos_pid is pid and start time
  running_processes_windows_sophos:
    'name path cmdline pid parent uid gid username time sha1 sha256 file_size parent_name parent_path ' +
    'parent_cmdline sophos_pid parent_sophos_pid original_filename file_version is_process_file_signed',
  // process_events or bpf_process_events, joined with hash
  running_processes_linux_events: 'name path cmdline pids parents uid gid euid egid time sha1 sha256',
  // es_process_events, joined with hash
  running_processes_osx_events: 'name path cmdline pid parent pids parents uid gid euid egid time sha1 sha256',
  // process_open_sockets, joined with processes
  open_sockets: 'name path cmdline pid parent family protocol local_address local_port remote_address remote_port',
  // listening_ports, joined with processes
  listening_ports: 'name path pid port protocol family address',
  // dns_lookup_events
  sophos_urls_windows: 'pids timestamps domain',
  // users
  user_accounts: 'username uid gid description directory shell type uuid',
  // programs
  windows_programs: 'name version publisher install_date install_location install_source language identifying_number',
  // patches
  windows_updates_patch: 'hotfix_id caption description installed_by installed_on csname fix_comments',
  // startup_items
  windows_startup_items: 'name path args type source status username',
  // bitlocker_info
  disk_encryption_windows:
    'drive_letter drive_device_id persistent_volume_id conversion_status protection_status encryption_method version ' +
    'percentage_encrypted lock_status',
  // interface_addresses, joined with interface_details
  network_interfaces: 'interface address mask broadcast mac mtu ibytes obytes',
  // windows_events, the members of its JSON taken out: events 4624, 4625 and 4720 to 4781
  windows_event_successful_logon: windowsEvent,
  windows_event_invalid_logon_brute_force: windowsEvent,
  windows_event_user_account_changed: windowsEvent,
}

export const stockColumns: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries(byQueryName).map(([name, columns]) => [name, new Set(columns.split(' '))]),
)
