import type { HostPlatform } from '../../model/host.ts'

// `platform` of a pack or scheduled query, as the agent itself reads it (osquery's checkPlatform): a name found
// anywhere in the text counts, commas or not, and all of Linux is one.

/** The systems as `platform` names them. */
export const agentPlatforms = ['windows', 'darwin', 'linux'] as const

export type AgentPlatform = (typeof agentPlatforms)[number]

const selectors: Readonly<Record<AgentPlatform, RegExp>> = {
  windows: /windows|any|all/,
  darwin: /darwin|posix|any|all/,
  linux: /linux|ubuntu|centos|posix|any|all/,
}

/** The systems on which an agent runs what has this `platform`; all of them without one. */
export function platformsFor(platform: string | undefined): readonly AgentPlatform[] {
  if (platform === undefined || platform === '' || platform === 'null') return agentPlatforms
  return agentPlatforms.filter(each => selectors[each].test(platform))
}

/** Words of a `platform` that no agent of ours knows, and that therefore select nothing. */
export function unknownPlatforms(platform: string): readonly string[] {
  const known = /^(?:windows|darwin|linux|ubuntu|centos|posix|freebsd|any|all|null|)$/
  return platform.split(/[\s,]+/).filter(word => !known.test(word))
}

export function agentPlatformOf(platform: HostPlatform | undefined): AgentPlatform | undefined {
  return platform === 'macOS' ? 'darwin' : platform
}
