import { isIP, SocketAddress } from 'node:net'
import { AppError } from './errors.ts'

// The name under which agents find the lake: a DNS name or an address, as it stands in the server's certificate.

/** A name and, where it was given, a port. */
export interface ServerName {
  /** Lower case; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number | undefined
}

/** RFC 1035 §2.3.4, and underscores, which container networks have in their names. */
const dnsName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/

export function isDnsName(text: string): boolean {
  // What looks like an address and is none (10.0.0.300) would be a name that no resolver knows.
  return dnsName.test(text) && !/^[\d.]+$/.test(text)
}

/** A DNS name or an address, without a port. Throws `invalid_argument`. */
export function parseServerHost(text: string): string {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0) return canonicalAddress(host)
  if (isDnsName(host)) return host
  throw new AppError('invalid_argument', `${JSON.stringify(text)} is not a DNS name or an address`)
}

/** The one spelling of an address by which two are compared (RFC 5952 for IPv6). */
export function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address
}

/** `lake.example.com`, `lake.example.com:443`, `192.0.2.7:8443`, `[2001:db8::7]:8443`. Throws `invalid_argument`. */
export function parseServerName(text: string): ServerName {
  const trimmed = text.trim()
  const match = isIP(trimmed) === 6 ? null : /^(.*):(\d{1,5})$/.exec(trimmed)
  if (match === null) return { host: parseServerHost(trimmed), port: undefined }
  const port = Number(match[2])
  if (port < 1 || port > 65_535) {
    throw new AppError('invalid_argument', `${JSON.stringify(text)} has a port that is not from 1 to 65535`)
  }
  return { host: parseServerHost(match[1] ?? ''), port }
}

/** As it stands in a URL or in osquery's `tls_hostname`. */
export function formatServerName(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether a certificate with these names is for the host; a wildcard stands for one label (RFC 6125 §6.4.3). */
export function namesCover(names: readonly string[], host: string): boolean {
  if (names.includes(host)) return true
  return isIP(host) === 0 && names.includes(host.replace(/^[^.]+\./, '*.'))
}
