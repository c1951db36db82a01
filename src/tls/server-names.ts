import { hostname, networkInterfaces } from 'node:os'
import { tlsAddressesMax } from '../limits.ts'
import { canonicalAddress, isDnsName } from '../model/server-name.ts'

/** What this machine calls itself, and the addresses under which others may reach it. */
export interface MachineNames {
  readonly hostname: string
  readonly addresses: readonly string[]
}

export function machineNames(): MachineNames {
  const addresses = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0)
    .map(({ address }) => address)
  return { hostname: hostname(), addresses }
}

/**
 * Every name of the server's certificate: the loopback ones, the machine's, and those the operator gave; unique,
 * sorted, in the one spelling by which they are compared.
 */
export function serverNames(given: readonly string[], machine: MachineNames): readonly string[] {
  const own = machine.hostname.toLowerCase()
  const addresses = machine.addresses.map(canonicalAddress).slice(0, tlsAddressesMax)
  return [
    ...new Set(['localhost', '127.0.0.1', '::1', ...(isDnsName(own) ? [own] : []), ...addresses, ...given]),
  ].sort()
}
