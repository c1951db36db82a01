import { sha256Hex } from '../../model/ids.ts'
import type { Platform, SimulatedHost } from '../hosts.ts'
import type { Row } from '../result-line.ts'

// What an agent tells of its host when it enrols: a row each of four tables.

export interface HostDetails {
  readonly os_version: Row
  readonly osquery_info: Row
  readonly system_info: Row
  readonly platform_info: Row
}

/** `platform_type` of the enrolment: the bits of osquery's PlatformType. */
export const platformTypes: Readonly<Record<Platform, string>> = { linux: '9', macos: '21', windows: '2' }

/** `now` in seconds: when the agent was started. */
export function hostDetails(host: SimulatedHost, osqueryVersion: string, now: number): HostDetails {
  const seed = sha256Hex(host.identifier)
  const [major = '0', minor = '0', patch = '0'] = host.osVersion.match(/\d+/g) ?? []
  const platform = host.platform === 'macos' ? 'darwin' : host.platform === 'windows' ? 'windows' : host.osName
  return {
    os_version: {
      name: host.osName,
      version: host.osVersion,
      ...{ major, minor, patch },
      build: host.platform === 'windows' ? (host.osVersion.split('.')[2] ?? '') : '',
      platform: host.platform === 'linux' ? platform.split(' ')[0]!.toLowerCase() : platform,
      platform_like: host.platform === 'linux' ? 'debian' : platform,
      codename: /\(([^)]+)\)/.exec(host.osVersion)?.[1] ?? '',
      arch: host.platform === 'windows' ? '64-bit' : 'x86_64',
    },
    osquery_info: {
      pid: String(1_000 + (Number.parseInt(seed.slice(0, 4), 16) % 8_000)),
      uuid: host.identifier,
      instance_id: uuidOf(seed.slice(0, 32)),
      version: osqueryVersion,
      config_hash: '',
      config_valid: '0',
      extensions: 'active',
      build_platform: host.platform === 'macos' ? 'darwin' : host.platform,
      build_distro: host.platform === 'windows' ? '10' : 'centos7',
      start_time: String(now),
      watcher: '1',
      platform_mask: platformTypes[host.platform],
    },
    system_info: {
      hostname: host.hostname,
      computer_name: host.hostname,
      local_hostname: host.hostname,
      uuid: host.identifier,
      cpu_type: 'x86_64',
      cpu_subtype: '142',
      // Padded as the processor reports it.
      cpu_brand: 'Intel(R) Core(TM) i7-1365U\u0000\u0000\u0000\u0000',
      cpu_physical_cores: '4',
      cpu_logical_cores: '8',
      physical_memory: '17179869184',
      hardware_vendor: host.kind === 'server' ? 'Dell Inc.' : 'LENOVO',
      hardware_model: host.kind === 'server' ? 'PowerEdge R650' : '21HM',
      hardware_serial: seed.slice(0, 10).toUpperCase(),
    },
    platform_info: {
      vendor: 'LENOVO',
      version: 'N3XET62W',
      date: '04/11/2025',
      revision: '1.37',
      firmware_type: 'uefi',
    },
  }
}

function uuidOf(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
