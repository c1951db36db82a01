import { closestName } from './closest-name.ts'
import { at, type Findings, objectAt, shown } from './findings.ts'

// `options` of a configuration: flags that an agent takes from the server. Those that it needs before it has a
// configuration, or that say which server is its own, are its flagfile's. Names: osquery 5.23, `osqueryd --help`.

/** Flags of the command line and the flagfile only. */
const flagfileOnly: ReadonlySet<string> = new Set(
  `alarm_timeout aws_enforce_fips carver_block_size carver_compression carver_continue_endpoint carver_disable_function
  carver_expiry carver_start_endpoint config_accelerated_refresh config_check config_dump config_enable_backup
  config_path config_plugin config_refresh config_tls_endpoint config_tls_max_attempts daemonize database_dump
  database_path disable_carver disable_enrollment disable_extensions disable_reenrollment disable_tables
  disable_watchdog enable_extensions_watchdog enable_tables enable_watchdog_debug enroll_always enroll_secret_env
  enroll_secret_path enroll_tls_endpoint extensions_autoload extensions_interval extensions_require extensions_socket
  extensions_timeout flagfile force install logger_mode logger_plugin logger_stderr logtostderr pidfile proxy_hostname
  stderrthreshold tls_client_cert tls_client_key tls_enroll_max_attempts tls_enroll_max_interval tls_hostname
  tls_secret_always tls_server_certs tls_session_reuse tls_session_timeout uninstall watchdog_delay
  watchdog_forced_shutdown_delay watchdog_latency_limit watchdog_level watchdog_memory_limit
  watchdog_utilization_limit`.split(/\s+/),
)

/** Everything else that some version of osquery 5 knows. */
const optionNames: readonly string[] =
  `allow_unsafe alsologtostderr audit_allow_accept_socket_events audit_allow_apparmor_events audit_allow_config
  audit_allow_failed_socket_events audit_allow_fim_events audit_allow_fork_process_events
  audit_allow_kill_process_events audit_allow_null_accept_socket_events audit_allow_process_events
  audit_allow_seccomp_events audit_allow_selinux_events audit_allow_sockets audit_allow_user_events
  audit_backlog_limit audit_backlog_wait_time audit_debug audit_fim_debug audit_fim_show_accesses
  audit_force_reconfigure audit_force_unconfigure audit_persist audit_show_partial_fim_events
  audit_show_untracked_res_warnings augeas_lenses aws_access_key_id aws_debug aws_disable_imdsv1_fallback
  aws_enable_proxy aws_firehose_endpoint aws_firehose_period aws_firehose_region aws_firehose_stream
  aws_imdsv2_request_attempts aws_imdsv2_request_interval aws_kinesis_disable_log_status aws_kinesis_endpoint
  aws_kinesis_period aws_kinesis_random_partition_key aws_kinesis_region aws_kinesis_stream aws_profile_name
  aws_proxy_host aws_proxy_password aws_proxy_port aws_proxy_scheme aws_proxy_username aws_region
  aws_secret_access_key aws_session_token aws_sts_arn_role aws_sts_region aws_sts_session_name aws_sts_timeout
  bpf_buffer_storage_size bpf_perf_event_array_exp buffered_log_max decorations_top_level disable_audit
  disable_caching disable_database disable_decorators disable_distributed disable_endpointsecurity
  disable_endpointsecurity_fim disable_events disable_hash_cache disable_logging disable_memory
  distributed_denylist_duration distributed_interval distributed_loginfo distributed_plugin
  distributed_tls_max_attempts distributed_tls_read_endpoint distributed_tls_write_endpoint docker_socket
  enable_bpf_events enable_dns_lookup_events enable_file_events enable_foreign enable_keyboard_events
  enable_mouse_events enable_ntfs_event_publisher enable_numeric_monitoring enable_powershell_events_subscriber
  enable_process_etw_events enable_syslog enable_windows_events_publisher enable_windows_events_subscriber
  enable_yara_events enable_yara_string ephemeral es_fim_enable_open_events es_fim_mute_path_literal
  es_fim_mute_path_prefix events_enforce_denylist events_expiry events_max events_optimize events_streaming_plugin
  experiment_list extensions_default_index groups_service_delay groups_service_interval hardware_disabled_types
  hash_cache_max host_identifier ignore_registry_exceptions ignore_table_exceptions keychain_access_cache
  keychain_access_interval log_dir logbufsecs logger_event_type logger_kafka_acks logger_kafka_brokers
  logger_kafka_compression logger_kafka_topic logger_min_status logger_min_stderr logger_numerics logger_path
  logger_rotate logger_rotate_max_files logger_rotate_size logger_snapshot_event_type logger_syslog_facility
  logger_syslog_prepend_cee logger_tls_backoff_max logger_tls_compress logger_tls_endpoint logger_tls_max_lines
  logger_tls_max_linesize logger_tls_period lxd_socket malloc_trim_threshold max_log_size minloglevel
  ntfs_event_publisher_debug nullvalue numeric_monitoring_filesystem_path numeric_monitoring_plugins
  numeric_monitoring_pre_aggregation_time pack_delimiter pack_refresh_interval read_max schedule_default_interval
  schedule_epoch schedule_lognames schedule_max_drift schedule_reload schedule_splay_percent schedule_timeout
  specified_identifier stop_logging_if_full_disk syslog_events_expiry syslog_events_max syslog_pipe_path
  syslog_rate_limit table_delay table_exceptions thrift_string_size_limit thrift_timeout thrift_verbose
  tls_disable_status_log tls_dump users_service_delay users_service_interval usn_journal_reader_debug utc verbose
  windows_event_channels worker_threads yara_delay yara_malloc_trim yara_sigurl_authenticate`.split(/\s+/)

