import { cellText } from '../results/cell-text.ts'

// What a value is, judged by its column and its looks: the words are the contract's `pivotType`, which says what a
// prepared query's variable takes.

export type PivotType =
  | 'deviceId'
  | 'deviceName'
  | 'sophosPid'
  | 'ipAddress'
  | 'username'
  | 'sha256'
  | 'filePath'
  | 'registryKey'
  | 'url'

export const pivotTitles: Readonly<Record<PivotType, string>> = {
  deviceId: 'host id',
  deviceName: 'host',
  sophosPid: 'process',
  ipAddress: 'address',
  username: 'user',
  sha256: 'SHA-256',
  filePath: 'path',
  registryKey: 'registry key',
  url: 'URL',
}

const byColumn: readonly (readonly [RegExp, PivotType])[] = [
  [/^(endpoint_id|device_id|meta_endpoint_id|ep_id)$/, 'deviceId'],
  [/^(meta_hostname|hostname|host_name|ep_name|device_name|host_identifier|computer_name)$/, 'deviceName'],
  [/(^|_)sophos_pid$/, 'sophosPid'],
  [/(^|_)(user|username|user_name|account|logged_in_user)$/, 'username'],
  [/(^|_)sha256$/, 'sha256'],
  [/(^|_)(ip|ip_address|address|remote_address|local_address|source_ip|destination_ip|public_ip)$/, 'ipAddress'],
  [/(^|_)(registry_key|key_path)$/, 'registryKey'],
  [/(^|_)(url|clean_url)$/, 'url'],
  [/(?:^|_)(?<!key_)(path|file_path|pathname|directory|cwd|process_name|image)$/, 'filePath'],
]

const byLook: readonly (readonly [RegExp, PivotType])[] = [
  [/^[0-9a-f]{64}$/i, 'sha256'],
  [/^\d+:\d{15,20}$/, 'sophosPid'],
  [/^(\d{1,3}\.){3}\d{1,3}$/, 'ipAddress'],
  [/^[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}$/i, 'ipAddress'],
  [/^https?:\/\//i, 'url'],
  [/^(HKEY_|HKLM\\|HKCU\\|\\REGISTRY\\)/i, 'registryKey'],
  [
    /^([a-z]:\\|\\\\\w|\/(usr|bin|sbin|etc|home|opt|var|tmp|root|lib|Applications|Users|Library|System)\/)/i,
    'filePath',
  ],
]

/** What the value may be pivoted as, likeliest first; empty for null and for what means nothing outside its row. */
export function pivotTypesOf(column: string, value: unknown): readonly PivotType[] {
  const text = cellText(value).trim()
  if (text === '') return []
  const name = column.toLowerCase()
  // A command line begins like a path and is none.
  const isCommand = /cmd|command/.test(name)
  const looks = byLook
    .filter(([, type]) => !isCommand || type !== 'filePath')
    .filter(([pattern]) => pattern.test(text))
    .map(([, type]) => type)
  const named = byColumn.filter(([pattern]) => pattern.test(name)).map(([, type]) => type)
  // A column called like an address that holds a name, or the reverse, is what it looks like.
  const certain = looks.some(
    type => type === 'sha256' || type === 'sophosPid' || type === 'ipAddress' || type === 'url',
  )
  return [...new Set(certain ? [...looks, ...named.filter(type => type !== 'filePath')] : [...named, ...looks])]
}
