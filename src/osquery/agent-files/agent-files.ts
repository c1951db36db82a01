import { formatServerName } from '../../model/server-name.ts'
import type { AgentDoor } from './agent-door.ts'
import { authorityFileName, secretFileName } from './file-names.ts'
import { flagsOf, renderFlagfile } from './flags.ts'
import { instructionsOf } from './instructions.ts'
import { type AgentPlatform, agentPlatforms } from './platforms.ts'

// What a machine needs to report to this lake: a folder for each platform, to be copied whole.

export interface AgentFilesRequest {
  readonly door: Pick<AgentDoor, 'host' | 'port' | 'authorityPem'>
  readonly tenantName: string
  readonly enrollSecret: string
}

export interface AgentFile {
  /** `linux/osquery.flags`: a folder of a platform and a file in it. */
  readonly name: string
  readonly text: string
  /** To be readable by its owner only. */
  readonly isSecret: boolean
}

/** Pure: the same request gives the same bytes, in the same order. */
export function agentFiles(request: AgentFilesRequest): readonly AgentFile[] {
  return Object.values(agentPlatforms).flatMap(platform => filesFor(platform, request))
}

function filesFor(platform: AgentPlatform, { door, tenantName, enrollSecret }: AgentFilesRequest): AgentFile[] {
  const { authorityPem } = door
  const hostname = formatServerName(door.host, door.port)
  const paths = {
    secret: platform.path(secretFileName),
    authority: authorityPem === undefined ? undefined : platform.path(authorityFileName),
  }
  const flagfile = renderFlagfile(flagsOf({ hostname, ...paths }), hostname)
  const instructions = instructionsOf(platform, { hostname, tenantName, hasAuthority: authorityPem !== undefined })
  const plain = (name: string, text: string) => ({ name: `${platform.folder}/${name}`, text, isSecret: false })
  return [
    plain('INSTALL.md', instructions),
    plain('osquery.flags', flagfile),
    ...(authorityPem === undefined ? [] : [plain(authorityFileName, authorityPem)]),
    // Without a line's end: what other tools read of it is then the secret and nothing else.
    { name: `${platform.folder}/${secretFileName}`, text: enrollSecret, isSecret: true },
  ]
}
