// Owns `npm run fuzz:ocpp -- --frames 1000000 --seed 7`: the long fuzz run, for an evening.
// Must not be part of the tests; fuzz.test.ts runs a short one.
import { parseArgs } from 'node:util'
import { fuzzOcpp } from './fuzz.ts'

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const [frames, seed] = [Number(values.frames), Number(values.seed)]
if (!Number.isSafeInteger(frames) || frames < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write('--frames and --seed are whole numbers\n')
  process.exit(2)
}
const started = Date.now()
const result = await fuzzOcpp({
  frames,
  seed,
  progress: (sent, mb) =>
    process.stdout.write(`${sent} frames, ${Math.round((Date.now() - started) / 1000)} s, hub at ${mb} MB\n`),
})
const { residentMb, problems } = result
process.stdout.write(`${result.frames} frames, memory ${residentMb.before} MB → ${residentMb.after} MB\n`)
for (const problem of problems) process.stdout.write(`PROBLEM ${problem}\n`)
process.exitCode = problems.length > 0 ? 1 : 0
