// Owns what random tests draw: the same on every run, so that a red run is red again; other draws by BAYWATT_TEST_SEED.
import fc from 'fast-check'

const asked = process.env.BAYWATT_TEST_SEED ?? '8'
/** A whole number, or `random` for a search: a failure names the seed it drew. */
const seed = asked === 'random' ? undefined : Number(asked)
if (seed !== undefined && !Number.isSafeInteger(seed))
  throw new Error(`BAYWATT_TEST_SEED: ${asked} is not a whole number or "random"`)
if (seed !== undefined) fc.configureGlobal({ seed })
