import { isIP } from 'node:net'
import { AppError } from '../../model/errors.ts'
import { namesCover, parseServerName } from '../../model/server-name.ts'

/** Where agents find the lake, and what tells them that it is the one. */
export interface AgentDoor {
  /** DNS name or address. */
  readonly host: string
  readonly port: number
  /** What the certificate there is for; undefined: it is a proxy's, and not known. */
  readonly names: readonly string[] | undefined
  /** PEM; undefined: the certificate is verified with the public authorities that osquery ships. */
  readonly authorityPem: string | undefined
}

/** The lake's own TLS listener; undefined where it has none. */
export interface OwnListener {
  /** The address it listens on. */
  readonly address: string
  readonly port: number
  readonly names: readonly string[]
  readonly authorityPem: string | undefined
}

export interface DoorFacts {
  readonly listener: OwnListener | undefined
  /** `--tls-name`. */
  readonly tlsNames: readonly string[] | undefined
  readonly publicUrl: string | undefined
  readonly hostname: string
  /** `--tls-ca`, where it is for a proxy before the lake. */
  readonly proxyAuthorityPem: string | undefined
}

/**
 * The door that agents are told: the operator's name for the listener, else a public URL that a proxy serves over TLS,
 * else the listener under the name that fits its address. undefined: there is no TLS at all.
 */
export function findAgentDoor(facts: DoorFacts): AgentDoor | undefined {
  const { listener, tlsNames, publicUrl, hostname } = facts
  const given = tlsNames?.[0]
  if (listener !== undefined && given !== undefined) return { ...ofListener(listener), host: given }
  const url = publicUrl === undefined ? null : URL.parse(publicUrl)
  if (url?.protocol === 'https:') {
    const { host, port = 443 } = parseServerName(url.host)
    if (listener?.port === port && namesCover(listener.names, host)) return { ...ofListener(listener), host }
    return { host, port, names: undefined, authorityPem: facts.proxyAuthorityPem }
  }
  if (listener === undefined) return undefined
  return { ...ofListener(listener), host: hostOf(listener.address, hostname, listener.names) }
}

function ofListener({ port, names, authorityPem }: OwnListener): Omit<AgentDoor, 'host'> {
  return { port, names, authorityPem }
}

function hostOf(address: string, hostname: string, names: readonly string[]): string {
  if (isIP(address) === 0 || /^(?:127\.|::1$)/.test(address)) return 'localhost'
  const isAny = address === '0.0.0.0' || address === '::'
  if (!isAny) return address
  const own = hostname.toLowerCase()
  return namesCover(names, own) ? own : 'localhost'
}

/**
 * The same door under another name, which the certificate must be for. `text` is a name or an address, with a port
 * where it is not the door's. Throws `invalid_argument`.
 */
export function doorByName(door: AgentDoor, text: string): AgentDoor {
  const { host, port = door.port } = parseServerName(text)
  if (door.names !== undefined && !namesCover(door.names, host)) {
    throw new AppError(
      'invalid_argument',
      `the lake's certificate is not for ${host}, so agents would refuse it: start the lake with --tls-name ${host}`,
    )
  }
  return { ...door, host, port }
}
