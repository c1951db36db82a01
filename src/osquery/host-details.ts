import { hostDecorationsMax, hostFactCharsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { HostFacts } from '../model/host.ts'
import { parseUuid } from '../model/ids.ts'

// What an agent tells of its machine: when it enrols, and in the decorations of its lines. Everything is text of the
// agent's: NULs are taken out (they really stand in `cpu_brand`), long values are cut. Source: osquery
// `plugins/remote/enroll/tls_enroll.cpp`, `osquery/remote/enroll/enroll.cpp` (getHostDetails).

export interface EnrolRequest {
  /** Without the line end that its file may have; undefined: none was sent. */
  readonly secret: string | undefined
  /** undefined: none was sent. */
  readonly hostIdentifier: string | undefined
  /** Lower case; undefined where the firmware says none, or one that it shares with others. */
  readonly hardwareUuid: string | undefined
  readonly facts: HostFacts
}

/** Throws `invalid_argument` for a body that is no JSON object. */
export function parseEnrolRequest(bytes: Uint8Array): EnrolRequest {
  const body = parseObject(bytes)
  const details = objectOf(body['host_details'])
  const [os, info, system] = ['os_version', 'osquery_info', 'system_info'].map(name => objectOf(details[name])) as [
    Members,
    Members,
    Members,
  ]
  return {
    secret: textOf(body['enroll_secret'], Number.POSITIVE_INFINITY),
    hostIdentifier: textOf(body['host_identifier'], Number.POSITIVE_INFINITY),
    hardwareUuid: hardwareUuidOf(textOf(system['uuid']) ?? textOf(info['uuid'])),
    facts: {
      hostname: textOf(system['hostname']) ?? textOf(system['computer_name']),
      platform: textOf(os['platform']) ?? platformOf(textOf(body['platform_type'])),
      osName: textOf(os['name']),
      osVersion: textOf(os['version']),
      osqueryVersion: textOf(info['version']),
      hardwareSerial: textOf(system['hardware_serial']),
      instanceId: textOf(info['instance_id']),
    },
  }
}

/** What the decorations of a line say of its host; undefined where it has none. */
export function factsInLine(line: string): HostFacts | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  const sent = Object.entries(objectOf(objectOf(parsed)['decorations']))
  if (sent.length === 0) return undefined
  const decorations: Record<string, string> = {}
  for (const [key, value] of sent.slice(0, hostDecorationsMax)) {
    const text = textOf(value)
    const name = key.toLowerCase().replace(/^meta_/, '')
    if (text !== undefined && name !== '' && name.length <= 128) decorations[name] = text
  }
  const type = decorations['endpoint_type']
  return {
    hostname: decorations['hostname'],
    platform: decorations['os_platform'],
    osName: decorations['os_name'],
    osVersion: decorations['os_version'],
    endpointType: type === 'server' || type === 'computer' ? type : undefined,
    decorations,
  }
}

/**
 * As boards without a number of their own have it, or builders forgot to change; the last is of a certain kind of VM.
 */
const sharedUuids: ReadonlySet<string> = new Set([
  '00020003-0004-0005-0006-000700080009',
  '01020304-0506-0708-090a-0b0c0d0e0f10',
  '01234567-8910-1112-1314-151617181920',
  '03000200-0400-0500-0006-000700080009',
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '10000000-0000-8000-0040-000000000000',
  '11111111-2222-3333-4444-555555555555',
  '12345678-1234-1234-1234-123456789012',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '4c4c4544-0000-2010-8020-80c04f202020',
  '8e275844-178f-44a8-aceb-a7d7e5178c63',
  'dc698397-fa54-4cf2-82c8-b1b5307a6a7f',
  'fefefefe-fefe-fefe-fefe-fefefefefefe',
])

/** Lower case; undefined where it is none, or none of the machine's own. */
export function hardwareUuidOf(text: string | undefined): string | undefined {
  const uuid = text === undefined ? undefined : parseUuid(text.trim())
  if (uuid === undefined || sharedUuids.has(uuid)) return undefined
  // One digit, or one pair of digits, all over: no firmware numbers a machine so.
  return /^(..)\1{15}$/.test(uuid.replaceAll('-', '')) ? undefined : uuid
}

type Members = Readonly<Record<string, unknown>>

/** Throws `invalid_argument` for what is no JSON object. */
export function parseObject(bytes: Uint8Array): Members {
  let body: unknown
  try {
    body = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    throw new AppError('invalid_argument', 'the body is not JSON', { cause: error })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_argument', 'the body is no JSON object')
  }
  return body as Members
}

function objectOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

/** undefined for what is neither text nor a number, and for nothing but white space. */
function textOf(value: unknown, charsMax = hostFactCharsMax): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value).replaceAll('\0', '').trim().toWellFormed()
  return text === '' ? undefined : text.slice(0, charsMax)
}

/** `platform_type` is a number of bits, as text; where the system's name is missing it is all there is. */
function platformOf(type: string | undefined): string | undefined {
  const bits = Number(type ?? Number.NaN)
  if (!Number.isInteger(bits)) return undefined
  if (bits === 2) return 'windows'
  if (bits === 37) return 'freebsd'
  if ((bits & 0x10) !== 0) return 'darwin'
  return (bits & 0x08) !== 0 ? 'linux' : undefined
}
