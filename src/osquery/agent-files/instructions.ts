import { authorityFileName, secretFileName } from './file-names.ts'
import type { AgentPlatform } from './platforms.ts'

export interface InstructionFacts {
  readonly hostname: string
  readonly tenantName: string
  /** False where a public authority signed the lake's certificate. */
  readonly hasAuthority: boolean
}

const fenceMark = '```'

/** One page of Markdown for who stands before the machine; knows nothing of the lake but how to reach it. */
export function instructionsOf(
  platform: AgentPlatform,
  { hostname, tenantName, hasAuthority }: InstructionFacts,
): string {
  const { title, shell, install, restart, look, remove, remarks } = platform
  const fence = (lines: readonly string[]) => [fenceMark.concat(shell), ...lines, fenceMark].join('\n')
  const files = ['osquery.flags', ...(hasAuthority ? [authorityFileName] : [])]
  return `${[
    `# osquery on ${title} for the lake at ${hostname}`,
    `This machine will report to the tenant ${JSON.stringify(tenantName)}. Keep \`${secretFileName}\` to yourself: ` +
      'who has it can report as a machine of that tenant.',
    `1. Install osquery 5 from https://osquery.io/downloads: ${platform.package}.`,
    '2. Put the files of this folder where it looks for them:',
    fence([...files.map(name => install(name, false)), install(secretFileName, true)]),
    '3. Start it:',
    fence(restart),
    'Within a minute the machine is among the hosts of the lake, and its first rows can be asked for. If it is not, ' +
      'see what osquery says (and start it again as in 3 afterwards):',
    fence(look),
    troubles(hostname, hasAuthority),
    ...remarks,
    'To stop reporting:',
    fence(remove),
  ].join('\n\n')}\n`
}

function troubles(hostname: string, hasAuthority: boolean): string {
  const authority = hasAuthority
    ? `\`${authorityFileName}\` is not the lake's, or \`${hostname}\` is not among the names in its certificate`
    : `\`${hostname}\` is not among the names in the lake's certificate`
  const rows: readonly (readonly [said: string, cause: string])[] = [
    ['certificate verify failed', `${authority}, or this machine's clock is wrong`],
    [
      'Connection refused, timed out, Host not found',
      `\`${hostname}\` cannot be reached from here: name, port, firewall`,
    ],
    ['enrollment failed, no node key', `the secret was ended at the lake, or \`${secretFileName}\` is not readable`],
    ['unknown or illegal value of a flag', 'something stands behind a value in `osquery.flags`, a space for instance'],
  ]
  return ['| osquery says | because |', '|---|---|', ...rows.map(([said, cause]) => `| ${said} | ${cause} |`)].join(
    '\n',
  )
}
