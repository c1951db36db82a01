import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from './result-line.ts'

// Listening sockets from /proc/net and the processes that hold them, as osquery's `listening_ports` has them.

/** State 0A of /proc/net/tcp: LISTEN. */
const listening = '0A'

export function readListeners(root: string): readonly Row[] {
  const owners = readOwners(root)
  return [
    ['tcp', '2'],
    ['tcp6', '10'],
  ].flatMap(([table = '', family = '']) =>
    readTable(join(root, 'proc/net', table)).flatMap(fields => {
      const [, local = '', , state, , , , , , inode = ''] = fields
      if (state !== listening) return []
      const [address = '', port = ''] = local.split(':')
      const owner = owners.get(inode)
      return [
        {
          pid: owner?.pid ?? '-1',
          name: owner?.name ?? '',
          path: owner?.path ?? '',
          port: String(Number.parseInt(port, 16)),
          protocol: '6',
          family,
          address: parseAddress(address),
        },
      ]
    }),
  )
}

interface Owner {
  readonly pid: string
  readonly name: string
  readonly path: string
}

/** Inode of a socket → a process that has it open; those of other users stay unknown without privileges. */
function readOwners(root: string): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>()
  for (const pid of attempt(() => readdirSync(join(root, 'proc'))) ?? []) {
    if (!/^\d+$/.test(pid)) continue
    const folder = join(root, 'proc', pid)
    const inodes = (attempt(() => readdirSync(join(folder, 'fd'))) ?? []).flatMap(descriptor => {
      const target = attempt(() => readlinkSync(join(folder, 'fd', descriptor))) ?? ''
      return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []
    })
    if (inodes.length === 0) continue
    const name = (attempt(() => readFileSync(join(folder, 'comm'), 'utf8')) ?? '').trim()
    const path = attempt(() => readlinkSync(join(folder, 'exe'))) ?? ''
    for (const inode of inodes) owners.set(inode, { pid, name, path })
  }
  return owners
}

function readTable(path: string): readonly (readonly string[])[] {
  const text = attempt(() => readFileSync(path, 'utf8')) ?? ''
  return text
    .split('\n')
    .slice(1)
    .filter(line => line !== '')
    .map(line => line.trim().split(/\s+/))
}

/** `0100007F` → `127.0.0.1`: 32-bit words in the machine's (little-endian) order; IPv6 as its groups. */
function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(word => (word.match(/../g) ?? []).toReversed())
  if (bytes.length === 4) return bytes.map(byte => Number.parseInt(byte, 16)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[index * 2]}${bytes[index * 2 + 1]}`)
  // A URL's host is written the short way (RFC 5952).
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** Entries of /proc come and go, and some belong to others: what cannot be read is not there. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
