import type { AgentPlatform } from './platforms.ts'

// Which tables osquery has and on which systems: names only, as its own list of specifications (`specs/CMakeLists.txt`,
// 5.23) has them, with those that later versions dropped (bpf_*, alf_services …): a fleet has agents of many versions.

const byPlatforms: readonly (readonly [platforms: readonly AgentPlatform[], names: string])[] = [
  [
    ['windows', 'darwin', 'linux'],
    `ai_agent_skills arp_cache azure_instance_metadata azure_instance_tags carbon_black_info carves
      certificates chrome_extension_content_scripts chrome_extensions chrome_search_engines cpu_info cpuid curl
      curl_certificate device_file device_hash device_partitions ec2_instance_metadata ec2_instance_tags
      etc_hosts etc_protocols etc_services file firefox_addons gpu_info groups hash interface_addresses
      interface_details java_packages jetbrains_plugins json_each json_tree kernel_info listening_ports
      logged_in_users memory_devices npm_packages os_version osquery_events osquery_extensions osquery_flags
      osquery_info osquery_packs osquery_registry osquery_schedule platform_info process_memory_map
      process_open_sockets processes python_packages routes secureboot sqlite_master sqlite_schema
      sqlite_temp_master ssh_configs startup_items system_info time uptime user_groups user_ssh_keys users
      vscode_extensions yara yara_events yara_process ycloud_instance_metadata`,
  ],
  [
    ['darwin', 'linux'],
    `acpi_tables atom_packages augeas authorized_keys block_devices cpu_time crontab disk_encryption
      dns_resolvers docker_container_envs docker_container_fs_changes docker_container_labels
      docker_container_mounts docker_container_networks docker_container_ports docker_container_processes
      docker_container_stats docker_containers docker_image_history docker_image_labels docker_image_layers
      docker_images docker_info docker_network_labels docker_networks docker_version docker_volume_labels
      docker_volumes extended_attributes file_events hardware_events homebrew_packages interface_ipv6
      known_hosts last lldp_neighbors load_average magic memory_array_mapped_addresses memory_arrays
      memory_device_mapped_addresses memory_error_info mounts oem_strings pci_devices process_envs
      process_events process_open_files prometheus_metrics shell_history smbios_tables socket_events sudoers
      suid_bin system_controls ulimit_info usb_devices user_events`,
  ],
  [['windows', 'linux'], `intel_me_info`],
  [['windows', 'darwin'], `battery`],
  [
    ['darwin'],
    `account_policy_data ad_config alf alf_exceptions alf_explicit_auths alf_services app_schemes apps asl
      authorization_mechanisms authorizations browser_plugins certificate_trust_settings connected_displays
      crashes cups_destinations cups_jobs device_firmware disk_events es_process_events es_process_file_events
      event_taps fan_speed_sensors gatekeeper gatekeeper_approved_apps ibridge_info iokit_devicetree
      iokit_registry kernel_extensions kernel_panics keychain_acls keychain_items launchd launchd_overrides
      location_services macports_packages managed_policies mdfind mdls nfs_shares nvram opera_extensions
      package_bom package_install_history package_receipts password_policy plist power_sensors preferences
      quicklook_cache running_apps safari_extensions sandboxes screenlock shared_folders sharing_preferences
      signature sip_config smc_keys system_extensions system_profiler temperature_sensors time_machine_backups
      time_machine_destinations unified_log user_interaction_events virtual_memory_info wifi_networks
      wifi_status wifi_survey xprotect_entries xprotect_meta xprotect_reports`,
  ],
  [
    ['linux'],
    `apparmor_events apparmor_profiles apt_sources bpf_process_events bpf_socket_events deb_package_files
      deb_packages elf_dynamic elf_info elf_sections elf_segments elf_symbols flatpak_packages iptables
      kernel_integrity kernel_keys kernel_modules lxd_certificates lxd_cluster lxd_cluster_members lxd_images
      lxd_instance_config lxd_instance_devices lxd_instances lxd_networks lxd_storage_pools md_devices md_drives
      md_personalities memory_info memory_map msr pacman_packages portage_keywords portage_packages portage_use
      process_file_events process_namespaces process_open_pipes rpm_package_files rpm_packages seccomp_events
      secureboot_certificates selinux_events selinux_settings shadow shared_memory snap_packages syslog_events
      systemd_units yum_sources`,
  ],
  [
    ['windows'],
    `appcompat_shims authenticode autoexec background_activities_moderator bitlocker_info chassis_info
      chocolatey_packages connectivity default_environment deviceguard_status disk_info dns_cache
      dns_lookup_events drivers hvci_status ie_extensions kva_speculative_info logical_drives logon_sessions
      ntdomains ntfs_acl_permissions ntfs_journal_events office_mru patches physical_disk_performance pipes
      powershell_events prefetch process_etw_events process_open_handles programs programs_and_features
      recent_files registry scheduled_tasks security_profile_info services shared_resources shellbags shimcache
      tpm_info userassist video_info winbaseobj windows_crashes windows_eventlog windows_events
      windows_firewall_rules windows_optional_features windows_search windows_security_center
      windows_security_products windows_update_history wmi_bios_info wmi_cli_event_consumers wmi_event_filters
      wmi_filter_consumer_binding wmi_script_event_consumers`,
  ],
]

const platformsOf: ReadonlyMap<string, readonly AgentPlatform[]> = new Map(
  byPlatforms.flatMap(([platforms, names]) => names.split(/\s+/).map(name => [name, platforms] as const)),
)

/** The systems on which osquery has the table; undefined: on none, so it is an extension's, a view or a mistake. */
export function tablePlatforms(name: string): readonly AgentPlatform[] | undefined {
  return platformsOf.get(name.toLowerCase())
}

/** Names of all tables, for what is close to a mistake. */
export const tableNames: readonly string[] = [...platformsOf.keys()]
