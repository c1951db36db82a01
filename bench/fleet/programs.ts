import { createHash } from 'node:crypto'
import { mix } from './draw.ts'

/** An executable of the fleet; a few thousand of the twenty thousand make up nearly every row. */
export interface FleetProgram {
  readonly number: number
  readonly name: string
  readonly path: string
  readonly commandLine: string
  readonly sha256: string
  readonly sha1: string
  readonly fileSize: number
  readonly parentName: string
  readonly parentPath: string
  readonly globalReputation: number
  readonly localReputation: number
  readonly machineLearningScore: number
}

export const programCount = 20_000

export function fleetPrograms(seed: number): readonly FleetProgram[] {
  return Array.from({ length: programCount }, (_, number) => fleetProgram(seed, number))
}

function fleetProgram(seed: number, number: number): FleetProgram {
  const folder = number % 3 === 0 ? 'C:\\Program Files (x86)' : 'C:\\Program Files'
  const name = `app${number}.exe`
  const path = `${folder}\\Vendor ${number % 400}\\Product ${number % 2000}\\bin\\${name}`
  return {
    number,
    name,
    path,
    commandLine: `"${path}" ${programArguments(number)}`,
    sha256: createHash('sha256').update(`${seed}:${number}`).digest('hex'),
    sha1: createHash('sha1').update(`${seed}:${number}`).digest('hex'),
    fileSize: 10_000 + (mix(seed, number) % 90_000_000),
    parentName: `svc${number % 300}.exe`,
    parentPath: `C:\\Windows\\System32\\svc${number % 300}.exe`,
    globalReputation: mix(number, 5) % 100,
    localReputation: mix(number, 6) % 100,
    machineLearningScore: mix(number, 7) % 100,
  }
}

const chromiumFlags =
  '--type=renderer --lang=en-US --device-scale-factor=1 --num-raster-threads=4 --enable-main-frame-before-activation'

function programArguments(number: number): string {
  const shapes = [
    `-k netsvcs -p -s Service${number % 120}`,
    `${chromiumFlags} --renderer-client-id=${number % 90}`,
    `/c "schtasks /run /tn Task${number % 50}"`,
    `-NoProfile -NonInteractive -ExecutionPolicy Bypass -File C:\\ProgramData\\Scripts\\run${number % 200}.ps1`,
    '-Embedding',
    `--config "C:\\ProgramData\\Product ${number % 2000}\\conf.json" --log-level info --port ${8000 + (number % 1000)}`,
    '',
  ]
  // About four programs of the fleet hide what they run: something for a hunt to find.
  const hidden = number % 5003 === 17 ? ' -EncodedCommand UwB0AGEAcgB0AC0AUAByAG8AYwBlAHMAcwAgAG4AbwB0AGUAcwA=' : ''
  return shapes[number % shapes.length]! + hidden
}
