// docs/hydration.md, made of the queries that ship: what fills the lake from osquery as it comes, and what nothing
// does.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { packVersion, shippedDecorators } from '../../../src/fleet/packs/decorators.ts'
import { shippedOptions, shippedSchedule } from '../../../src/fleet/packs/shipped-config.ts'
import type { ShippedQuery } from '../../../src/fleet/packs/shipped-query.ts'
import { domainControllerEvents } from '../../../src/fleet/packs/windows-events.ts'
import { wideColumns } from '../../../src/lake/shipped-columns.ts'
import { type AgentPlatform, agentPlatforms } from '../../../src/osquery/agent-config/platforms.ts'
import { platformWords } from '../../../src/osquery/agent-config/sql.ts'
import { headerColumns } from '../../../src/row-sql/columns.ts'
import { columnsOfSql, osqueryDatabase } from './osquery-tables.ts'

const database = osqueryDatabase()

/** The columns that the vendor's getting-started guide asks for, in its order. */
function guideColumns(): readonly string[] {
  const sql = readFileSync(new URL('../../e2e/guide-query.sql', import.meta.url), 'utf8').replaceAll(/--.*/g, '')
  return /SELECT([\s\S]+)FROM/
    .exec(sql)![1]!
    .split(/[\s,]+/)
    .filter(Boolean)
}

/** What nothing of osquery's knows, by column of the guide. */
const nullReasons: Readonly<Record<string, string>> = {
  global_rep: "the vendor's reputation of the program: it comes from the vendor's cloud",
  global_rep_data: 'the same in full',
  local_rep: "the vendor's reputation of the program on this host: it comes from the vendor's agent",
  local_rep_data: 'the same in full',
  ml_score: "the score of the vendor's model for the program",
  ml_score_data: 'the same in full',
  pua_score: "the vendor's score of the program as an unwanted application",
}

/** Names that are asked for in the wild and that stay empty, with why. */
const emptyNames: readonly (readonly [names: string, reason: string])[] = [
  [
    'sophos_ips_windows',
    'a journal of every connection: no table of osquery keeps one on Windows. `open_sockets` has the connections that ' +
      'last, `sophos_urls_windows` the names that were looked up',
  ],
  [
    'stopped_processes_windows_sophos',
    "the end of a process with the time of its start: osquery's events of ends do not know the start",
  ],
  [
    'sophos_events_windows, sophos_runtime_iocs_windows, sophos_detections_windows, sophos_detections_linux',
    "what the vendor's own protection found",
  ],
  [
    'pending_windows_updates_patch',
    'updates that wait: osquery has those that are installed and the history, not what Windows would offer',
  ],
  [
    'changed_files_windows_sophos',
    'files that changed: osquery tells of folders that somebody names. Put `file_paths` into a configuration and ' +
      'schedule `ntfs_journal_events` (Windows) or `file_events` under a name of your own',
  ],
  ['vulnerability_*, windows_query_event', "what the vendor's queries of these names look for is not public"],
]