const known: ReadonlySet<string> = new Set(optionNames)

/** What an operator should know of who sets these, and the value that is harmless. */
const consequences: Readonly<Record<string, readonly [harmless: string, consequence: string]>> = {
  disable_logging: ['false', 'hosts with it log nothing, so the lake hears nothing of them'],
  disable_distributed: ['false', 'hosts with it answer no live query'],
  distributed_plugin: ['tls', 'hosts with it answer no live query'],
  disable_decorators: ['false', 'rows of hosts with it have no meta_ columns but those the lake knows itself'],
  decorations_top_level: ['false', 'a decoration called as a member of the line takes its place'],
  disable_events: ['false', 'event tables stay empty on hosts with it'],
  pack_delimiter: ['/', 'query names of packs stay whole (pack_x_y): only / lets the lake take the pack off'],
}

const servers = /^(?:logger|distributed)_tls_(?:read_|write_)?endpoint$/

/** True for a flag that no server can set. */
export function isFlagfileOnly(name: string): boolean {
  return flagfileOnly.has(name)
}

export function checkOptions(value: unknown, findings: Findings): void {
  const options = objectAt(value, 'options', findings)
  for (const [name, option] of Object.entries(options ?? {})) {
    const path = at('options', name)
    if (option === null) continue
    if (!['string', 'number', 'boolean'].includes(typeof option)) {
      findings.errors.push({ path, message: `${shown(option)} is no text, number or boolean` })
      continue
    }
    if (isFlagfileOnly(name)) {
      findings.errors.push({ path, message: `--${name} is a flag of the command line: put it in the agent's flagfile` })
      continue
    }
    const warning = warningOf(name, String(option))
    if (warning !== undefined) findings.warnings.push({ path, message: warning })
  }
}

function warningOf(name: string, value: string): string | undefined {
  if (!known.has(name) && !name.startsWith('custom_')) {
    const close = closestName(name, optionNames)
    return `osquery knows no option ${name}${close === undefined ? '' : `: ${close}?`}`
  }
  const [harmless, consequence] = consequences[name] ?? []
  if (consequence !== undefined && value !== harmless) return consequence
  if (servers.test(name))
    return 'agents send there instead of where their flagfile says: it must be a path of this lake'
  if (name === 'host_identifier' || name === 'specified_identifier')
    return 'hosts that change how they name themselves are new hosts to the lake'
  return undefined
}
