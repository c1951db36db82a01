import type { AgentPlatform } from '../../osquery/agent-config/platforms.ts'
import type { Decorators } from '../../osquery/agent-config.ts'

// What each line says of its host, as the lake's `meta_` columns: queries of one row. The lake itself adds meta_eid
// (the host's id) and meta_public_ip (the peer's address).

/** With the shipped queries; a change of any of them is a new version. */
export const packVersion = '1.0.0'

/** The address that most has gone through; loopback and addresses that nobody gave are none. */
const address = `SELECT a.address AS meta_ip_address, a.mask AS meta_ip_mask, d.mac AS meta_mac_address
FROM interface_addresses AS a
JOIN interface_details AS d ON d.interface = a.interface
WHERE a.address NOT LIKE '127.%' AND a.address NOT LIKE '169.254.%' AND a.address <> '::1'
  AND a.address NOT LIKE 'fe80:%' AND d.mac NOT IN ('', '00:00:00:00:00:00')
ORDER BY a.address LIKE '%.%' DESC, CAST(d.ibytes AS INTEGER) + CAST(d.obytes AS INTEGER) DESC, a.address LIMIT 1`

const username = `SELECT user AS meta_username FROM logged_in_users
WHERE user <> '' AND type IN ('user', 'active') ORDER BY time DESC LIMIT 1`

const common: readonly string[] = [
  `SELECT '${packVersion}' AS meta_query_pack_version`,
  'SELECT hostname AS meta_hostname FROM system_info',
  'SELECT name AS meta_os_name, version AS meta_os_version, platform AS meta_os_platform FROM os_version',
  'SELECT time.unix_time - uptime.total_seconds AS meta_boot_time FROM time, uptime',
  address,
]

/** A server of Windows says so in its name; Linux hosts are taken for servers, as Sophos does; Macs are none. */
const ofPlatform: Readonly<Record<AgentPlatform, readonly string[]>> = {
  windows: [
    "SELECT 'windows' AS meta_os_type",
    `SELECT CASE WHEN name LIKE '%Server%' THEN 'server' ELSE 'computer' END AS meta_endpoint_type FROM os_version`,
    `SELECT CASE WHEN count(*) > 0 THEN 'True' ELSE 'False' END AS meta_domain_controller
FROM services WHERE name = 'NTDS'`,
  ],
  darwin: ["SELECT 'darwin' AS meta_os_type, 'computer' AS meta_endpoint_type"],
  linux: ["SELECT 'linux' AS meta_os_type, 'server' AS meta_endpoint_type"],
}

/** The decorators of a host of that platform; undefined: what any platform can answer. */
export function shippedDecorators(platform: AgentPlatform | undefined): Decorators {
  return {
    load: [...common, ...(platform === undefined ? [] : ofPlatform[platform])],
    // Cheap everywhere, and who sits there changes.
    always: [username],
    // Addresses change too, but on Windows they come through WMI.
    interval: { '3600': [address] },
  }
}