function rowOf(query: ShippedQuery): string {
  const { name, intervalSeconds, kind, description, cost, needs, sql, removed } = query
  const columns = columnsOfSql(database, sql).map(column => `\`${column}\``)
  const what = { events: 'events', differences: removed ? 'changes' : 'what is new', snapshot: 'all there is' }[kind]
  const needed = needs === undefined ? '' : ` Needs ${needs}.`
  const cells = [`\`${name}\``, spanOf(intervalSeconds), what, `${description}.${needed}`, columns.join(' '), cost]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function spanOf(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`
  return `${seconds / 60} min`
}

function section(title: string, queries: readonly ShippedQuery[], words = ''): string {
  const rows = queries.toSorted((one, other) => (one.name < other.name ? -1 : 1)).map(rowOf)
  const head = '| query name | every | reports | what a row is | columns | cost |\n|---|---|---|---|---|---|'
  return `### ${title}\n\n${words === '' ? '' : `${words}\n\n`}${head}\n${rows.join('\n')}\n`
}

function ofPlatform(platform: AgentPlatform | undefined): readonly ShippedQuery[] {
  return shippedSchedule.filter(query => query.platform === platform)
}

function decorationRows(): readonly string[] {
  const byColumn = new Map<string, AgentPlatform[]>()
  for (const platform of agentPlatforms) {
    const { load = [], always = [], interval = {} } = shippedDecorators(platform)
    for (const sql of [...load, ...always, ...Object.values(interval).flat()]) {
      for (const column of columnsOfSql(database, sql)) {
        const platforms = byColumn.get(column) ?? []
        byColumn.set(column, platforms.includes(platform) ? platforms : [...platforms, platform])
      }
    }
  }
  const descriptions = new Map(wideColumns.map(({ name, description }) => [name, description]))
  return [...byColumn].map(([column, platforms]) => {
    const where = platforms.length === agentPlatforms.length ? 'every host' : platformWords(platforms)
    return `| \`${column}\` | ${where} | ${descriptions.get(column)} |`
  })
}

function optionRows(): readonly string[] {
  return shippedOptions.flatMap(([platform, options]) =>
    Object.entries(options).map(([name, value]) => {
      const where = platform === undefined ? 'every host' : platformWords([platform])
      return `| \`${name}\` | \`${JSON.stringify(value)}\` | ${where} |`
    }),
  )
}

const head = `# Hydration

What fills the lake from osquery as it comes, without an extension: queries that ship with the lake (version
${packVersion}), and that every host is given unless its configuration says otherwise. Their names and columns are those
of the vendor's data lake, so that queries written for it find their rows. This page is made of the queries themselves
(\`src/fleet/packs/\`); each of them runs in a test over tables with osquery's own columns.

\`edr-lake configurations effective <host>\` prints what one host is given.
`

const changing = `## Changing what is asked

A tenant's own configurations lie over what ships: \`all\`, then that of the platform (\`windows\`, \`macos\`, \`linux\`), then
those of the host's other labels by name, A to Z. Things with names (options, scheduled queries, packs, views, paths)
are taken one by one from the highest layer that has the name; \`null\` takes a thing away; decorators of all layers are
kept; any other section is the highest layer's.

| to | put into a configuration |
|---|---|
| ask for something else, or less often | \`"schedule": {"listening_ports": {"query": "…", "interval": 86400, "snapshot": true}}\` |
| not ask it at all | \`"schedule": {"arp_cache": null}\` |
| leave auditing of Linux to auditd | \`"options": {"disable_audit": true}\` |
| ask nothing of what ships | beside \`"configuration"\`: \`"shippedQueries": false\` |
| have no \`meta_\` columns but those the lake knows itself | beside \`"configuration"\`: \`"shippedDecorators": false\` |

\`\`\`
edr-lake configurations get all > all.json
edr-lake configurations validate all all.json
edr-lake configurations put all all.json --comment "why"
edr-lake configurations diff all
edr-lake configurations rollback all 3
edr-lake configurations import linux incident-response.conf
\`\`\`

\`import\` takes files of osquery (.conf, with their comments) and of Fleet (YAML, of fleetctl and of a repository).

Every save is a version with who, when and why; none is ever changed, and going back makes a new one. A configuration
that agents would refuse, or of which they would leave something out with a line in their own log, is refused with the
place of the value; what they may not know (an option, a table of an extension) is a warning.

**Which hosts.** \`shard\`: n percent of the hosts, drawn by the host's id, alike for every query: the 10 percent are
among the 50. It is decided here and not sent, because agents draw it from their host name. \`platform\` and \`version\`
are left to the agent, which knows both best; what its platform never runs is left out of what it is sent, to save
bytes. Of packs, \`discovery\` is the agent's.

**How large.** Agents take 1 MiB; a configuration that would be larger together with what is below it is refused.
`

test('the guide asks for these columns, and all but those with a reason are filled', () => {
  const filled = new Set([
    ...columnsOfSql(database, shippedSchedule.find(({ name }) => name === 'running_processes_windows_sophos')!.sql),
    ...Object.values(shippedDecorators('windows')).flatMap(queries =>
      [Object.values(queries)].flat(2).flatMap(sql => columnsOfSql(database, sql as string)),
    ),
    ...Object.keys(headerColumns),
    // The lake knows these itself: its tenant, its id of the host, the peer's address.
    ...['customer_id', 'meta_eid', 'meta_public_ip'],
  ])
  const columns = guideColumns()
  // `numerics osquery_action`, without a comma, is one column under the name of the other.
  assert.equal(columns.length, 48)
  assert.deepEqual(
    columns.filter(column => !filled.has(column)),
    Object.keys(nullReasons),
  )
})

test('docs/hydration.md is made of the queries (written anew with --test-update-snapshots)', context => {
  const nulls = Object.entries(nullReasons).map(([column, reason]) => `| \`${column}\` | ${reason} |`)
  const empty = emptyNames.map(([names, reason]) => `| ${names.replaceAll(/[\w*]+/g, '`$&`')} | ${reason} |`)
  const text = [
    head,
    '## Queries\n\n`what is new`: differences since the last time, without what has gone; `changes`: with it. Costs are what to expect;\nwhat a query cost a host, its table `osquery_schedule` says.\n',
    section('Every host', ofPlatform(undefined)),
    section(
      'Windows',
      ofPlatform('windows'),
      'A process that starts and ends between two looks, a minute apart, is not seen: only event tables see those, and on\n' +
        'Windows they do not say when a process started, which its id is made of.',
    ),
    section(
      'Domain controllers',
      domainControllerEvents,
      'A pack that agents run only where the service NTDS runs; its rows have these names too.',
    ),
    section('Linux', ofPlatform('linux')),
    section('macOS', ofPlatform('darwin')),
    '## Decorations\n\nOn every row. `meta_eid` (the host) and `meta_public_ip` (the address it came from) are filled by the lake\n' +
      'where the agent says nothing. Read when the configuration is loaded; addresses again every hour, the user before each\n' +
      `query.\n\n| column | on | is |\n|---|---|---|\n${decorationRows().join('\n')}\n`,
    '## Options\n\nWithout them the queries find nothing, or their names cannot be read. Whoever sets one differently is believed.\n\n' +
      `| option | value | on |\n|---|---|---|\n${optionRows().join('\n')}\n`,
    "## What stays null\n\nOf the 47 columns of the guide's query over `running_processes_windows_sophos`, these:\n\n" +
      `| column | why |\n|---|---|\n${nulls.join('\n')}\n\nQuery names that stay empty:\n\n` +
      `| query name | why |\n|---|---|\n${empty.join('\n')}\n`,
    changing,
  ].join('\n')
  const path = fileURLToPath(new URL('../../../docs/hydration.md', import.meta.url))
  context.assert.fileSnapshot(text, path, { serializers: [String] })
})
