import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { arch, hostname, networkInterfaces, release, type } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '../model/ids.ts'
import type { SimulatedHost } from './hosts.ts'
import { type Report, type Row, resultLines } from './result-line.ts'
import { readListeners } from './this-machine-sockets.ts'

// The machine this runs on, reported as an osquery agent would: read from /proc, /etc and dpkg's records. What a
// platform or a permission does not give is left out.

export interface MachineOptions {
  /** Where `/proc`, `/etc` and `/var` are; tests bring a folder of their own. */
  readonly root?: string
  /** Seconds since the epoch. */
  readonly now: number
}

/** Executables up to this size are hashed, as osquery's `hash` table would. */
const hashedBytesMax = 32 * 1024 * 1024

/** Log lines without line ends: one execution of each query. */
export function thisMachineLines({ root = '/', now }: MachineOptions): readonly string[] {
  const host = describeMachine(root)
  const reports: readonly Report[] = [
    differences('running_processes_linux_events', now, readProcesses(root)),
    snapshot('listening_ports', now, readListeners(root)),
    differences('user_accounts', now, readUsers(root)),
    snapshot('deb_packages', now, readPackages(root)),
    snapshot('mounts', now, readMounts(root)),
    snapshot('network_interfaces', now, readInterfaces()),
  ]
  return reports.flatMap(report => resultLines(host, report))
}

function differences(queryName: string, time: number, added: readonly Row[]): Report {
  return { queryName, time, counter: 0, content: { kind: 'differences', added, removed: [] } }
}

function snapshot(queryName: string, time: number, rows: readonly Row[]): Report {
  return { queryName, time, counter: 0, content: { kind: 'snapshot', rows } }
}

function describeMachine(root: string): SimulatedHost {
  const system = Object.fromEntries(
    linesOf(join(root, 'etc/os-release')).map(line => [line.split('=')[0], line.replace(/^[^=]*="?|"$/g, '')]),
  )
  const outward = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .find(address => !address.internal && address.family === 'IPv4')
  return {
    identifier: hostname(),
    hostname: hostname(),
    platform: 'linux',
    kind: 'computer',
    user: userName(root),
    address: outward?.address ?? '127.0.0.1',
    publicAddress: '',
    mac: outward?.mac ?? '',
    bootTime: readBootTime(root),
    osName: system['NAME'] ?? type(),
    osVersion: system['VERSION'] ?? `${release()} ${arch()}`,
    style: {
      differences: 'events',
      snapshots: 'whole',
      hasNumerics: false,
      namePrefix: '',
      decorationPrefix: 'meta_',
    },
  }
}

function userName(root: string): string {
  const uid = String(process.getuid?.() ?? 0)
  return readUsers(root).find(row => row['uid'] === uid)?.['username'] ?? ''
}

function readProcesses(root: string): readonly Row[] {
  const hashes = new Map<string, string>()
  const bootTime = readBootTime(root)
  return entriesOf(join(root, 'proc')).flatMap(pid => {
    if (!/^\d+$/.test(pid)) return []
    const row = readProcess(join(root, 'proc', pid), pid, bootTime, hashes)
    return row === undefined ? [] : [row]
  })
}

/** Seconds since the epoch; 0 where it is not known. */
function readBootTime(root: string): number {
  return Number(/^btime (\d+)$/m.exec(linesOf(join(root, 'proc/stat')).join('\n'))?.[1] ?? 0)
}

/** undefined: it ended meanwhile, or is a kernel thread. */
function readProcess(folder: string, pid: string, bootTime: number, hashes: Map<string, string>): Row | undefined {
  try {
    const status = readFileSync(join(folder, 'status'), 'utf8')
    const commandLine = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0').join(' ').trim()
    if (commandLine === '') return undefined
    const path = linkOf(join(folder, 'exe'))
    const [uid = '', euid = ''] = statusField(status, 'Uid').split(/\s+/)
    const [gid = '', egid = ''] = statusField(status, 'Gid').split(/\s+/)
    // Field 22, counted behind the name, which may hold anything.
    const ticks = readFileSync(join(folder, 'stat'), 'utf8').split(') ').at(-1)?.split(' ')[19]
    const time = String(bootTime + Math.floor(Number(ticks) / 100))
    const identity = { uid, euid, gid, egid, pids: pid, parents: statusField(status, 'PPid'), time }
    return { name: statusField(status, 'Name'), path, cmdline: commandLine, sha256: hashOf(path, hashes), ...identity }
  } catch {
    // Gone between the listing and the reading.
    return undefined
  }
}

function statusField(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
}

function hashOf(path: string, hashes: Map<string, string>): string {
  const known = hashes.get(path)
  if (known !== undefined) return known
  const isSmall = path !== '' && existsSync(path) && statSync(path).size <= hashedBytesMax
  const hash = isSmall ? sha256Hex(readFileSync(path)) : ''
  hashes.set(path, hash)
  return hash
}

function readUsers(root: string): readonly Row[] {
  return linesOf(join(root, 'etc/passwd')).map(line => {
    const [username = '', , uid = '', gid = '', description = '', directory = '', shell = ''] = line.split(':')
    return { uid, gid, username, description, directory, shell, type: 'local', uuid: '' }
  })
}

function readPackages(root: string): readonly Row[] {
  const records = linesOf(join(root, 'var/lib/dpkg/status'), /\n\n/)
  return records.flatMap(record => {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(record)?.[1] ?? ''
    if (!field('Status').endsWith(' installed')) return []
    const [name, version, source] = [field('Package'), field('Version'), field('Source')]
    return [{ name, version, source, arch: field('Architecture'), size: field('Installed-Size'), status: 'installed' }]
  })
}

function readMounts(root: string): readonly Row[] {
  return linesOf(join(root, 'proc/self/mounts')).map(line => {
    const [device = '', path = '', kind = '', flags = ''] = line.split(' ')
    return { device, path: path.replaceAll('\\040', ' '), type: kind, flags }
  })
}

function readInterfaces(): readonly Row[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, netmask, mac }) => ({ interface: name, address, mask: netmask, mac })),
  )
}

/** Lines of a file without the empty ones; none where it cannot be read. */
function linesOf(path: string, separator: RegExp = /\n/): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split(separator)
      .filter(line => line !== '')
  } catch {
    return []
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
