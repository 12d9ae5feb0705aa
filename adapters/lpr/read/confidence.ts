// Owns the step from a vendor's score to 0..1.
// Must not guess where a number fits two scales: no confidence is better than a wrong one.

export const scoreScales = ['1', '100', '999', 'detect'] as const
export type ScoreScale = (typeof scoreScales)[number]

const whole: Readonly<Record<Exclude<ScoreScale, 'detect'>, number>> = { '1': 1, '100': 100, '999': 999 }

/** `given` as it was written: "087" is of 999, 87 of 100, 0.87 of 1. Undefined when it is none of them, or may be two. */
export function confidence(given: string | undefined, scale: ScoreScale): number | undefined {
  if (given === undefined || !/^\d{1,4}(\.\d+)?$/.test(given)) return undefined
  const value = Number(given)
  const of = scale === 'detect' ? detected(given, value) : whole[scale]
  return of === undefined || value > of ? undefined : Math.round((value / of) * 1e4) / 1e4
}

function detected(given: string, value: number): number | undefined {
  if (given.includes('.')) return value <= 1 ? 1 : 100
  if (given === '0') return 1
  // 1 may be certain or 1 %; 100 certain or 100 of 999 (parcs 3.2: "/999 or /100 (detect)").
  if (given === '1' || given === '100') return undefined
  if (given.length === 3) return 999
  return given.length < 3 ? 100 : undefined
}

/** Per character, "99,61,…" of 100; only where there is one for each. */
export function charConfidence(given: string | undefined, plate: string): readonly number[] | undefined {
  const each = given?.split(',').map((part) => confidence(part.trim(), '100'))
  if (each === undefined || each.length !== [...plate].length) return undefined
  return each.every((one) => one !== undefined) ? each : undefined
}
