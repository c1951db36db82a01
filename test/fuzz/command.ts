import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

// `npm run fuzz -- --seed n --seconds s`: one line a defect, with the seed that makes its statement again.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    seconds: { type: 'string', default: '60' },
  },
})
const [seed, seconds] = [Number(values.seed), Number(values.seconds)]
const { defects, ...counts } = await fuzz({ seed, seconds })
for (const defect of defects) process.stdout.write(`${JSON.stringify(defect)}\n`)
process.stdout.write(`seed ${seed}, ${seconds} s: ${JSON.stringify(counts)}, ${defects.length} defects\n`)
process.exitCode = defects.length === 0 ? 0 : 1
