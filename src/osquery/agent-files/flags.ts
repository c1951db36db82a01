// The flags with which osqueryd reports to this lake, each group with its reason. osquery's own defaults are for a
// machine that logs to its own disk. Source: osquery `docs/wiki/installation/cli-flags`.

export interface FlagGroup {
  /** Lines of a comment. */
  readonly why: readonly string[]
  readonly flags: readonly (readonly [name: string, value: string])[]
}

export interface FlagPlaces {
  /** Name or address, and port. */
  readonly hostname: string
  /** Paths on the agent's machine. */
  readonly secret: string
  readonly authority: string | undefined
}

const base = '/osquery/v1'

export function flagsOf({ hostname, secret, authority }: FlagPlaces): readonly FlagGroup[] {
  return [
    {
      why: ["The lake. The name must be one of those in the lake's certificate."],
      flags: [['tls_hostname', hostname]],
    },
    ...(authority === undefined
      ? []
      : [
          {
            why: [
              'Certificates of this authority are accepted, and no others. Without this flag osquery uses its own list',
              "of public authorities, in which the lake's is not.",
            ],
            flags: [['tls_server_certs', authority]] as const,
          },
        ]),
    {
      why: [
        'Enrolment: the secret lets this machine in, and the lake gives it a key of its own. 0: it tries for ever; by',
        'default osquery ends after 12 attempts.',
      ],
      flags: [
        ['enroll_secret_path', secret],
        ['enroll_tls_endpoint', `${base}/enroll`],
        ['tls_enroll_max_attempts', '0'],
      ],
    },
    {
      why: ["What a machine is known by: its hardware's UUID stays when it is renamed; the default is the host name."],
      flags: [['host_identifier', 'uuid']],
    },
    {
      why: [
        'Which queries to run comes from the lake. Asked for every minute: by default once, at the start, and after a',
        'failure only 5 minutes later.',
      ],
      flags: [
        ['config_plugin', 'tls'],
        ['config_tls_endpoint', `${base}/config`],
        ['config_refresh', '60'],
        ['config_accelerated_refresh', '60'],
      ],
    },
    {
      why: [
        "Results and osquery's own messages go to the lake every 10 s, compressed; what cannot be sent is kept on",
        "this machine's disk (up to 1,000,000 lines) and sent later.",
      ],
      flags: [
        ['logger_plugin', 'tls'],
        ['logger_tls_endpoint', `${base}/log`],
        ['logger_tls_period', '10'],
        ['logger_tls_compress', 'true'],
      ],
    },
    {
      why: ['Live queries: off by default. The lake is asked every 10 s, which is how long one waits for its answers.'],
      flags: [
        ['disable_distributed', 'false'],
        ['distributed_plugin', 'tls'],
        ['distributed_interval', '10'],
        ['distributed_tls_read_endpoint', `${base}/distributed/read`],
        ['distributed_tls_write_endpoint', `${base}/distributed/write`],
      ],
    },
    {
      why: [
        'Event tables (programs started, logons, files changed) are off by default. Which kinds are on comes with the',
        'configuration.',
      ],
      flags: [['disable_events', 'false']],
    },
  ]
}

/**
 * A flagfile as gflags reads it: one flag a line; lines that begin with `#` are comments, blank ones are left out. No
 * quotes and no spaces behind a value: both would be part of it.
 */
export function renderFlagfile(groups: readonly FlagGroup[], hostname: string): string {
  const head = [
    `# How osqueryd reports to the lake at ${hostname}.`,
    '# One flag a line; no quotes, no variables, nothing behind a value: everything after = is the value.',
  ]
  const blocks = groups.map(({ why, flags }) => [
    ...why.map(line => `# ${line}`),
    ...flags.map(([name, value]) => `--${name}=${value}`),
  ])
  return `${[head, ...blocks].map(lines => lines.join('\n')).join('\n\n')}\n`
}
