import { existsSync, globSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError, systemErrorCode } from '../model/errors.ts'

// FILE arguments: names, patterns that the shell left alone, and `-` for standard input.

export interface InputFile {
  /** As the person knows it: what messages say. */
  readonly name: string
  /** undefined: standard input. */
  readonly path: string | undefined
  /** undefined where the end is not known beforehand. */
  readonly bytes: number | undefined
}

/** Each file once, in the order given. Throws `not_found` for a name or pattern without a file, before any is read. */
export async function listInputFiles(names: readonly string[], folder: string): Promise<readonly InputFile[]> {
  const files = new Map<string, InputFile>()
  for (const name of names.flatMap(each => expand(each, folder))) {
    const path = name === '-' ? undefined : resolve(folder, name)
    const key = path ?? '-'
    if (!files.has(key)) files.set(key, path === undefined ? standardInput : await describe(name, path))
  }
  return [...files.values()]
}

const standardInput: InputFile = { name: 'standard input', path: undefined, bytes: undefined }

/** A file whose name happens to hold `*` or `[` is that file. */
function expand(name: string, folder: string): readonly string[] {
  if (name === '-' || !/[*?[{]/.test(name) || existsSync(resolve(folder, name))) return [name]
  const found = globSync(name, { cwd: folder }).sort()
  if (found.length === 0) throw new AppError('not_found', `no file matches ${name}`)
  return found
}

async function describe(name: string, path: string): Promise<InputFile> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(name, error)
  })
  if (found.isDirectory()) {
    throw new AppError('invalid_argument', `${name} is a directory: name its files, for instance '${name}/*.log'`)
  }
  return { name, path, bytes: found.isFile() ? found.size : undefined }
}

/** A file that cannot be read, as a sentence. */
export function unreadable(name: string, error: unknown): AppError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'you may not read it',
    EISDIR: 'it is a directory',
  }
  const code = systemErrorCode(error) ?? ''
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error))
  return new AppError('not_found', `cannot read ${name}: ${reason}`, { cause: error })
}
