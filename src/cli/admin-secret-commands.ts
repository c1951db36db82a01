import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Adding } from './admin-group.ts'
import { administer, idInPath } from './commands/admin.ts'
import type { ConnectionFlags } from './connection.ts'
import type { CliEffects } from './effects.ts'
import { unreadable } from './file-arguments.ts'

// `admin ingest-tokens …` and `admin enroll-secrets …`: what lets sources and agents in.

interface SecretKind {
  readonly name: 'ingest-tokens' | 'enroll-secrets'
  readonly about: string
  readonly columns: readonly string[]
  readonly ending: 'revoke' | 'end'
  readonly done: string
}

const kinds: readonly SecretKind[] = [
  {
    name: 'ingest-tokens',
    about: 'tokens of sources that only store rows of a tenant',
    columns: ['id', 'name', 'createdAt', 'lastUsedAt', 'revokedAt'],
    ending: 'revoke',
    done: 'revoked',
  },
  {
    name: 'enroll-secrets',
    about: 'what agents show to join a tenant',
    columns: ['id', 'name', 'createdAt', 'secret', 'disabledAt'],
    ending: 'end',
    done: 'ended',
  },
]

interface CreateFlags extends ConnectionFlags {
  readonly secretFile?: string
  readonly environment?: string
}

export function addSecretCommands({ admin, effects, end, withConnection }: Adding): void {
  for (const { name: kind, about, columns, ending, done } of kinds) {
    const path = `/lake/v1/${kind}`
    const secrets = admin.command(kind).description(about)
    withConnection(secrets.command('list')).action(async (flags: ConnectionFlags) =>
      end(await administer(effects, flags, { method: 'GET', path, columns })),
    )
    const create = withConnection(secrets.command('create').argument('<name>'))
    if (kind === 'enroll-secrets') {
      create
        .option(
          '--secret-file <file>',
          'one that agents have already, for instance of another server (default: random)',
        )
        .option('--environment <id>', "of osctrl's: agents go on with its id in their paths")
    }
    create.action(async (name: string, { secretFile, environment, ...flags }: CreateFlags) => {
      const secret = secretFile === undefined ? undefined : await readSecret(effects, secretFile)
      end(await administer(effects, flags, { method: 'POST', path, json: { name, secret, environment } }))
    })
    withConnection(secrets.command(ending).argument('<id>')).action(async (id: string, flags: ConnectionFlags) => {
      end(await administer(effects, flags, { method: 'DELETE', path: `${path}${idInPath(id)}`, done }))
    })
  }
}

/** As osquery reads its own file: without the white space around it. */
async function readSecret({ workingDirectory }: CliEffects, file: string): Promise<string> {
  try {
    return (await readFile(resolve(workingDirectory, file), 'utf8')).trim()
  } catch (error) {
    throw unreadable(file, error)
  }
}
